package people_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"augur/db/people"
)

// stored is a row of commits, with what the sums need.
type stored struct {
	Repo, Group                int64
	Hash, Path, Author, Aff    string
	Committer, CommitterAff    string
	AuthorDate, CommitterDate  string
	Added, Removed, Whitespace int64
}

// summed is what the dm_* tables must hold, worked out from the commits in another way than the program does: one line for each row.
func (w *world) summed() []string {
	w.t.Helper()
	rows, err := w.pool.Query(w.t.Context(), `
		SELECT c.repo_id, r.repo_group_id, cmt_commit_hash, cmt_filename, cmt_author_email, cmt_author_affiliation, cmt_committer_email, cmt_committer_affiliation,
			cmt_author_date, cmt_committer_date, cmt_added, cmt_removed, cmt_whitespace
		FROM commits c JOIN repo r ON r.repo_id = c.repo_id`)
	require.NoError(w.t, err)
	commits, err := pgx.CollectRows(rows, pgx.RowToStructByPos[stored])
	require.NoError(w.t, err)
	report := strings.Join(w.strings("SELECT value FROM settings WHERE setting IN ('report_attribution', 'report_date') ORDER BY setting"), " ")
	excluded := w.strings("SELECT projects_id || ' ' || email FROM exclude UNION ALL SELECT projects_id || ' @' || domain FROM exclude WHERE domain <> 'NULL'")

	type total struct {
		lines          [3]int64
		files, patches map[string]bool
	}
	repos := map[string]*total{}
	owner := map[string]int64{}
	for _, c := range commits {
		who, affiliation, day := c.Author, c.Aff, c.CommitterDate
		if strings.HasPrefix(report, "committer") {
			who, affiliation = c.Committer, c.CommitterAff
		}
		if strings.HasSuffix(report, "author") {
			day = c.AuthorDate
		}
		if slices.ContainsFunc(excluded, func(e string) bool {
			group, what, _ := strings.Cut(e, " ")
			_, domain, _ := strings.Cut(who, "@")
			return (group == "0" || group == fmt.Sprint(c.Group)) && (strings.EqualFold(what, who) || what == "@"+domain || strings.HasPrefix(what, "@") && strings.HasSuffix(domain, "."+what[1:]))
		}) {
			continue
		}
		date, err := time.Parse(time.DateOnly, day)
		require.NoError(w.t, err)
		year, week := date.ISOWeek()
		for _, period := range []string{fmt.Sprintf("annual %d 0", date.Year()), fmt.Sprintf("monthly %d %d", date.Year(), date.Month()), fmt.Sprintf("weekly %d %d", year, week)} {
			key := fmt.Sprintf("%s %d %s|%s", period, c.Repo, who, affiliation)
			if repos[key] == nil {
				repos[key] = &total{files: map[string]bool{}, patches: map[string]bool{}}
			}
			owner[key] = c.Group
			t := repos[key]
			t.lines[0], t.lines[1], t.lines[2] = t.lines[0]+c.Added, t.lines[1]+c.Removed, t.lines[2]+c.Whitespace
			t.files[c.Path], t.patches[c.Hash] = true, true
		}
	}
	lines := []string{}
	sums := map[string][5]int64{}
	for key, t := range repos {
		s := [5]int64{t.lines[0], t.lines[1], t.lines[2], int64(len(t.files)), int64(len(t.patches))}
		lines = append(lines, fmt.Sprintf("repo %s %v", key, s))
		parts := strings.SplitN(key, " ", 5)
		group := fmt.Sprintf("group %s %s %s %d %s", parts[0], parts[1], parts[2], owner[key], parts[4])
		have := sums[group]
		for i := range s {
			have[i] += s[i]
		}
		sums[group] = have
	}
	for group, s := range sums {
		lines = append(lines, fmt.Sprintf("%s %v", group, s))
	}
	slices.Sort(lines)
	return lines
}

// cached is what the dm_* tables hold, in the same form.
func (w *world) cached() []string {
	w.t.Helper()
	var parts []string
	for _, table := range []struct{ kind, id string }{{"repo", "repo_id"}, {"repo_group", "repo_group_id"}} {
		for level, part := range map[string]string{"annual": "0", "monthly": "month", "weekly": "week"} {
			parts = append(parts, fmt.Sprintf("SELECT format('%s %s %%s %%s %%s %%s|%%s [%%s %%s %%s %%s %%s]', year, %s, %s, email, affiliation, added, removed, whitespace, files, patches) FROM dm_%s_%s",
				strings.TrimPrefix(table.kind, "repo_"), level, part, table.id, table.kind, level))
		}
	}
	lines := w.strings(strings.Join(parts, " UNION ALL "))
	slices.Sort(lines)
	return lines
}

// attributed is what the columns of commits must say, worked out by the plainest reading of the rules.
func (w *world) attributed() (want, got []string) {
	w.t.Helper()
	const common = `SELECT concat_ws('|', c.cmt_id, %s) FROM commits c
		LEFT JOIN augur_operations.commit_identity i ON i.repo_id = c.repo_id AND i.email = c.cmt_author_raw_email AND i.name = c.cmt_author_name
		LEFT JOIN contributors_aliases a ON a.alias_email = coalesce(i.mapped_email, c.cmt_author_raw_email) AND a.cntrb_active = 1
		LEFT JOIN contributors_aliases r ON r.alias_email = c.cmt_author_raw_email AND r.cntrb_active = 1
		CROSS JOIN LATERAL (SELECT coalesce(a.canonical_email, i.mapped_email, c.cmt_author_raw_email) AS email) e
		LEFT JOIN contributor_affiliations f ON f.ca_domain = split_part(e.email, '@', 2) AND f.ca_start_date <= c.cmt_author_date::date ORDER BY c.cmt_id`
	want = w.strings(fmt.Sprintf(common, "e.email, coalesce(f.ca_affiliation, '(Unknown)'), coalesce(a.cntrb_id, r.cntrb_id)"))
	got = w.strings("SELECT concat_ws('|', cmt_id, cmt_author_email, cmt_author_affiliation, cmt_ght_author_id) FROM commits ORDER BY cmt_id")
	return want, got
}

