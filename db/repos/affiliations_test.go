package repos_test

import (
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"augur/db/dbtest"
	"augur/db/repos"
)

func loadAffiliations(t testing.TB, pool *pgxpool.Pool, file string) (repos.Summary, []repos.Verdict) {
	t.Helper()
	var verdicts []repos.Verdict
	o := repos.Options{ToolVersion: "9.9", ChunkRows: 3, OnVerdict: func(v repos.Verdict) { verdicts = append(verdicts, v) }}
	summary, err := repos.AddAffiliations(t.Context(), pool, strings.NewReader(file), o)
	require.NoError(t, err)
	require.Len(t, verdicts, summary.Rows)
	return summary, verdicts
}

func TestAddAffiliationsGivesAVerdictToEachRow(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	_, err := pool.Exec(t.Context(), "INSERT INTO augur_data.contributor_affiliations (ca_domain, ca_affiliation, ca_active) VALUES ('Mixed.example', 'Mixed', 1), ('off.example', 'Off', 0)")
	require.NoError(t, err)
	file := "affiliation;note;Domain\n" + // 1
		"\"Example; Inc.\";;example.org\n" + // 2
		"Ann Ltd;;Ann@Example.NET\n" + // 3
		"Mixed;;mixed.EXAMPLE\n" + // 4
		"Other;;mixed.example\n" + // 5
		"Off;;off.example\n" + // 6
		"Again;;@EXAMPLE.org\n" + // 7
		";;nobody.example\n" + // 8
		"X;;localhost\n" + // 9
		"X;;a b.example\n" + // 10
		"X;;@\n" + // 11
		"X;;a@b@c.example\n" + // 12
		"X;;" + strings.Repeat("x", 60) + ".org\n" + // 13
		"X;;" + strings.Repeat("x", 61) + ".org\n" + // 14
		"a\x00b;;nul.example\n" + // 15
		"\xff;;bytes.example\n" + // 16
		strings.Repeat("x", 256) + ";;long.example\n" + // 17
		"X;;.example\n" // 18
	summary, verdicts := loadAffiliations(t, pool, file)
	require.Equal(t, repos.Summary{Rows: 17, Added: 3, AlreadyThere: 2, Rejected: 12}, summary)
	for i, want := range []struct {
		status repos.Status
		reason string
	}{
		{repos.Added, ""},
		{repos.Added, ""},
		{repos.AlreadyThere, ""},
		{repos.Rejected, "duplicate of line 4"},
		{repos.AlreadyThere, "switched off"},
		{repos.Rejected, "duplicate of line 2"},
		{repos.Rejected, "has no affiliation"},
		{repos.Rejected, `"localhost" is neither a domain, such as example.org, nor an e-mail address`},
		{repos.Rejected, "has a blank"},
		{repos.Rejected, "is neither a domain"},
		{repos.Rejected, "is no e-mail address"},
		{repos.Added, ""},
		{repos.Rejected, "longer than 64 characters"},
		{repos.Rejected, "control character"},
		{repos.Rejected, "not UTF-8"},
		{repos.Rejected, "longer than 255 bytes"},
		{repos.Rejected, "is neither a domain"},
	} {
		require.Equal(t, i+2, verdicts[i].Line)
		require.Equal(t, want.status, verdicts[i].Status, "%+v", verdicts[i])
		require.Contains(t, verdicts[i].Reason, want.reason)
	}
	require.Equal(t, 2, count(t, pool, `SELECT count(*) FROM augur_data.contributor_affiliations
		WHERE (ca_domain, ca_affiliation) IN (('example.org', 'Example; Inc.'), ('ann@example.net', 'Ann Ltd')) AND ca_active = 1 AND ca_start_date = '1970-01-01' AND tool_version = '9.9'`))

	summary, verdicts = loadAffiliations(t, pool, "example.org,Other\n")
	require.Equal(t, repos.Summary{Rows: 1, AlreadyThere: 1}, summary)
	require.Equal(t, `keeps its affiliation "Example; Inc."`, verdicts[0].Reason)
}

func TestAddAffiliationsReadsFilesWithoutHeaderInEitherOrder(t *testing.T) {
	t.Parallel()
	for _, file := range []string{"a.example,A\nbob@b.example,B Inc.\n", "A;a.example\r\nB Inc.;bob@b.example\r\n"} {
		pool := dbtest.New(t)
		summary, _ := loadAffiliations(t, pool, file)
		require.Equal(t, repos.Summary{Rows: 2, Added: 2}, summary)
		require.Equal(t, 2, count(t, pool, `SELECT count(*) FROM augur_data.contributor_affiliations WHERE (ca_domain, ca_affiliation) IN (('a.example', 'A'), ('bob@b.example', 'B Inc.'))`))
	}
}
