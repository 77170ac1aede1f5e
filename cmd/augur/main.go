// Command augur collects what happens in software repositories into PostgreSQL.
//
// This package is flags, environment, wiring and printing: one file per command group. What a command does lies in the packages below.
package main

import "os"

// version is set by the linker (make build).
var version = "devel"

func main() {
	os.Exit(run(os.Args, os.Environ(), os.Stdin, os.Stdout, os.Stderr))
}
