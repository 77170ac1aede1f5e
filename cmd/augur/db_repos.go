package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/schollz/progressbar/v3"
	"github.com/urfave/cli/v2"

	"augur/db"
	"augur/db/config"
	"augur/db/repos"
	"augur/facade/giturl"
	"augur/tasks/git"
	"augur/tasks/github"
	"augur/tasks/github/api"
)

// defaultGroup is the group of repositories that come without one.
const defaultGroup = 1

// maxAlreadyThere is how many rows that were already there are listed; the summary counts all.
const maxAlreadyThere = 10

// verifyFlag lets GitHub be asked about what is added.
func verifyFlag() cli.Flag {
	return &cli.BoolFlag{Name: "verify", Usage: "ask GitHub whether each repository is there, and where it is now"}
}

const verifyHelp = `--verify asks GitHub about each repository, a hundred for a point, and gives a verdict for each: it exists; it has moved, and is added under its new address; it is gone or
private, and is not added; it is not on GitHub, and was not verified. GitHub's number of the repository is stored, by which it is known when it is renamed later. It needs a key,
see "augur github api-keys".

`

func loadFlags(more ...cli.Flag) []cli.Flag {
	return append(more,
		&cli.BoolFlag{Name: "quiet", Aliases: []string{"q"}, Usage: "list rejected rows only, and show no progress"},
		&cli.BoolFlag{Name: "json", Usage: "print JSON: the numbers and the rejected rows"})
}

func (a *app) dbAddReposCommand() *cli.Command {
	return &cli.Command{
		Name:      "add-repos",
		Category:  repoCommands,
		Usage:     "add the repositories of a CSV file",
		ArgsUsage: "FILE.csv",
		Description: `FILE.csv has the columns repo_url and repo_group_id; "-" reads standard input. With a header, columns may have any order and company;
without one there are these two, in either order, or the URL alone. Group ids are those of "augur db get-repo-groups".

   repo_url,repo_group_id
   https://github.com/chaoss/augur,1
   git@git.example.org:team/project.git,1

https, ssh and git@host:path are accepted; http, paths on this machine and private addresses only when the settings Facade.allow_http,
allow_local and allow_private say so. Good rows are stored whatever the others are; each bad row is listed with its line and the reason. Adding
the same file again changes nothing.

` + verifyHelp + `Exit status: 0 all rows are stored; 1 a row was rejected, or the file could not be read.`,
		Flags: loadFlags(&cli.Int64Flag{Name: "group", Value: defaultGroup, Usage: "repository group `ID` of rows that name none"}, verifyFlag()),
		Action: a.loadAction(func(ctx context.Context, s *session, src io.Reader, o repos.Options) (repos.Summary, error) {
			return repos.AddRepos(ctx, s.Pool, src, o)
		}),
	}
}

func (a *app) dbAddRepoGroupsCommand() *cli.Command {
	return &cli.Command{
		Name:      "add-repo-groups",
		Category:  repoCommands,
		Usage:     "add the repository groups of a CSV file",
		ArgsUsage: "FILE.csv",
		Description: `FILE.csv has the columns repo_group_id and repo_group_name, read as "augur db add-repos" reads its file; "-" reads standard input. A group
that exists keeps its name.

   repo_group_id,repo_group_name
   20,Infrastructure

Exit status: 0 all groups are there; 1 a row was rejected, or the file could not be read.`,
		Flags: loadFlags(),
		Action: a.loadAction(func(ctx context.Context, s *session, src io.Reader, o repos.Options) (repos.Summary, error) {
			return repos.AddGroups(ctx, s.Pool, src, o)
		}),
	}
}

// loadAction is the action of a command that adds the rows of one file.
func (a *app) loadAction(load func(context.Context, *session, io.Reader, repos.Options) (repos.Summary, error)) cli.ActionFunc {
	return withOperands(func(c *cli.Context, operands []string) (err error) {
		if len(operands) != 1 {
			return usage("name one file: `%s FILE.csv`, or - for standard input (got %s)", c.Command.HelpName, counted(len(operands), "name"))
		}
		if err := checkGroup(c); err != nil {
			return err
		}
		path := operands[0]
		src, err := a.input(c.Context, path)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, src.Close()) }()
		return a.add(c, &loading{size: bytesOf(src)}, func(ctx context.Context, s *session, o repos.Options) (repos.Summary, error) {
			sum, err := load(ctx, s, src, o)
			if err != nil {
				err = fmt.Errorf("%s: %w", path, err)
			}
			return sum, err
		})
	})
}

