// Command facadebench measures facade on a repository, or compares its rows with git's numbers. See package bench.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"augur/facade/bench"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	status := bench.Run(ctx, os.Args[1:], os.Environ(), os.Stdout, os.Stderr, nil)
	stop()
	os.Exit(status)
}
