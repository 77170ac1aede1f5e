// Command findpostgres prints the directory of the PostgreSQL server programs that augur would use, or nothing when there are none.
// scripts/install-postgres.sh calls it, so that the installation looks where the program looks. It changes nothing.
//
// Exit status: 0, also when there are none; 1 when PG_BIN names a directory that does not serve, or the search failed.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"augur/db/local/cluster"
)

func main() {
	os.Exit(run(context.Background(), os.Getenv, os.Stdout, os.Stderr))
}

func run(ctx context.Context, getenv func(string) string, stdout, stderr io.Writer) int {
	found, err := cluster.Find(ctx, cluster.Search{PGBin: getenv("PG_BIN"), Path: getenv("PATH")})
	switch {
	case err == nil:
		fmt.Fprintln(stdout, found[0].Dir)
	case getenv("PG_BIN") != "" || !errors.Is(err, cluster.ErrNoBinaries):
		fmt.Fprintln(stderr, err)
		return 1
	}
	return 0
}
