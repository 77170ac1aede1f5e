package main

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestStatusNamesWhatIsWrong(t *testing.T) {
	t.Parallel()
	_, env := repository(t)
	require.NotContains(t, succeeds(t, env, "status"), "Problems:")
	execute(t, env, `INSERT INTO augur_operations.config (section_name, setting_name, value, type) VALUES ('Celery', 'core_worker_count', 'many', 'int')
		ON CONFLICT (section_name, setting_name) DO UPDATE SET value = excluded.value`)
	execute(t, env, "INSERT INTO augur_operations.machine_clock (host, ahead_seconds) VALUES ('far', 600)")
	succeeds(t, env, "config", "set", "--section", "Insight_Task", "--setting", "notify_webhook_url", "--value", "http://127.0.0.1:1/")
	execute(t, env, "INSERT INTO augur_operations.insight_delivery (channel, insight_ids, error, given_up) VALUES ('webhook', '{1}', E'status\x1b 500', true)")
	execute(t, env, `INSERT INTO augur_operations.followed_owner (platform, node_id, login, kind, repo_group_id, archived, forks, failures, error)
		SELECT 'github', 'O_' || n, 'org' || n, 'Organization', (SELECT min(repo_group_id) FROM augur_data.repo_groups), false, false, n, 'GitHub does not show it' FROM generate_series(0, 4) n`)
	out := succeeds(t, env, "status")
	require.Contains(t, out, "Problems:\n  the clock of far is 10m0s ahead of the database's: let it follow a time server\n  setting Celery.core_worker_count: ")
	require.Contains(t, out, "\n  new repositories of org1 are not added (1 look in a row): GitHub does not show it\n  new repositories of org2 are not added (2 looks in a row): GitHub does not show it\n")
	require.Contains(t, out, "\n  the same is true of 1 more owner: `augur db get-github-orgs` lists them\n")
	require.NotContains(t, out, "org0")
	require.Regexp(t, `\n  1 insight could not be told by webhook \(given up on .*\): status\? 500\n`, out)
	var report struct{ Problems []string }
	require.NoError(t, json.Unmarshal([]byte(succeeds(t, env, "status", "--json")), &report))
	require.Len(t, report.Problems, 7)
}
