// Package repos adds repositories, repository groups and affiliations as people name them: files in CSV, URLs on a command line.
//
// It is called by the commands of cmd/augur, and for new repositories of followed owners. It never asks the network whether a repository exists: [Options].Identify
// may, else collection finds out. It never changes or moves what is there, unless that is found to have another address now: adding the same file again changes nothing.
//
// Words: a row of the file gets a [Verdict], in the order of the file: added, already there, or rejected with a reason. Good rows land whatever
// the others are. Rows are stored in chunks, each in one transaction, so that an interrupted load has stored whole chunks, and loading
// the file again goes on where it stopped. A repository is the same one when its canonical URL is (package giturl), or when it had that URL before
// it moved.
package repos

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgxpool"

	"augur/db/repos/sheet"
	"augur/facade/giturl"
)

// Options of loading. The zero value accepts https and ssh URLs of public hosts.
type Options struct {
	// Policy says which URLs are accepted beyond https and ssh.
	Policy giturl.Policy
	// Group is the repository group of rows that name none; 0: such rows are rejected.
	Group int64
	// ToolVersion is what the rows tell about the program that wrote them.
	ToolVersion string
	// ChunkRows is the number of rows that one transaction stores; 0 means 5000.
	ChunkRows int
	// OnVerdict, if set, is called for each row once its chunk is stored, from the goroutine of the caller.
	OnVerdict func(Verdict)
	// Identify, if set, is asked which repositories the addresses of a chunk stand for, before they are stored; the answers are in their order. Only accepted addresses are
	// asked about. An error ends the load.
	Identify func(ctx context.Context, urls []giturl.URL) ([]Identity, error)
	// Progress, if set, is called with the number of bytes that were read so far, from the goroutine of the caller.
	Progress func(bytes int64)
}

const defaultChunkRows = 5000

// Status is what became of a row.
type Status string

// The statuses.
const (
	Added        Status = "added"
	AlreadyThere Status = "already there"
	Rejected     Status = "rejected"
)

// Verdict says what became of one row.
type Verdict struct {
	// Line is the number of the row's first line in the file, or the place of a URL in a list; both from 1.
	Line int `json:"line"`
	// URL is canonical, or, when it was not understood, what was written, without secrets. Empty for a group.
	URL string `json:"url,omitempty"`
	// RepoID is 0 for a rejected row and for a group.
	RepoID int64 `json:"repo_id,omitempty"`
	// Group is the group of the row, even when the repository stays in another one; 0 when it could not be read, and for an affiliation.
	Group int64 `json:"repo_group_id"`
	// GroupName is set for groups only.
	GroupName string `json:"repo_group_name,omitempty"`
	// Domain, which may be a whole e-mail address, and Affiliation are set for affiliations only.
	Domain      string `json:"domain,omitempty"`
	Affiliation string `json:"affiliation,omitempty"`
	Status      Status `json:"status"`
	// Verified says that the platform was asked about the repository, and MovedFrom is the address that was written, when that leads to another.
	Verified  bool   `json:"verified,omitempty"`
	MovedFrom string `json:"moved_from,omitempty"`
	// Reason is why a row was rejected, or what is worth knowing about one that was already there; a phrase about the row.
	Reason string `json:"reason,omitempty"`
}

// Summary counts verdicts.
type Summary struct {
	Rows         int `json:"rows"`
	Added        int `json:"added"`
	AlreadyThere int `json:"already_there"`
	Rejected     int `json:"rejected"`
}

func (s *Summary) count(v Verdict) {
	s.Rows++
	switch v.Status {
	case Added:
		s.Added++
	case AlreadyThere:
		s.AlreadyThere++
	case Rejected:
		s.Rejected++
	}
}

