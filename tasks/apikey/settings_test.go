package apikey_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"augur/db/config"
	"augur/tasks/apikey"
)

func TestKeysAreWordsAndAreNotQuoted(t *testing.T) {
	t.Parallel()
	require.NoError(t, apikey.Keys{}.Validate())
	require.NoError(t, apikey.Keys{GitHub: config.NewSecret("ghp_CANARY"), GitLab: config.NewSecret("glpat-CANARY")}.Validate())
	for _, key := range []string{"CANARY CANARY", "CANARY\r\nX-Evil: 1", "CANARY\x00", "CANARYé"} {
		require.EqualError(t, apikey.Keys{GitHub: config.NewSecret(key), GitLab: config.NewSecret(key)}.Validate(),
			"Keys.github_api_key: must be one word of printable ASCII characters\nKeys.gitlab_api_key: must be one word of printable ASCII characters")
	}
}
