package repos

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"augur/db"
	"augur/db/repos/sheet"
)

// maxGroupName is the longest name of a group in bytes.
const maxGroupName = 255

// Group is a repository group.
type Group struct {
	ID          int64  `json:"repo_group_id"`
	Name        string `json:"rg_name"`
	Description string `json:"rg_description"`
	// Repos is the number of its repositories.
	Repos int64 `json:"repos"`
}

// Groups lists the repository groups by id.
func Groups(ctx context.Context, pool *pgxpool.Pool) ([]Group, error) {
	rows, err := db.New().RepoGroups(ctx, pool)
	if err != nil {
		return nil, fmt.Errorf("list repository groups: %w", err)
	}
	groups := make([]Group, 0, len(rows))
	for _, row := range rows {
		groups = append(groups, Group{ID: row.RepoGroupID, Name: row.RgName, Description: row.Description, Repos: row.Repos})
	}
	return groups, nil
}

// FindGroup finds a group by its id or its name, in whatever case; of several of the name it is the first.
func FindGroup(ctx context.Context, pool *pgxpool.Pool, text string) (Group, error) {
	var id int64
	var err error
	queries := db.New()
	if isNumber(text) {
		id, err = strconv.ParseInt(text, 10, 64)
	} else {
		id, err = queries.RepoGroupOfName(ctx, pool, text)
	}
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return Group{}, fmt.Errorf("look for group %q: %w", shortened(text), err)
	}
	names, err := groupNames(ctx, queries, pool, map[int64]bool{id: true})
	if err != nil {
		return Group{}, fmt.Errorf("look for group %q: %w", shortened(text), err)
	}
	name, known := names[id]
	if !known {
		return Group{}, fmt.Errorf("there is no group %q: `augur db get-repo-groups` lists them", shortened(text))
	}
	return Group{ID: id, Name: name}, nil
}

// OwnGroup finds the group of a name, in whatever case, or makes it. Others who add repositories wait until the end of the transaction.
func OwnGroup(ctx context.Context, tx pgx.Tx, name, website, toolVersion string) (int64, error) {
	queries := db.New()
	if err := queries.LockRepos(ctx, tx); err != nil {
		return 0, err
	}
	id, err := queries.RepoGroupOfName(ctx, tx, name)
	if err != nil || id != 0 {
		return id, err
	}
	if err := queries.RaiseRepoGroupSequence(ctx, tx); err != nil {
		return 0, err
	}
	return queries.InsertRepoGroup(ctx, tx, db.InsertRepoGroupParams{Name: name, Website: &website, ToolVersion: toolVersion})
}

// AddGroups adds the groups of a CSV file with the columns repo_group_id and repo_group_name. A group that exists keeps its name. Ids that the
// database chooses later begin after the largest one. Policy and Group of the options have no meaning here. Errors are as for [AddRepos].
func AddGroups(ctx context.Context, pool *pgxpool.Pool, src io.Reader, o Options) (Summary, error) {
	a := &groupAdder{pool: pool, options: o, queries: db.New(), seen: map[int64]int{}}
	table, err := sheet.Open(counted(src, o.Progress),
		sheet.Column{Name: "repo_group_id", Looks: isNumber},
		sheet.Column{Name: "repo_group_name", Looks: func(value string) bool { return !isNumber(value) }})
	if err != nil {
		return a.summary, fmt.Errorf("read repository groups: %w", err)
	}
	err = eachRow(table, func(row sheet.Row) error {
		a.chunk = append(a.chunk, a.read(row))
		if len(a.chunk) < o.chunkRows() {
			return nil
		}
		return a.flush(ctx)
	})
	if err == nil {
		err = a.flush(ctx)
	}
	if err != nil {
		return a.summary, fmt.Errorf("add repository groups: %w", err)
	}
	return a.summary, nil
}

type groupAdder struct {
	pool    *pgxpool.Pool
	options Options
	queries *db.Queries
	chunk   []Verdict
	seen    map[int64]int // line of the first row with that id
	summary Summary
}

