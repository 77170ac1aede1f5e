package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"augur/tasks/git"
)

func TestFacadeDuShowsClonesAndWhatIsNextToGo(t *testing.T) {
	t.Parallel()
	env := settled(t)
	env["AUGUR_HOME"] = t.TempDir()
	require.Contains(t, succeeds(t, env, "facade", "du"), "There are no clones in "+env["AUGUR_HOME"]+"/repos.")

	repos := filepath.Join(env["AUGUR_HOME"], "repos")
	require.NoError(t, os.MkdirAll(filepath.Join(repos, "7-x.git"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(repos, "7-x.git", "pack"), make([]byte, 2_000_000), 0o644))
	require.NoError(t, os.WriteFile(filepath.Join(repos, ".augur-store"), []byte("00000000-0000-0000-0000-000000000001\n"), 0o644))
	execute(t, env, `INSERT INTO augur_operations.git_clone (store, repo_id, name, host, bytes, used_at) VALUES
		('00000000-0000-0000-0000-000000000001', 7, '7-x.git', 'here', 2000000, now() - interval '3 days'),
		('00000000-0000-0000-0000-000000000002', 8, '8-y.git', 'far', 5000000, now())`)
	succeeds(t, env, set("Facade", "disk_quota", "1 MB")...)
	out := succeeds(t, env, "facade", "du")
	require.Contains(t, out, "7-x.git (its repository is gone)")
	require.Contains(t, out, "3 days ago")
	require.Contains(t, out, "1, next to go")
	require.Contains(t, out, "clones 2.0 MB (quota 1.0 MB), other files 0 B")
	require.Contains(t, out, "On far: 1 clone, 5.0 MB")
	var u git.Usage
	require.NoError(t, json.Unmarshal([]byte(succeeds(t, env, "facade", "du", "--json")), &u))
	require.Equal(t, int64(2_000_000), u.Bytes)
	require.True(t, u.Clones[0].Next)
	require.Equal(t, exitUsage, augur(t, env, "facade", "du", "--limit", "-1").status)
}
