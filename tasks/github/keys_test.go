package github_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"augur/tasks/github"
	"augur/tasks/tasktest"
)

func TestKeysThatUsersHaveStoredAreUsedByThemselves(t *testing.T) {
	t.Parallel()
	w := setupSmall(t)
	setting := func() []string {
		return w.strings("SELECT value FROM augur_operations.config WHERE section_name = 'GitHub' AND setting_name = 'stored_keys'")
	}
	change := func(statement string, args ...any) {
		_, err := w.pool.Exec(t.Context(), statement, args...)
		require.NoError(t, err)
	}
	change(`INSERT INTO augur_operations.worker_oauth (name, consumer_key, consumer_secret, access_token, access_token_secret, platform)
		VALUES ('ann', '', '', 'glpat-x', '', 'gitlab'), ('bob', '', '', '', '', 'github')`)
	require.Equal(t, []string{"0"}, setting())
	change(`UPDATE augur_operations.worker_oauth SET access_token = $1 WHERE name = 'bob'`, w.forge.Token())
	require.Equal(t, []string{"1"}, setting())

	w.options = append(w.options, "Keys.github_api_key=", "GitHub.stored_keys="+setting()[0])
	w.collectWell()

	change("DELETE FROM augur_operations.worker_oauth WHERE name = 'bob'")
	require.Equal(t, []string{"0"}, setting())
}

func TestWhatWaitsForAKeyIsCounted(t *testing.T) {
	t.Parallel()
	w := setupSmall(t)
	w.options = append(w.options, "Keys.github_api_key=")
	waiting := func() string {
		text, err := github.Waiting(t.Context(), w.pool, w.settings())
		require.NoError(t, err)
		return text
	}
	require.Contains(t, waiting(), "people of 1 GitHub repository wait for a key")
	tasktest.AddRepo(t, w.pool, "https://github.com/octo/gadget")
	require.Contains(t, waiting(), "people of 2 GitHub repositories wait for a key")
}
