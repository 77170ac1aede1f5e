package migrate_test

import (
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"augur/db/dbtest"
)

func TestFreshDatabaseHoldsTheRowsThatConsumersExpect(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	for _, test := range []struct {
		query string
		want  []string
	}{
		{"SELECT pltfrm_id || ' ' || pltfrm_name FROM augur_data.platform ORDER BY pltfrm_id", []string{"0 Unresolved", "1 GitHub", "2 GitLab"}},
		{
			"SELECT repo_group_id || ' ' || rg_name FROM augur_data.repo_groups ORDER BY repo_group_id",
			[]string{"1 Default Repo Group", "10 Default Repo Group", "25430 Frontend Repos"},
		},
		{
			"SELECT cntrb_id || ' ' || cntrb_login FROM augur_data.contributors ORDER BY cntrb_id",
			[]string{"00000000-0000-0000-0000-000000000000 not-provided", "01000000-0000-0000-0000-000000000000 nan"},
		},
		{
			"SELECT setting || ' ' || value FROM augur_data.settings WHERE id IN (5, 6, 7, 10, 11) ORDER BY id",
			[]string{"report_date committer", "report_attribution author", "update_frequency 24", "working_author done", "utility_status Idle"},
		},
		{"SELECT setting || '=' || value FROM augur_operations.augur_settings", []string{"augur_data_version=100"}},
		{
			"SELECT u.user_id || ' ' || u.login_name || ' ' || g.group_id || ' ' || g.name FROM augur_operations.users u " +
				"JOIN augur_operations.user_groups g ON g.user_id = u.user_id",
			[]string{"1 cli_user 1 default"},
		},
		{"SELECT repo_git FROM augur_data.repo", nil},
	} {
		rows, err := pool.Query(t.Context(), test.query)
		require.NoError(t, err)
		got, err := pgx.CollectRows(rows, pgx.RowTo[string])
		require.NoError(t, err)
		require.ElementsMatch(t, test.want, got, test.query)
	}
	require.Equal(t, int64(13), count(t, pool, "SELECT count(*) FROM augur_data.settings"))
	require.Greater(t, count(t, pool, "SELECT count(*) FROM augur_data.contributor_affiliations WHERE ca_active = 1"), int64(100))
	require.Zero(t, count(t, pool, "SELECT count(*) FROM augur_data.contributor_affiliations WHERE ca_domain <> lower(ca_domain)"))
	require.Zero(t, count(t, pool, "SELECT count(*) FROM augur_operations.users WHERE login_hashword LIKE 'pbkdf2%' OR admin"),
		"nobody can log in with a seeded password")
}

func TestNewRowsGetIdsBehindTheSeededOnes(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	for _, test := range []struct {
		insert string
		want   int64
	}{
		{"INSERT INTO augur_data.platform (pltfrm_name) VALUES ('x') RETURNING pltfrm_id", 3},
		{"INSERT INTO augur_data.repo_groups (rg_name) VALUES ('x') RETURNING repo_group_id", 25431},
		{"INSERT INTO augur_data.repo (repo_group_id, repo_git) VALUES (1, 'https://example.org/x') RETURNING repo_id", 1},
		{
			"INSERT INTO augur_operations.users (login_name, login_hashword, email, first_name, last_name, admin) " +
				"VALUES ('x', 'x', 'x', 'x', 'x', false) RETURNING user_id", 2,
		},
		{"INSERT INTO augur_operations.user_groups (user_id, name) VALUES (1, 'x') RETURNING group_id", 2},
		{
			"INSERT INTO augur_operations.worker_oauth (name, consumer_key, consumer_secret, access_token, access_token_secret) " +
				"VALUES ('x', 'x', 'x', 'x', 'x') RETURNING oauth_id", 1000,
		},
	} {
		require.Equal(t, test.want, count(t, pool, test.insert), test.insert)
	}
}