// read judges a row by itself; a row without fault has no status yet.
func (a *groupAdder) read(row sheet.Row) Verdict {
	v := Verdict{Line: row.Line}
	var reasons []string
	if row.Fault != "" {
		reasons = append(reasons, row.Fault)
	} else {
		id, err := strconv.ParseInt(row.Values[0], 10, 64)
		switch {
		case !isNumber(row.Values[0]):
			reasons = append(reasons, fmt.Sprintf("id %q is not a number", shortened(row.Values[0])))
		case err != nil || id < 1 || id > math.MaxInt32:
			reasons = append(reasons, fmt.Sprintf("id %s is not between 1 and %d", shortened(row.Values[0]), math.MaxInt32))
		default:
			v.Group = id
		}
		v.GroupName = shortened(row.Values[1])
		if reason := checkGroupName(row.Values[1]); reason != "" {
			reasons = append(reasons, reason)
		}
	}
	if len(reasons) == 0 {
		if line, ok := a.seen[v.Group]; ok {
			reasons = append(reasons, fmt.Sprintf("duplicate of line %d", line))
		} else {
			a.seen[v.Group] = row.Line
		}
	}
	if len(reasons) > 0 {
		v.Status, v.Reason = Rejected, strings.Join(reasons, "; ")
	}
	return v
}

func checkGroupName(name string) string {
	switch {
	case !utf8.ValidString(name):
		return "name has bytes that are not UTF-8"
	case len(name) > maxGroupName:
		return fmt.Sprintf("name is longer than %d bytes", maxGroupName)
	case strings.ContainsFunc(name, unicode.IsControl):
		return "name has a control character in it"
	}
	return ""
}

// shortened is a foreign text that a screen can bear. A good group name passes unchanged.
func shortened(text string) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return '?'
		}
		return r
	}, text[:min(len(text), maxGroupName)])
	return strings.ToValidUTF8(text, "?")
}

func (a *groupAdder) flush(ctx context.Context) error {
	var accepted []*Verdict
	for i := range a.chunk {
		if v := &a.chunk[i]; v.Status != Rejected {
			accepted = append(accepted, v)
		}
	}
	if len(accepted) > 0 {
		err := inTx(ctx, a.pool, func(tx pgx.Tx) error { return a.store(ctx, tx, accepted) })
		if err != nil {
			return err
		}
	}
	for _, v := range a.chunk {
		a.summary.count(v)
		a.options.tell(v)
	}
	a.chunk = a.chunk[:0]
	return nil
}

func (a *groupAdder) store(ctx context.Context, tx pgx.Tx, verdicts []*Verdict) error {
	if err := a.queries.LockRepos(ctx, tx); err != nil {
		return err
	}
	ids := map[int64]bool{}
	for _, v := range verdicts {
		ids[v.Group] = true
	}
	names, err := groupNames(ctx, a.queries, tx, ids)
	if err != nil {
		return err
	}
	p := db.InsertRepoGroupsParams{ToolVersion: a.options.ToolVersion}
	for _, v := range verdicts {
		v.Status, v.Reason = Added, ""
		if name, known := names[v.Group]; known {
			v.Status = AlreadyThere
			if name != v.GroupName {
				v.Reason = fmt.Sprintf("keeps its name %q", name)
			}
			continue
		}
		p.IDs = append(p.IDs, v.Group)
		p.Names = append(p.Names, v.GroupName)
	}
	if len(p.IDs) == 0 {
		return nil
	}
	inserted, err := a.queries.InsertRepoGroups(ctx, tx, p)
	if err != nil {
		return err
	}
	for _, v := range verdicts {
		// Somebody who does not take the lock may have been faster.
		if v.Status == Added && len(inserted) < len(p.IDs) && !slices.Contains(inserted, v.Group) {
			v.Status = AlreadyThere
		}
	}
	return a.queries.RaiseRepoGroupSequence(ctx, tx)
}

// groupNames gives the names of those ids that are groups.
func groupNames(ctx context.Context, queries *db.Queries, tx db.DBTX, ids map[int64]bool) (map[int64]string, error) {
	rows, err := queries.RepoGroupNames(ctx, tx, slices.Sorted(maps.Keys(ids)))
	if err != nil {
		return nil, err
	}
	names := make(map[int64]string, len(rows))
	for _, row := range rows {
		names[row.RepoGroupID] = row.RgName
	}
	return names, nil
}
