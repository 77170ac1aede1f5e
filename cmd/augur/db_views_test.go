package main

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"augur/monitor/care"
)

func TestRefreshViewsByHand(t *testing.T) {
	t.Parallel()
	env := database(t)
	refresh := func(args ...string) (views []care.View, got result) {
		got = augur(t, env, append([]string{"db", "refresh-views", "--json"}, args...)...)
		if got.status != 2 {
			require.NoError(t, json.Unmarshal([]byte(got.stdout), &views), got.stdout+got.stderr)
		}
		return views, got
	}
	views, _ := refresh("--list")
	require.Len(t, views, 14)
	require.Empty(t, views[0].Outcome)
	require.Contains(t, succeeds(t, env, "db", "refresh-views", "--list"), "never refreshed")

	views, got := refresh("explorer_entry_list", "augur_data.explorer_user_repos")
	require.Zero(t, got.status)
	require.Len(t, views, 2)
	require.Equal(t, care.Refreshed, views[0].Outcome)
	require.Contains(t, got.stderr, "refreshing augur_data.explorer_entry_list\naugur_data.explorer_entry_list took ")
	require.Contains(t, succeeds(t, env, "db", "refresh-views"), "unchanged", "two of them were refreshed just now")

	execute(t, env, "DROP INDEX augur_data.explorer_entry_list_repo_id_idx")
	views, got = refresh("--force", "--timeout", "10m")
	require.Len(t, views, 14)
	require.Equal(t, 1, got.status, "one of them cannot be refreshed")
	got = augur(t, env, "db", "refresh-views", "nonsense")
	require.Equal(t, 1, got.status)
	require.Contains(t, got.stderr, `there is no materialized view "nonsense"`)
	_, got = refresh("--timeout", "-1s")
	require.Equal(t, 2, got.status)
}
