// Package monitor decides what is due and starts it. It reads collection_status, the settings and the catalog of tasks, and starts runs
// through package tasks; it also gives the jobs of dead workers to others. It never collects anything itself.
//
// Any number of monitors may run at once, on one machine or on several: a tick is one transaction, and only one at a time has the turn.
//
// A tick, for each phase that is switched on: how many may start (limit - Collecting), which never collected repositories and which due ones
// there are, the choice among them ([choose], a pure function), and then runs, jobs and statuses in the same transaction.
package monitor
