// Package web serves what the program knows over HTTP.
//
// The backend starts it; today it has the settings of that ([Server]). It shows what tasks and monitor have stored, and never collects anything
// itself.
package web
