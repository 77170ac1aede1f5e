// Package people finds the person behind a commit, and keeps what depends on that current: canonical e-mail, contributor and affiliation of commits,
// and the sums of commits in the dm_* tables.
//
// The tasks of tasks/git call it, with transactions of theirs; sources of platforms call [People.Settle] after they found accounts; `augur db add-affiliations`
// calls [AddAffiliations]. It asks no platform and no network, and it never looks at names to tell who somebody is.
//
// Words: an [Identity] is a name and an e-mail as they stand in the commits of one repository. Its raw e-mail becomes another one through the repository's
// .mailmap (commit_identity), and that one becomes the canonical e-mail, and names the contributor, through contributors_aliases. The affiliation
// is that of the canonical e-mail on the day of the commit. A change is a row of people_change: triggers write one when aliases, contributors or affiliations
// change, and settling takes it off once the commits follow. Caches are the rows of dm_repo_*; those of dm_repo_group_* follow them by triggers.
//
// Locks are taken in this order: people (shared by whoever stores commits, alone by whoever changes them), rows of commit_email, contributors,
// aliases, commits, caches. docs/people.md tells the whole story.
package people

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"augur/db"
)

// Rules are what the settings say about people.
type Rules struct {
	// Contributors: e-mails are resolved, and commits get their contributors.
	Contributors bool
	// Affiliations: commits that are stored already get other affiliations when those change.
	Affiliations bool
	// Caches: the dm_* tables are kept.
	Caches bool
	// ToolVersion is what rows tell about the program that wrote them.
	ToolVersion string
}

// People attributes commits. It is safe for concurrent use.
type People struct {
	queries *db.Queries
	rules   Rules
}

// New attributes commits by the rules.
func New(rules Rules) *People { return &People{queries: db.New(), rules: rules} }

// Page commits what write does in a transaction, as tasks.Collection.SavePage does. It may call write again, from the start.
type Page func(ctx context.Context, write func(ctx context.Context, tx pgx.Tx) error) error

// Identity is how somebody stands in the commits of a repository.
type Identity struct {
	RepoID int64
	// Name and Email are as in git: cmt_author_name and cmt_author_raw_email, or those of the committer.
	Name, Email string
}

// Attribution is who an identity is.
type Attribution struct {
	// Email is the canonical one.
	Email string
	// Contributor is NULL when nobody is known.
	Contributor pgtype.UUID

	spans []span
}

// span is an affiliation and the first day on which it holds; "" is the beginning of time.
type span struct{ since, affiliation string }

// Affiliation is that on a day, YYYY-MM-DD.
func (a Attribution) Affiliation(day string) string {
	held := ""
	for _, s := range a.spans {
		if s.since > day {
			break
		}
		held = s.affiliation
	}
	return held
}

// Attribute finds out who identities are, in their order. The transaction must hold the people lock, shared or alone, to rely on the answer.
func (p *People) Attribute(ctx context.Context, tx db.DBTX, identities []Identity) ([]Attribution, error) {
	a := db.AttributeIdentitiesParams{RepoIDs: make([]int64, len(identities)), Names: make([]string, len(identities)), Emails: make([]string, len(identities))}
	for i, identity := range identities {
		a.RepoIDs[i], a.Names[i], a.Emails[i] = identity.RepoID, identity.Name, identity.Email
	}
	found, err := p.queries.AttributeIdentities(ctx, tx, a)
	if err != nil {
		return nil, fmt.Errorf("find the people of %d identities: %w", len(identities), err)
	}
	emails := make([]string, len(found))
	for i, row := range found {
		emails[i] = row.Email
	}
	slices.Sort(emails)
	spans, err := p.spans(ctx, tx, slices.Compact(emails))
	if err != nil {
		return nil, err
	}
	list := make([]Attribution, len(found))
	for i, row := range found {
		list[i] = Attribution{Email: row.Email, Contributor: row.CntrbID, spans: spans[row.Email]}
	}
	return list, nil
}

func (p *People) spans(ctx context.Context, tx db.DBTX, emails []string) (map[string][]span, error) {
	rows, err := p.queries.AffiliationSpans(ctx, tx, emails)
	if err != nil {
		return nil, fmt.Errorf("find the affiliations of %d e-mails: %w", len(emails), err)
	}
	spans := make(map[string][]span, len(emails))
	for _, row := range rows {
		spans[row.Email] = append(spans[row.Email], span{row.Since, row.Affiliation})
	}
	return spans, nil
}

// Pair is whose commits in which repository, from a year on; 0 stands for all.
type Pair struct {
	RepoID   int64
	Email    string
	FromYear int16
}

func comparePairs(a, b Pair) int {
	if a.RepoID != b.RepoID {
		return int(min(max(a.RepoID-b.RepoID, -1), 1))
	}
	return strings.Compare(a.Email, b.Email)
}

// endOfTime is after every day.
const endOfTime = "~"

// update attributes the stored commits of identities anew, at most limit rows. It returns how many rows changed, and whose commits those were and are. The
// transaction must hold the people lock alone.
func (p *People) update(ctx context.Context, tx pgx.Tx, identities []Identity, limit int) (int, []Pair, error) {
	found, err := p.Attribute(ctx, tx, identities)
	if err != nil {
		return 0, nil, err
	}
	a := db.UpdateAuthorsParams{WithAffiliations: p.rules.Affiliations, WithContributors: p.rules.Contributors, MaxRows: int32(limit)} //nolint:gosec // small
	for i, identity := range identities {
		for j, s := range found[i].spans {
			until := endOfTime
			if j+1 < len(found[i].spans) {
				until = found[i].spans[j+1].since
			}
			a.RepoIDs, a.Names, a.Raws = append(a.RepoIDs, identity.RepoID), append(a.Names, identity.Name), append(a.Raws, identity.Email)
			a.Since, a.Until = append(a.Since, s.since), append(a.Until, until)
			a.Emails, a.Affiliations, a.CntrbIDs = append(a.Emails, found[i].Email), append(a.Affiliations, s.affiliation), append(a.CntrbIDs, found[i].Contributor)
		}
	}
	rules, err := p.report(ctx, tx)
	if err != nil {
		return 0, nil, err
	}
	authors, err := p.queries.UpdateAuthors(ctx, tx, a)
	if err != nil {
		return 0, nil, fmt.Errorf("attribute the commits of authors: %w", err)
	}
	committers, err := p.queries.UpdateCommitters(ctx, tx, db.UpdateCommittersParams{
		RepoIDs: a.RepoIDs, Names: a.Names, Raws: a.Raws, Since: a.Since, Until: a.Until, Emails: a.Emails, Affiliations: a.Affiliations,
		WithAffiliations: a.WithAffiliations, MaxRows: a.MaxRows,
	})
	if err != nil {
		return 0, nil, fmt.Errorf("attribute the commits of committers: %w", err)
	}
	rows, touched := 0, []Pair{}
	for _, row := range authors {
		rows += int(row.Rows)
		if !rules.ByCommitter {
			touched = append(touched, Pair{RepoID: row.RepoID, Email: row.OldEmail}, Pair{RepoID: row.RepoID, Email: row.Email})
		}
	}
	most := rows
	rows = 0
	for _, row := range committers {
		rows += int(row.Rows)
		if rules.ByCommitter {
			touched = append(touched, Pair{RepoID: row.RepoID, Email: row.OldEmail}, Pair{RepoID: row.RepoID, Email: row.Email})
		}
	}
	return max(most, rows), touched, nil
}
