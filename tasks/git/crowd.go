package git

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"augur/db"
	"augur/db/people"
	"augur/facade"
	"augur/facade/mailmap"
	"augur/tasks"
)

// crowd knows who the people in the windows of one run over a history are, and counts what they did. It belongs to one attempt of one task.
type crowd struct {
	repo     tasks.Repo
	queries  *db.Queries
	people   *people.People
	rules    people.Rules
	report   db.ReportRulesRow
	fresh    bool // no commit was stored before
	recorded string
	blob     string
	mailmap  *mailmap.Map // nil when there is none
	differs  []string     // addresses about which the .mailmap says something else than before; nil: it may be any
	tally    *people.Tally
}

// face is a name and an e-mail as they stand in a commit.
type face struct{ name, email string }

func faceOf(p facade.Person) face { return face{p.Name, p.Email} }

// Rules are what the settings say about people.
func (s Settings) Rules(version string) people.Rules {
	return people.Rules{
		Contributors: s.RunContributors, Caches: s.RebuildCaches, Affiliations: s.RebuildCaches && s.ForceInvalidateCaches, ToolVersion: version,
	}
}

// newCrowd reads the .mailmap of head, the commit that the history leads to.
func (s *Source) newCrowd(ctx context.Context, c *tasks.Collection, settings Settings, clone *facade.Repository, head string, stored db.AugurOperationsGitHistory) (*crowd, error) {
	rules := settings.Rules(s.options.Version)
	m := &crowd{repo: c.Repo, queries: s.queries, people: people.New(rules), rules: rules, fresh: stored.Commits == 0}
	m.tally = people.NewTally(m.fresh)
	if stored.Mailmap != nil {
		m.recorded = *stored.Mailmap
	}
	if head == "" {
		return m, nil
	}
	blob, content, err := clone.Mailmap(ctx, head)
	if err != nil {
		return nil, verdict(err)
	}
	m.blob = blob
	if blob != "" {
		m.mailmap = mailmap.Parse(content)
	}
	if m.blob != m.recorded && stored.Attributed {
		m.differs = m.differences(ctx, clone)
	}
	return m, nil
}

// differences are the addresses about which the .mailmap says something else than the one before; nil when that one is not in the clone any more.
func (m *crowd) differences(ctx context.Context, clone *facade.Repository) []string {
	was, is := &mailmap.Map{}, m.mailmap
	if m.recorded != "" {
		content, err := clone.MailmapBlob(ctx, m.recorded)
		if err != nil {
			return nil
		}
		was = mailmap.Parse(content)
	}
	if is == nil {
		is = &mailmap.Map{}
	}
	list := append([]string{}, is.Differences(was)...)
	if slices.Contains(list, "") {
		return nil // commit_email does not know whose commits have no e-mail
	}
	// No e-mail that is stored has bytes that are not UTF-8.
	return slices.DeleteFunc(list, func(address string) bool { return !utf8.ValidString(address) })
}

// begin prepares for so many commits to come, and for those that go: it returns whose sums these are. When the .mailmap is another one than before, it lets the
// people in the stored commits follow; git_contributors does the rest.
func (m *crowd) begin(ctx context.Context, tx pgx.Tx, coming int64, gone []string) ([]people.Pair, error) {
	lock := m.queries.SharePeople
	if len(gone) > 0 || m.blob != m.recorded && !m.fresh {
		lock = m.queries.LockPeople
	}
	if err := lock(ctx, tx); err != nil {
		return nil, fmt.Errorf("lock people: %w", err)
	}
	if coming > 0 {
		// Commits that are stored without contributor or affiliation wait for the day when the switches are on.
		begin := db.BeginPeopleParams{Attributed: m.rules.Contributors && m.rules.Caches, Cached: m.rules.Caches, Every: m.fresh, RepoID: m.repo.ID}
		if err := m.queries.BeginPeople(ctx, tx, begin); err != nil {
			return nil, fmt.Errorf("note what is known about the people of %s: %w", m.repo.URL, err)
		}
	}
	// Another rule from here on makes caches old, and windows leave old caches alone.
	var err error
	if m.report, err = m.queries.ReportRules(ctx, tx); err != nil {
		return nil, fmt.Errorf("read the rules of the sums: %w", err)
	}
	touched, err := m.people.Touched(ctx, tx, m.repo.ID, gone)
	if err != nil {
		return nil, err
	}
	if m.blob == m.recorded {
		return touched, nil
	}
	if !m.fresh {
		if err := m.remap(ctx, tx); err != nil {
			return nil, err
		}
	}
	save := db.SaveMailmapParams{RepoID: m.repo.ID}
	if m.blob != "" {
		save.Mailmap = &m.blob
	}
	if err := m.queries.SaveMailmap(ctx, tx, save); err != nil {
		return nil, fmt.Errorf("note the .mailmap of %s: %w", m.repo.URL, err)
	}
	return touched, nil
}