func checkGroup(c *cli.Context) error {
	if id := c.Int64("group"); c.IsSet("group") && id < 1 {
		return usage("--group: must be the id of a repository group, see `augur db get-repo-groups` (got %d)", id)
	}
	return nil
}

// bytesOf is the length of the input, or -1 when it is not known.
func bytesOf(src any) int64 {
	file, ok := src.(*os.File)
	if !ok {
		return -1
	}
	info, err := file.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return -1
	}
	return info.Size()
}

func (a *app) dbAddRepoCommand() *cli.Command {
	return &cli.Command{
		Name:      "add-repo",
		Category:  repoCommands,
		Usage:     "add repositories by their URLs",
		ArgsUsage: "URL...",
		Description: "URLs are those that `augur db add-repos` accepts.\n\n" + verifyHelp +
			"Exit status: 0 all of them are stored; 1 one was rejected.",
		Flags: loadFlags(&cli.Int64Flag{Name: "group", Value: defaultGroup, Usage: "repository group `ID`, see `augur db get-repo-groups`"}, verifyFlag()),
		Action: withOperands(func(c *cli.Context, urls []string) error {
			if len(urls) == 0 {
				return usage("name a repository: `augur db add-repo URL...`")
			}
			if err := checkGroup(c); err != nil {
				return err
			}
			return a.add(c, &loading{urls: true}, func(ctx context.Context, s *session, o repos.Options) (repos.Summary, error) {
				return repos.AddURLs(ctx, s.Pool, c.Int64("group"), urls, o)
			})
		}),
	}
}

// loading is one load on its way: what it prints while it goes on.
type loading struct {
	urls bool  // rows are arguments of the command, and have no line
	size int64 // of the file; -1 when it is not known

	app         *app
	quiet, json bool
	verify      bool
	bar         *progressbar.ProgressBar // nil when no progress is shown
	already     int
	rejected    []repos.Verdict // for JSON only
	verified    []repos.Verdict // for JSON of what was verified
	owners      []*github.AddedOwner
}

// loaded is what --json prints.
type loaded struct {
	repos.Summary
	RejectedRows []repos.Verdict `json:"rejected_rows"`
	// Rows are all of them, when GitHub was asked about them.
	Rows []repos.Verdict `json:"verified_rows,omitempty"`
	// Owners are those whose repositories were added.
	Owners []*github.AddedOwner `json:"owners,omitempty"`
}

// add runs a load and prints its verdicts and its sum.
func (a *app) add(c *cli.Context, l *loading, load func(context.Context, *session, repos.Options) (repos.Summary, error)) error {
	l.app, l.quiet, l.json, l.verify, l.rejected = a, c.Bool("quiet"), c.Bool("json"), c.Bool("verify"), []repos.Verdict{}
	return a.withDatabase(c.Context, db.Options{}, func(ctx context.Context, s *session) error {
		if l.verify {
			return withGitHub(ctx, s, a.terminalLog(slog.LevelWarn), func(ctx context.Context, _ *config.Store, service *api.Service) error {
				return withoutBudget(a.addTo(ctx, c, s, l, github.Identify(service), load))
			})
		}
		return a.addTo(ctx, c, s, l, nil, load)
	})
}

// identifier is asked about repositories that are added.
type identifier = func(context.Context, []giturl.URL) ([]repos.Identity, error)

// verifiedChunk is how many rows are stored at once when each is asked about: five queries.
const verifiedChunk = 500

func chunkRows(identify identifier) int {
	if identify == nil {
		return 0
	}
	return verifiedChunk
}

// addTo is add in a session.
func (a *app) addTo(ctx context.Context, c *cli.Context, s *session, l *loading, identify identifier, load func(context.Context, *session, repos.Options) (repos.Summary, error)) error {
	policy, err := urlPolicy(ctx, s)
	if err != nil {
		return err
	}
	if !l.urls && !l.quiet && isTerminal(a.stderr) {
		l.bar = progressbar.NewOptions64(l.size, progressbar.OptionSetWriter(a.stderr), progressbar.OptionShowBytes(true),
			progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionClearOnFinish())
	}
	sum, err := load(ctx, s, repos.Options{
		Policy: policy, Group: c.Int64("group"), ToolVersion: version, OnVerdict: l.verdict, Progress: l.progress, Identify: identify, ChunkRows: chunkRows(identify),
	})
	l.finish()
	if err != nil && sum.Rows > 0 {
		fmt.Fprintf(a.stderr, "stored before that: %s; the rest is not: repeat the command to go on\n", sentence(sum))
	}
	if err != nil {
		return err
	}
	if l.json {
		err = a.printJSON(loaded{sum, l.rejected, l.verified, l.owners})
	} else {
		fmt.Fprintln(a.stdout, sentence(sum))
	}
	if err == nil && sum.Rejected > 0 {
		return errPartial
	}
	return err
}

