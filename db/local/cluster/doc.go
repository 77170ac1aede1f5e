// Package cluster runs one PostgreSQL data directory: it finds server binaries, initialises the directory, starts and stops the server on it.
//
// Package local (the private server of an installation) and package dbtest (throwaway servers of tests) call it. It never decides when a server
// should run, never connects to one, and never reads the environment.
//
// Words: a cluster is what PostgreSQL calls a data directory with all its databases; the postmaster is its first process; the account is the
// operating-system user that all server processes run as, which is another one than ours when we are root, because PostgreSQL refuses root.
package cluster