// remap notes what the .mailmap makes of the people in the stored commits, and which of them have to be attributed anew.
func (m *crowd) remap(ctx context.Context, tx pgx.Tx) error {
	rows, err := m.queries.NotedIdentities(ctx, tx, m.repo.ID)
	if err != nil {
		return fmt.Errorf("read the identities of %s: %w", m.repo.URL, err)
	}
	noted := make(map[face]face, len(rows))
	for _, row := range rows {
		noted[face{row.Name, row.Email}] = face{row.MappedName, row.MappedEmail}
	}
	stored, err := m.concerned(ctx, tx)
	if err != nil {
		return fmt.Errorf("list the people of %s: %w", m.repo.URL, err)
	}
	if m.differs != nil {
		maps.DeleteFunc(noted, func(from, _ face) bool { return !slices.Contains(m.differs, mailmap.Fold(from.email)) })
	}
	now := map[face]face{}
	for _, from := range stored {
		if to := m.mapped(from); to != from {
			now[from] = to
		}
	}
	forget := db.ForgetIdentitiesParams{RepoID: m.repo.ID}
	var changed []string
	for from, to := range noted {
		switch is, ok := now[from]; {
		case !ok:
			forget.Emails, forget.Names = append(forget.Emails, from.email), append(forget.Names, from.name)
			changed = append(changed, from.email)
		case is.email != to.email:
			changed = append(changed, from.email)
		}
	}
	for from := range now {
		if _, ok := noted[from]; !ok {
			changed = append(changed, from.email)
		}
	}
	if err := m.queries.ForgetIdentities(ctx, tx, forget); err != nil {
		return fmt.Errorf("forget identities of %s: %w", m.repo.URL, err)
	}
	if err := m.note(ctx, tx, now); err != nil {
		return err
	}
	if err := m.queries.NoteChanges(ctx, tx, changed); err != nil {
		return fmt.Errorf("note changed identities of %s: %w", m.repo.URL, err)
	}
	return nil
}

// concerned are the people in the stored commits whom the .mailmap may map to others than before.
func (m *crowd) concerned(ctx context.Context, tx pgx.Tx) ([]face, error) {
	var faces []face
	if m.differs != nil {
		rows, err := m.queries.IdentitiesLike(ctx, tx, db.IdentitiesLikeParams{RepoID: m.repo.ID, Folded: m.differs})
		for _, row := range rows {
			faces = append(faces, face{row.Name, row.Email})
		}
		return faces, err
	}
	rows, err := m.queries.IdentitiesIn(ctx, tx, m.repo.ID)
	for _, row := range rows {
		faces = append(faces, face{row.Name, row.Email})
	}
	return faces, err
}

// mapped is what the .mailmap makes of a face, in what the columns can hold.
func (m *crowd) mapped(f face) face {
	if m.mailmap == nil {
		return f
	}
	name, email := m.mailmap.Lookup(f.name, f.email)
	if email != f.email {
		email = strings.ToValidUTF8(email, "\uFFFD")
		cut(&email, maxEmail)
	}
	if name != f.name {
		name = strings.ToValidUTF8(name, "\uFFFD")
		cut(&name, maxName)
	}
	return face{name, email}
}

// note stores what the .mailmap changes.
func (m *crowd) note(ctx context.Context, tx pgx.Tx, changes map[face]face) error {
	if len(changes) == 0 {
		return nil
	}
	n := db.NoteIdentitiesParams{RepoID: m.repo.ID}
	for from, to := range changes {
		n.Emails, n.Names = append(n.Emails, from.email), append(n.Names, from.name)
		n.MappedEmails, n.MappedNames = append(n.MappedEmails, to.email), append(n.MappedNames, to.name)
	}
	if err := m.queries.NoteIdentities(ctx, tx, n); err != nil {
		return fmt.Errorf("note identities of %s: %w", m.repo.URL, err)
	}
	return nil
}

