package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/urfave/cli/v2"

	"augur/db"
	"augur/db/config"
	"augur/tasks/apikey"
	"augur/tasks/github/api"
)

const githubKeysHelp = `Asks GitHub about every key: those in the setting Keys.github_api_key, those in augur_operations.worker_oauth, and the installations of the App of
Keys.github_app_id. Asking costs nothing but, once for each key, a request that tells whose it is. The keys with most left come first.

Keys of one user share that user's limits: the one that is known longest is used, the others are duplicates and give nothing. A key that GitHub refuses is not
used; when this command finds that it works again, it is. Only the beginning and the end of keys are shown.

Exit status: 0 every key is good; 1 one is refused or did not answer, or there is none; 2 called in a wrong way; 130 interrupted.`

func (a *app) githubKeysCommand() *cli.Command {
	return &cli.Command{
		Name:        "api-keys",
		Usage:       "show what every key has left, which are duplicates and which are refused and why",
		Description: githubKeysHelp,
		Flags:       []cli.Flag{&cli.BoolFlag{Name: "json", Usage: "print the facts as JSON"}},
		Action: alone(func(c *cli.Context) error {
			return a.withDatabase(c.Context, db.Options{MaxConns: 2, ApplicationName: "augur github api-keys"}, func(ctx context.Context, s *session) error {
				return withGitHub(ctx, s, a.terminalLog(slog.LevelWarn), func(ctx context.Context, settings *config.Store, github *api.Service) error {
					keys, err := github.Keys(ctx)
					if err != nil {
						return err
					}
					return a.showKeys(c, keys, config.Of[api.Settings](settings).Reserve)
				})
			})
		}),
	}
}

func (a *app) showKeys(c *cli.Context, keys []apikey.KeyState, reserve int) error {
	if c.Bool("json") {
		if err := a.printJSON(keys); err != nil {
			return err
		}
	} else {
		printKeys(a.stdout, keys, reserve, time.Now())
	}
	good := len(keys) > 0
	for _, key := range keys {
		good = good && key.Refused == "" && key.Fault == ""
	}
	if !good {
		return errPartial
	}
	return nil
}

func printKeys(out io.Writer, keys []apikey.KeyState, reserve int, now time.Time) {
	if len(keys) == 0 {
		fmt.Fprintln(out, "There is no key: add one with `augur config set --section Keys --setting github_api_key --value -`, which reads it from standard input.")
		return
	}
	t := newTable(out, "Key", "Account", "Where it is", "Core", "Resets", "GraphQL", "Resets", "Search", "State")
	usable := 0
	for _, key := range keys {
		if key.Usable() {
			usable++
		}
		row := table.Row{key.Name, printable(key.Account), key.Source}
		for _, resource := range []string{api.Core, api.GraphQL} {
			left, reset := left(key, resource), ""
			if b := key.Budgets[resource]; b.ResetAt != nil && left != "" {
				reset = humanize.RelTime(*b.ResetAt, now, "ago", "from now")
			}
			row = append(row, left, reset)
		}
		t.AppendRow(append(row, left(key, api.Search), state(key, reserve, now)))
	}
	t.Render()
	fmt.Fprintf(out, "%s can be used.\n", counted(usable, "key"))
	for _, key := range keys {
		if key.Refused != "" {
			fmt.Fprintf(out, "  %s (%s): %s\n", key.Name, key.Source, printable(key.Refused))
		}
		if key.Fault != "" {
			fmt.Fprintf(out, "  %s (%s): %s\n", key.Name, key.Source, printable(key.Fault))
		}
	}
}

// left is what a key has left of a resource, of how much.
func left(key apikey.KeyState, resource string) string {
	b, ok := key.Budgets[resource]
	if !ok || b.ResetAt == nil || b.Limit == 0 || key.Refused != "" {
		return ""
	}
	return humanize.Comma(int64(b.Remaining)) + " of " + humanize.Comma(int64(b.Limit))
}

func state(key apikey.KeyState, reserve int, now time.Time) string {
	switch {
	case key.Refused != "":
		return "refused"
	case key.Fault != "":
		return "no answer"
	case key.DuplicateOf != "":
		return "duplicate of " + key.DuplicateOf
	case key.RestsUntil != nil:
		return "rests until " + humanize.RelTime(*key.RestsUntil, now, "ago", "from now")
	}
	if b := key.Budgets[api.Core]; b.ResetAt != nil && b.Remaining <= reserve {
		return "only the reserve is left"
	}
	return "good"
}
