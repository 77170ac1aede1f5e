// Package insight finds anomalies in the daily figures of repositories.
//
// The tasks of the machine learning phase will call it with series that they read from the tables; today it has the settings of that
// search ([Settings]). It is pure: it reads no database, knows no queue, and imports nothing of ours.
package insight