// recognise notes the e-mails of a window and finds out who the people in it are. Until the transaction ends that stays so.
func (m *crowd) recognise(ctx context.Context, tx pgx.Tx, window []*facade.Commit) (map[face]people.Attribution, error) {
	if err := m.queries.SharePeople(ctx, tx); err != nil {
		return nil, fmt.Errorf("lock people: %w", err)
	}
	faces := map[face]people.Attribution{}
	for _, commit := range window {
		faces[faceOf(commit.Author)], faces[faceOf(commit.Committer)] = people.Attribution{}, people.Attribution{}
	}
	list := slices.Collect(maps.Keys(faces))
	identities := make([]people.Identity, len(list))
	changes := map[face]face{}
	for i, f := range list {
		identities[i] = people.Identity{RepoID: m.repo.ID, Name: f.name, Email: f.email}
		if to := m.mapped(f); to != f {
			changes[f] = to
		}
	}
	if err := m.note(ctx, tx, changes); err != nil {
		return nil, err
	}
	if err := m.people.Meet(ctx, tx, m.repo.ID, m.emails(window)); err != nil {
		return nil, err
	}
	found, err := m.people.Attribute(ctx, tx, identities)
	if err != nil {
		return nil, err
	}
	for i, f := range list {
		faces[f] = found[i]
	}
	return faces, nil
}

// affiliation and contributor are what the columns hold; NULL when the settings say that nobody looks for it.
func (m *crowd) affiliation(a people.Attribution, day string) *string {
	if !m.rules.Caches {
		return nil
	}
	affiliation := a.Affiliation(day)
	return &affiliation
}

func (m *crowd) contributor(a people.Attribution) pgtype.UUID {
	if !m.rules.Contributors {
		return pgtype.UUID{}
	}
	return a.Contributor
}

// count adds a window that is written, as rows from first on, to the sums, if those are kept.
func (m *crowd) count(ctx context.Context, tx pgx.Tx, window []*facade.Commit, first int64, faces map[face]people.Attribution) (*people.Window, error) {
	if !m.rules.Caches {
		return nil, nil //nolint:nilnil // nothing was counted
	}
	state, err := m.queries.CachesOf(ctx, tx, m.repo.ID)
	if err != nil {
		return nil, fmt.Errorf("look whether caches are kept: %w", err)
	}
	counted := m.tally.Window(state.Reattributed)
	var files []people.FileChange
	for _, commit := range window {
		files = files[:0]
		for _, f := range commit.Files {
			files = append(files, people.FileChange{Path: f.Path, Added: clamp(f.Added), Removed: clamp(f.Removed), Whitespace: clamp(f.Whitespace)})
		}
		who, day := commit.Author, commit.Committer.Date
		if m.report.ByCommitter {
			who = commit.Committer
		}
		if m.report.ByAuthorDate {
			day = commit.Author.Date
		}
		// An affiliation goes with the day of its person, whatever the day of the report.
		a := faces[faceOf(who)]
		if err := counted.Add(a.Email, a.Affiliation(who.Date), day, files); err != nil {
			return nil, err
		}
	}
	if !state.Cached {
		return counted, nil
	}
	return counted, m.people.AddWindow(ctx, tx, m.repo.ID, first, counted)
}

// keep remembers a window that is committed.
func (m *crowd) keep(counted *people.Window) {
	if counted != nil {
		m.tally.Keep(counted)
	}
}

// emails are those of a window, each once.
func (m *crowd) emails(window []*facade.Commit) []people.Email {
	seen := map[string]bool{}
	var list []people.Email
	add := func(p facade.Person, hash string) {
		if p.Email != "" && !seen[p.Email] {
			seen[p.Email] = true
			list = append(list, people.Email{Email: p.Email, Name: m.mapped(faceOf(p)).name, Hash: hash})
		}
	}
	// A commit that the e-mail wrote tells more than one that it only committed.
	for _, commit := range window {
		add(commit.Author, commit.Hash)
	}
	for _, commit := range window {
		add(commit.Committer, commit.Hash)
	}
	return list
}