func TestSumsAreThoseOfTheCommitsAfterAnything(t *testing.T) {
	t.Parallel()
	for seed := range uint64(3) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			w.recalled = int(seed) // of the first all rows are looked through, of the others hardly ever
			random := rand.New(rand.NewPCG(seed, 7))
			repos := []int64{w.repo("https://git.example.org/1", 1), w.repo("https://git.example.org/2", 1), w.repo("https://github.com/a/3", 10)}
			w.exec(`INSERT INTO contributors (cntrb_id, cntrb_login) SELECT ('01000000-0' || i || '00-0000-0000-000000000000')::uuid, 'p' || i FROM generate_series(1, 9) i`)
			email := func() string { return fmt.Sprintf("e%d@d%d.example", random.IntN(6), random.IntN(3)) }
			day := func() string {
				return time.Date(2019+random.IntN(4), time.Month(1+random.IntN(12)), 1+random.IntN(31), 0, 0, 0, 0, time.UTC).Format(time.DateOnly)
			}
			stored := map[int64][]string{}
			for range 40 {
				repo := repos[random.IntN(len(repos))]
				switch op := random.IntN(13); op {
				case 0, 1, 2, 3:
					var commits []commit
					for range 1 + random.IntN(6) {
						c := commit{name: fmt.Sprint("n", random.IntN(2)), email: email(), committer: email(), day: day(), authorDay: day()}
						for i := range 1 + random.IntN(3) {
							c.files = append(c.files, change(fmt.Sprintf("f%d-%d", i, random.IntN(3)), int32(random.IntN(20))))
						}
						commits = append(commits, c)
					}
					stored[repo] = append(stored[repo], w.store(repo, commits...)...)
				case 4:
					if n := len(stored[repo]); n > 0 {
						from := random.IntN(n)
						w.drop(repo, stored[repo][from:]...)
						stored[repo] = stored[repo][:from]
					}
				case 5, 6:
					w.exec(`INSERT INTO contributors_aliases (alias_email, canonical_email, cntrb_id, cntrb_active) VALUES ($1, $2, ('01000000-0' || $3 || '00-0000-0000-000000000000')::uuid, $4)
						ON CONFLICT (alias_email) DO UPDATE SET canonical_email = excluded.canonical_email, cntrb_id = excluded.cntrb_id, cntrb_active = excluded.cntrb_active`,
						email(), email(), fmt.Sprint(1+random.IntN(9)), random.IntN(2))
				case 7:
					w.exec(`INSERT INTO contributor_affiliations (ca_domain, ca_affiliation, ca_start_date) VALUES ($1, $2, $3)
						ON CONFLICT (ca_domain) DO UPDATE SET ca_affiliation = excluded.ca_affiliation, ca_start_date = excluded.ca_start_date`,
						fmt.Sprintf("d%d.example", random.IntN(3)), fmt.Sprint("Org ", random.IntN(4)), time.Date(2019+random.IntN(4), 5, 6, 0, 0, 0, 0, time.UTC))
				case 8:
					w.exec("UPDATE repo SET repo_group_id = $2 WHERE repo_id = $1", repo, []int{1, 10, 25430}[random.IntN(3)])
				case 9:
					w.exec("DELETE FROM contributors_aliases WHERE alias_email = $1", email())
				case 10:
					w.exec("INSERT INTO exclude (id, projects_id, email, domain) VALUES ((SELECT coalesce(max(id), 0) + 1 FROM exclude), $1, $2, $3)",
						[]int{0, 1, 10}[random.IntN(3)], email(), []string{"NULL", "none.example", "d1.example"}[random.IntN(3)])
				case 11:
					w.exec("DELETE FROM exclude WHERE id = (SELECT min(id) FROM exclude)")
				case 12:
					w.exec("UPDATE settings SET value = CASE value WHEN 'author' THEN 'committer' ELSE 'author' END WHERE setting = $1", []string{"report_date", "report_attribution"}[random.IntN(2)])
				}
				if len(w.strings("SELECT 'x' FROM augur_operations.people_change WHERE kind IN ('group', 'repo')")) == 0 {
					require.Equal(t, w.summed(), w.cached(), "at once")
				}
				if random.IntN(3) == 0 {
					w.run(repo)
					require.Equal(t, w.summed(), w.cached(), "after a run")
					want, got := w.attributed()
					require.Equal(t, want, got)
				}
			}
		})
	}
}

func TestForgottenYearsAreReadAgain(t *testing.T) {
	t.Parallel()
	w := setup(t)
	repo := w.repo("https://git.example.org/1", 1)
	w.tally[repo].SetLimit(20)
	random := rand.New(rand.NewPCG(1, 2))
	for i := range 30 {
		year := 2000 + i
		if i%5 == 4 {
			year = 2000
		}
		w.store(repo, commit{
			name: "a", email: fmt.Sprintf("e%d@x.example", random.IntN(3)), day: fmt.Sprintf("%d-03-0%d", year, 1+random.IntN(9)),
			files: []people.FileChange{change(fmt.Sprint("f", random.IntN(3)), 3), change(fmt.Sprint("g", random.IntN(3)), 3)},
		})
		require.Equal(t, w.summed(), w.cached())
	}
}
