package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"augur/tasks/github/githubtest"
)

func (a *app) devCommand() *cli.Command {
	return &cli.Command{
		Name:        "dev",
		Usage:       "tools for trying the program out",
		Subcommands: []*cli.Command{a.fakeGitHubCommand()},
	}
}

const fakeGitHubHelp = `Runs a GitHub of its own on this machine, with made-up repositories, until it is interrupted, and prints the commands that point augur at it. Nothing is asked of the
real GitHub, and no key of yours is needed.

It answers the REST and GraphQL requests that a collection makes as GitHub does: pages and cursors, ETags, hourly limits of each key, 404 for what is not there. A request
that GitHub does not know gets a 4xx and is told on standard error. --model is a large repository (10,000 issues, 5,000 pull requests, 30,000 comments, 60,000 events); --repos
adds small ones. --faults 0.05 makes one answer in twenty wrong: errors, pages of HTML, answers cut in the middle, dropped connections. The same --seed makes the same
data and the same faults.

There is no git behind it: the phase facade has to be switched off, as the printed commands do.

Exit status: 1 the address is in use; 2 called in a wrong way; 130 interrupted.`

func (a *app) fakeGitHubCommand() *cli.Command {
	return &cli.Command{
		Name:        "fake-github",
		Usage:       "run a made-up GitHub on this machine",
		Description: fakeGitHubHelp,
		Flags: []cli.Flag{
			&cli.IntFlag{Name: "port", Value: 8090, Usage: "listen on `PORT` of 127.0.0.1; 0 takes any"},
			&cli.BoolFlag{Name: "model", Usage: "have the large repository " + githubtest.ModelName},
			&cli.IntFlag{Name: "repos", Usage: "have `N` small repositories"},
			&cli.Int64Flag{Name: "seed", Value: 1, Usage: "make other data and faults with another `SEED`"},
			&cli.StringFlag{Name: "faults", Value: "0", Usage: "answer wrongly at this `RATE`, from 0 to 1"},
			&cli.IntFlag{Name: "tokens", Value: 1, Usage: "know `N` keys, each of another user"},
			&cli.PathFlag{Name: "csv", Usage: "write the addresses of the repositories to `FILE`, for augur db add-repos"},
		},
		Action: alone(a.fakeGitHub),
	}
}

// fakeGitHubOptions are the options of `augur dev fake-github`.
func (a *app) fakeGitHubOptions(c *cli.Context) ([]githubtest.Option, error) {
	rate, err := strconv.ParseFloat(c.String("faults"), 64)
	if err != nil || !(rate >= 0 && rate <= 1) {
		return nil, usage("--faults: must be a number between 0 and 1 (got %q)", c.String("faults"))
	}
	for _, limit := range []struct {
		name           string
		least, largest int
	}{{"port", 0, 65_535}, {"repos", 0, 100_000}, {"tokens", 1, 10_000}} {
		if value := c.Int(limit.name); value < limit.least || value > limit.largest {
			return nil, usage("--%s: must be between %d and %d (got %d)", limit.name, limit.least, limit.largest, value)
		}
	}
	seed := uint64(c.Int64("seed")) //nolint:gosec // any number is a seed
	options := []githubtest.Option{
		githubtest.WallClock(), githubtest.Lively(), githubtest.Seed(seed), githubtest.Faults(rate, seed), githubtest.Keys(c.Int("tokens")), githubtest.Small(c.Int("repos")),
		githubtest.OnProblem(func(format string, args ...any) { fmt.Fprintf(a.stderr, format+"\n", args...) }),
	}
	if c.Bool("model") {
		options = append(options, githubtest.Model())
	}
	return options, nil
}

func (a *app) fakeGitHub(c *cli.Context) error {
	options, err := a.fakeGitHubOptions(c)
	if err != nil {
		return err
	}
	server, err := githubtest.Start(net.JoinHostPort("127.0.0.1", strconv.Itoa(c.Int("port"))), options...)
	if err != nil {
		return fmt.Errorf("%w; --port 0 takes any that is free", err)
	}
	defer server.Close()
	if path := c.Path("csv"); path != "" {
		if err := writeAddresses(path, server); err != nil {
			return err
		}
	}
	a.printFakeGitHub(server, c.Int("tokens"), c.Path("csv"))
	<-c.Done()
	n := server.Counts().Total
	fmt.Fprintf(a.stderr, "%d requests: %d points, %d not modified, %d refused for a limit, %d answered wrongly on purpose\n",
		n.Requests, n.Points, n.NotModified, n.Limited+n.Secondary, n.Faults)
	return context.Cause(c.Context)
}

// printFakeGitHub says how the program is pointed at the server.
func (a *app) printFakeGitHub(server *githubtest.Server, tokens int, csv string) {
	set := func(section, setting, value string) {
		fmt.Fprintf(a.stdout, "augur config set --section %s --setting %s --value %s\n", section, setting, value)
	}
	fmt.Fprintf(a.stdout, "# A made-up GitHub answers at %s. These commands point augur at it:\n", server.URL())
	set("GitHub", "api_url", server.URL())
	set("GitHub", "graphql_url", server.GraphQLURL())
	set("Keys", "github_api_key", strings.Join(server.Tokens(tokens), ","))
	set("Task_Routine", "facade_phase", "0")
	set("Badges", "url", "''") // made-up repositories are no business of the real service
	switch repos := server.Repos(); {
	case csv != "":
		fmt.Fprintf(a.stdout, "augur db add-repos %s\n", csv)
	case len(repos) > 0:
		fmt.Fprintf(a.stdout, "augur db add-repo %s\n", repos[0].GitURL())
	}
	fmt.Fprintf(a.stderr, "Ctrl-C ends it.\n")
}

// writeAddresses writes the file that `augur db add-repos` reads.
func writeAddresses(path string, server *githubtest.Server) (err error) {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	out := bufio.NewWriter(file)
	for _, r := range server.Repos() {
		if _, err := out.WriteString(r.GitURL() + "\n"); err != nil {
			return err
		}
	}
	return out.Flush()
}