// urlPolicy is what the settings say about addresses.
func urlPolicy(ctx context.Context, s *session) (giturl.Policy, error) {
	settings, err := config.Read(ctx, s.Pool, registry(), slog.New(slog.DiscardHandler))
	if err != nil {
		return giturl.Policy{}, fmt.Errorf("read the settings: %w", err)
	}
	facade := config.Of[git.Settings](settings)
	return giturl.Policy{AllowHTTP: facade.AllowHTTP, AllowLocal: facade.AllowLocal, AllowPrivate: facade.AllowPrivate}, nil
}

// sentence is a summary in words.
func sentence(s repos.Summary) string {
	if s.Rows == 0 {
		return "there are no rows: nothing was added"
	}
	return fmt.Sprintf("%s: %s added, %s already there, %s rejected", counted(s.Rows, "row"),
		humanize.Comma(int64(s.Added)), humanize.Comma(int64(s.AlreadyThere)), humanize.Comma(int64(s.Rejected)))
}

func (l *loading) progress(bytes int64) {
	if l.bar != nil {
		_ = l.bar.Set64(bytes) // a terminal that went away is no reason to stop
	}
}

// verdict lists what a person may want to know about a row.
func (l *loading) verdict(v repos.Verdict) {
	if l.verify && l.json {
		l.verified = append(l.verified, v)
	}
	switch {
	case v.Status == repos.Rejected && l.json:
		l.rejected = append(l.rejected, v)
	case v.Status == repos.Rejected:
		l.line(v, "%s%s", strings.TrimPrefix(subject(v)+": ", ": "), v.Reason)
	case l.json || l.quiet:
	case l.verify:
		l.line(v, "%s", verified(v))
	case v.Status == repos.Added && l.urls:
		l.line(v, "%s is repository %d of group %d", subject(v), v.RepoID, v.Group)
	case v.Status == repos.AlreadyThere:
		if l.already++; l.already > maxAlreadyThere {
			return
		}
		reason := ""
		if v.Reason != "" {
			reason = ", " + v.Reason
		}
		l.line(v, "%s is already there%s", subject(v), reason)
	}
}

// verified is what GitHub said about a repository that is stored, and where it is.
func verified(v repos.Verdict) string {
	text := printable(v.URL)
	switch {
	case v.MovedFrom != "":
		text = printable(v.MovedFrom) + " has moved to " + text
	case v.Verified:
		text += " exists"
	default:
		text += " is not on GitHub and was not verified"
	}
	switch {
	case v.Status == repos.Added:
		return fmt.Sprintf("%s: repository %d of group %d", text, v.RepoID, v.Group)
	case v.Reason != "":
		return fmt.Sprintf("%s: already there as repository %d, %s", text, v.RepoID, v.Reason)
	}
	return fmt.Sprintf("%s: already there as repository %d", text, v.RepoID)
}

// subject is what a row is about; empty when that could not be read.
func subject(v repos.Verdict) string {
	switch {
	case v.URL != "":
		return printable(v.URL)
	case v.Domain != "":
		return printable(v.Domain)
	case v.GroupName != "" && v.Group == 0:
		return fmt.Sprintf("group %q", v.GroupName)
	case v.GroupName != "":
		return fmt.Sprintf("group %d %q", v.Group, v.GroupName)
	}
	return ""
}

// line prints one line about a row, above the progress bar.
func (l *loading) line(v repos.Verdict, format string, args ...any) {
	if l.bar != nil {
		_ = l.bar.Clear() // as in progress
	}
	if !l.urls {
		fmt.Fprintf(l.app.stdout, "line %d: ", v.Line)
	}
	fmt.Fprintf(l.app.stdout, format+"\n", args...)
}

func (l *loading) finish() {
	if l.bar != nil {
		_ = l.bar.Finish() // as in progress
	}
	if more := l.already - maxAlreadyThere; more > 0 {
		fmt.Fprintf(l.app.stdout, "and %s more are already there\n", humanize.Comma(int64(more)))
	}
}
