package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/dustin/go-humanize/english"
	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"augur/db"
	"augur/tasks"
	"augur/tasks/github"
)

// runSummary is what `augur run` found.
type runSummary struct {
	Repos   []repoSummary `json:"repos"`
	Totals  repoSummary   `json:"totals"`
	Idle    []tasks.Phase `json:"idle_phases"`
	Seconds float64       `json:"seconds"`

	keyless bool   // there is no key for GitHub
	waiting string // what a key would bring, for people; empty: nothing waits for one
}

// repoSummary is one row of the summary.
type repoSummary struct {
	RepoID  int64   `json:"repo_id,omitempty"`
	URL     string  `json:"url,omitempty"`
	Status  string  `json:"status,omitempty"`
	Reason  string  `json:"reason,omitempty"`
	Commits int64   `json:"commits"`
	New     int64   `json:"new_commits"`
	Files   int64   `json:"files"`
	People  int64   `json:"people"`
	Added   int64   `json:"lines_added"`
	Removed int64   `json:"lines_removed"`
	Seconds float64 `json:"seconds"`
}

// commitCounts is how many commits are stored of each repository.
func commitCounts(ctx context.Context, s *session) (map[int64]int64, error) {
	rows, err := db.New().RepoSummaries(ctx, s.Pool)
	if err != nil {
		return nil, fmt.Errorf("read what is stored: %w", err)
	}
	counts := make(map[int64]int64, len(rows))
	for _, row := range rows {
		counts[row.RepoID] = row.Commits
	}
	return counts, nil
}

// summarise prints what was collected, and fails when something was not.
func (r *oneRun) summarise(ctx context.Context) error {
	sum, err := r.summary(ctx)
	if err != nil {
		return err
	}
	if r.json {
		if err := r.app.printJSON(sum); err != nil {
			return err
		}
	} else {
		if sum.waiting, err = github.Waiting(ctx, r.session.Pool, r.settings); err != nil {
			return err
		}
		sum.keyless = !github.HasKey(r.settings)
		sum.print(r.app.stdout, os.Args[0])
	}
	failed := slices.ContainsFunc(sum.Repos, func(s repoSummary) bool { return s.Status != "Success" })
	if failed || r.rejected > 0 {
		return errPartial
	}
	return nil
}

func (r *oneRun) summary(ctx context.Context) (*runSummary, error) {
	rows, err := db.New().RepoSummaries(ctx, r.session.Pool)
	if err != nil {
		return nil, fmt.Errorf("read what was collected: %w", err)
	}
	sum := &runSummary{Repos: []repoSummary{}, Idle: r.idle, Seconds: time.Since(r.began).Seconds()}
	ids := make([]int64, 0, len(rows))
	place := map[int64]int{}
	for i, row := range rows {
		ids = append(ids, row.RepoID)
		place[row.RepoID] = i
		sum.Repos = append(sum.Repos, repoSummary{
			RepoID: row.RepoID, URL: row.RepoGit, Status: row.Status, Reason: row.Reason, Commits: row.Commits,
			New: row.Commits - r.before[row.RepoID], Seconds: row.Seconds,
		})
	}
	totals, err := db.New().CommitTotals(ctx, r.session.Pool, ids)
	if err != nil {
		return nil, fmt.Errorf("count commits: %w", err)
	}
	for _, t := range totals {
		s := &sum.Repos[place[t.RepoID]]
		s.Files, s.People, s.Added, s.Removed = t.Files, t.People, t.Added, t.Removed
	}
	for _, s := range sum.Repos {
		sum.Totals.Commits += s.Commits
		sum.Totals.New += s.New
		sum.Totals.Files += s.Files
		sum.Totals.People += s.People
		sum.Totals.Added += s.Added
		sum.Totals.Removed += s.Removed
	}
	sum.Totals.Seconds = sum.Seconds
	return sum, nil
}

// print writes the summary for people; program is how they called us.
func (s *runSummary) print(out io.Writer, program string) {
	t := table.NewWriter()
	t.SetOutputMirror(out)
	t.SetStyle(table.StyleRounded)
	t.Style().Format.Header = text.FormatDefault
	t.Style().Format.Footer = text.FormatDefault
	t.AppendHeader(table.Row{"Repository", "Status", "Commits", "New", "Files", "People", "Lines +", "Lines -", "Seconds"})
	for _, repo := range s.Repos {
		t.AppendRow(summaryRow(repo.URL, repo.Status, repo))
	}
	t.AppendFooter(summaryRow(english.Plural(len(s.Repos), "repository", ""), "", s.Totals))
	var numbers []table.ColumnConfig
	for column := 3; column <= 9; column++ {
		numbers = append(numbers, table.ColumnConfig{Number: column, Align: text.AlignRight, AlignFooter: text.AlignRight, AlignHeader: text.AlignRight})
	}
	t.SetColumnConfigs(append(numbers, table.ColumnConfig{Number: 1, WidthMax: 60}))
	t.Render()
	for _, repo := range s.Repos {
		if repo.Reason != "" {
			fmt.Fprintf(out, "\nNot collected: %s\n  %s\n", repo.URL, repo.Reason)
		}
	}
	s.printIdle(out)
	fmt.Fprintf(out, `
Look at the data:
  %[1]s db psql
  %[1]s db psql -- -c "SELECT cmt_author_name, count(DISTINCT cmt_commit_hash) AS commits FROM commits GROUP BY 1 ORDER BY 2 DESC LIMIT 10"
`, program)
}

// printIdle says which phases had nothing to do, and why.
func (s *runSummary) printIdle(out io.Writer) {
	var keyless, off []tasks.Phase
	for _, phase := range s.Idle {
		if s.keyless && (phase == tasks.Core || phase == tasks.Secondary) {
			keyless = append(keyless, phase)
		} else {
			off = append(off, phase)
		}
	}
	if len(keyless) > 0 {
		fmt.Fprintf(out, "\nNot run: %s, which %s GitHub. There is no key for it.\n", joinPhases(keyless), english.PluralWord(len(keyless), "asks", "ask"))
	}
	if len(off) > 0 {
		fmt.Fprintf(out, "\nNot run: %s. The settings switch all of %s tasks off.\n", joinPhases(off), english.PluralWord(len(off), "its", "their"))
	}
	if s.waiting != "" {
		fmt.Fprintln(out, s.waiting)
	}
}

func joinPhases(phases []tasks.Phase) string {
	names := make([]string, len(phases))
	for i, p := range phases {
		names[i] = string(p)
	}
	return english.WordSeries(names, "and")
}

func summaryRow(name, status string, s repoSummary) table.Row {
	return table.Row{
		name, status, humanize.Comma(s.Commits), humanize.Comma(s.New), humanize.Comma(s.Files), humanize.Comma(s.People),
		humanize.Comma(s.Added), humanize.Comma(s.Removed), fmt.Sprintf("%.1f", s.Seconds),
	}
}
