package main

import "github.com/urfave/cli/v2"

func (a *app) dbCommand() *cli.Command {
	return &cli.Command{Name: "db", Usage: "the database: schema, private server, repositories"}
}