// AddRepos adds the repositories of a CSV file with the columns repo_url and repo_group_id. Rejected rows are no error: see the verdicts. With an
// error (of the reader, the database or the context, or a [*sheet.FormatError]) the summary counts what was stored until then.
func AddRepos(ctx context.Context, pool *pgxpool.Pool, src io.Reader, o Options) (Summary, error) {
	a := newAdder(pool, o)
	table, err := sheet.Open(counted(src, o.Progress),
		sheet.Column{Name: "repo_url", Looks: looksLikeURL},
		sheet.Column{Name: "repo_group_id", Looks: isNumber, Optional: o.Group != 0})
	if err != nil {
		return a.summary, fmt.Errorf("read repositories: %w", err)
	}
	err = eachRow(table, func(row sheet.Row) error { return a.add(ctx, a.read(row)) })
	if err != nil {
		return a.summary, fmt.Errorf("add repositories: %w", err)
	}
	if err := a.flush(ctx); err != nil {
		return a.summary, fmt.Errorf("add repositories: %w", err)
	}
	return a.summary, nil
}

// AddURLs adds repositories to one group. The line of a verdict is the place of the URL in urls, from 1.
func AddURLs(ctx context.Context, pool *pgxpool.Pool, group int64, urls []string, o Options) (Summary, error) {
	a := newAdder(pool, o)
	for i, url := range urls {
		e := entry{Verdict: Verdict{Line: i + 1, Group: group}}
		e.readURL(strings.TrimSpace(url), o.Policy)
		if err := a.add(ctx, e); err != nil {
			return a.summary, fmt.Errorf("add repositories: %w", err)
		}
	}
	if err := a.flush(ctx); err != nil {
		return a.summary, fmt.Errorf("add repositories: %w", err)
	}
	return a.summary, nil
}

// entry is a row on its way to the table.
type entry struct {
	Verdict
	url    giturl.URL
	raw    string
	source int64 // the platform's number of the repository; 0: not known
}

func (e *entry) reject(reason string) {
	e.Status = Rejected
	if e.Reason != "" {
		reason = e.Reason + "; " + reason
	}
	e.Reason = reason
}

func (e *entry) readURL(raw string, policy giturl.Policy) {
	url, err := giturl.Parse(raw, policy)
	if refused, ok := errors.AsType[*giturl.Error](err); ok {
		e.URL = refused.URL
		e.reject(refused.Reason)
		return
	}
	e.url, e.raw, e.URL = url, raw, url.Canonical
}

func (e *entry) readGroup(text string) {
	group, err := strconv.ParseInt(text, 10, 64)
	if err != nil || !isNumber(text) {
		e.reject(fmt.Sprintf("group %q is not a number", giturl.Redact(text)))
		return
	}
	e.Group = group
}

// read makes an entry of a row.
func (a *adder) read(row sheet.Row) entry {
	e := entry{Verdict: Verdict{Line: row.Line}}
	if row.Fault != "" {
		if row.Values[0] != "" {
			e.URL = giturl.Redact(row.Values[0])
		}
		e.reject(row.Fault)
		return e
	}
	e.readURL(row.Values[0], a.options.Policy)
	if row.Values[1] == "" {
		e.Group = a.options.Group
	} else {
		e.readGroup(row.Values[1])
	}
	return e
}

func eachRow(table *sheet.Sheet, do func(sheet.Row) error) error {
	for {
		row, err := table.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := do(row); err != nil {
			return err
		}
	}
}

func looksLikeURL(value string) bool { return strings.ContainsAny(value, "/:") }

func isNumber(value string) bool {
	return value != "" && strings.Trim(value, "0123456789") == ""
}

// counted reports how much was read; without anyone who wants to know it is src itself.
func counted(src io.Reader, progress func(int64)) io.Reader {
	if progress == nil {
		return src
	}
	return &counter{src: src, progress: progress}
}

type counter struct {
	src      io.Reader
	read     int64
	progress func(int64)
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.src.Read(p)
	c.read += int64(n)
	c.progress(c.read)
	return n, err
}

func (o Options) chunkRows() int { return cmp.Or(o.ChunkRows, defaultChunkRows) }

func (o Options) tell(v Verdict) {
	if o.OnVerdict != nil {
		o.OnVerdict(v)
	}
}
