package repos_test

import (
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"augur/db/dbtest"
	"augur/db/repos"
)

func loadGroups(t testing.TB, pool *pgxpool.Pool, file string) (repos.Summary, []repos.Verdict) {
	t.Helper()
	var verdicts []repos.Verdict
	o := repos.Options{ToolVersion: "9.9", ChunkRows: 3, OnVerdict: func(v repos.Verdict) { verdicts = append(verdicts, v) }}
	summary, err := repos.AddGroups(t.Context(), pool, strings.NewReader(file), o)
	require.NoError(t, err)
	require.Len(t, verdicts, summary.Rows)
	return summary, verdicts
}

func TestAddGroupsGivesAVerdictToEachRow(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	file := "repo_group_id,repo_group_name\n" + // 1
		"20,Repo Group 2\n" + // 2
		"30,\"Group, with \"\"quotes\"\" and Ünïcode\"\n" + // 3
		"10,Another name\n" + // 4
		"20,Again\n" + // 5
		"x,Letters\n" + // 6
		"0,Zero\n" + // 7
		"-1,Negative\n" + // 8
		"3000000000,Beyond 32 bits\n" + // 9
		"40,\n" + // 10
		"40,a\x1b[31mb\n" + // 11
		"40,\xff\n" + // 12
		"40," + strings.Repeat("x", 300) + "\n" + // 13
		"40,=cmd()\n" // 14
	summary, verdicts := loadGroups(t, pool, file)
	require.Equal(t, repos.Summary{Rows: 13, Added: 3, AlreadyThere: 1, Rejected: 9}, summary)
	for i, want := range []struct {
		line   int
		status repos.Status
		reason string
	}{
		{2, repos.Added, ""},
		{3, repos.Added, ""},
		{4, repos.AlreadyThere, `keeps its name "Default Repo Group"`},
		{5, repos.Rejected, "duplicate of line 2"},
		{6, repos.Rejected, `id "x" is not a number`},
		{7, repos.Rejected, "id 0 is not between 1 and 2147483647"},
		{8, repos.Rejected, `id "-1" is not a number`},
		{9, repos.Rejected, "id 3000000000 is not between"},
		{10, repos.Rejected, "has no repo_group_name"},
		{11, repos.Rejected, "control character"},
		{12, repos.Rejected, "not UTF-8"},
		{13, repos.Rejected, "longer than 255 bytes"},
		{14, repos.Added, ""},
	} {
		require.Equal(t, want.line, verdicts[i].Line)
		require.Equal(t, want.status, verdicts[i].Status, "%+v", verdicts[i])
		require.Contains(t, verdicts[i].Reason, want.reason)
	}

	groups, err := repos.Groups(t.Context(), pool)
	require.NoError(t, err)
	require.Contains(t, groups, repos.Group{ID: 30, Name: `Group, with "quotes" and Ünïcode`})
	require.Equal(t, 3, count(t, pool, `
		SELECT count(*) FROM augur_data.repo_groups
		WHERE repo_group_id IN (20, 30, 40) AND rg_description = '' AND rg_website = '' AND rg_recache = 0 AND rg_type = 'Unknown'
			AND tool_source = 'Loaded by user' AND tool_version = '9.9' AND data_source = 'Git'`))

	before := state(t, pool)
	summary, _ = loadGroups(t, pool, file)
	require.Zero(t, summary.Added)
	require.Equal(t, before, state(t, pool))
}

func TestAddGroupsReadsFilesWithoutHeaderInEitherOrder(t *testing.T) {
	t.Parallel()
	for _, file := range []string{"50,Fifty\n2024,2023\n", "Fifty;50\r\n2023;2024\r\n"} {
		pool := dbtest.New(t)
		summary, _ := loadGroups(t, pool, file)
		require.Equal(t, repos.Summary{Rows: 2, Added: 2}, summary)
		require.Equal(t, 2, count(t, pool, `SELECT count(*) FROM augur_data.repo_groups WHERE (repo_group_id, rg_name) IN ((50, 'Fifty'), (2024, '2023'))`))
	}
}

func TestIDsOfTheDatabaseBeginAfterTheLargestChosenOne(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	loadGroups(t, pool, "70000,Far away\n20,Near\n")
	require.Equal(t, 70001, count(t, pool, `INSERT INTO augur_data.repo_groups (rg_name) VALUES ('next') RETURNING repo_group_id`))
	loadGroups(t, pool, "21,Nearer\n")
	require.Equal(t, 70002, count(t, pool, `INSERT INTO augur_data.repo_groups (rg_name) VALUES ('after') RETURNING repo_group_id`))
}

func TestGroupsCountTheirRepositories(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	load(t, pool, "https://github.com/a/b,10\nhttps://github.com/a/c,10\nhttps://github.com/a/d,1\n", repos.Options{})
	groups, err := repos.Groups(t.Context(), pool)
	require.NoError(t, err)
	counts := map[int64]int64{}
	last := int64(0)
	for _, group := range groups {
		require.Greater(t, group.ID, last)
		last = group.ID
		counts[group.ID] = group.Repos
	}
	require.Equal(t, map[int64]int64{1: 1, 10: 2, 25430: 0}, counts)
}

func TestGroupsAreFoundByIDOrName(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	loadGroups(t, pool, "repo_group_id,repo_group_name\n40,Octo\n41,octo\n42,43\n")
	for text, want := range map[string]repos.Group{"40": {ID: 40, Name: "Octo"}, "OCTO": {ID: 40, Name: "Octo"}, "Frontend Repos": {ID: 25430, Name: "Frontend Repos"}} {
		got, err := repos.FindGroup(t.Context(), pool, text)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	for _, text := range []string{"43", "0", "99999999999999999999", "nothing", "", "\x1b[31m"} {
		_, err := repos.FindGroup(t.Context(), pool, text)
		require.ErrorContains(t, err, "`augur db get-repo-groups` lists them", text)
		require.NotContains(t, err.Error(), "\x1b")
	}
}

func TestAGroupOfItsOwnIsMadeOnce(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	// Somebody chose an id that the database would have chosen.
	_, err := pool.Exec(t.Context(), `INSERT INTO augur_data.repo_groups (repo_group_id, rg_name) SELECT max(repo_group_id) + 1, 'taken' FROM augur_data.repo_groups`)
	require.NoError(t, err)
	own := func(name string) (id int64) {
		require.NoError(t, pgx.BeginFunc(t.Context(), pool, func(tx pgx.Tx) (err error) {
			id, err = repos.OwnGroup(t.Context(), tx, name, "https://github.com/"+name, "9.9")
			return err
		}))
		return id
	}
	id := own("octo")
	require.Equal(t, id, own("Octo"))
	require.NotEqual(t, id, own("other"))
	var row string
	require.NoError(t, pool.QueryRow(t.Context(), `SELECT concat_ws('|', rg_name, rg_website, rg_type, rg_recache, tool_source, tool_version, data_source)
		FROM augur_data.repo_groups WHERE repo_group_id = $1`, id).Scan(&row))
	require.Equal(t, "octo|https://github.com/octo|Unknown|0|Loaded by user|9.9|Git", row)
}
