package apikey_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"augur/db/config"
	"augur/tasks/apikey"
)

func TestKeysAreWordsAndAreNotQuoted(t *testing.T) {
	t.Parallel()
	require.NoError(t, apikey.Keys{}.Validate())
	require.NoError(t, apikey.Keys{GitHub: config.NewSecret("ghp_CANARY"), GitLab: config.NewSecret("glpat-CANARY")}.Validate())
	for _, key := range []string{"CANARY\x00", "CANARYé"} {
		require.EqualError(t, apikey.Keys{GitHub: config.NewSecret("ghp_1," + key), GitLab: config.NewSecret(key)}.Validate(),
			"Keys.github_api_key: must be words of printable ASCII characters\nKeys.gitlab_api_key: must be one word of printable ASCII characters")
	}
	require.EqualError(t, apikey.Keys{GitLab: config.NewSecret("CANARY\r\nX-Evil: 1")}.Validate(),
		"Keys.gitlab_api_key: must be one word of printable ASCII characters")
}

func TestManyTokensInOneSetting(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]string{
		"": nil, "github": nil, " , ;\n": nil, "ghp_1": {"ghp_1"}, "ghp_1,ghp_2": {"ghp_1", "ghp_2"}, " ghp_1 \r\n\tghp_2;ghp_1\n": {"ghp_1", "ghp_2"},
	} {
		var got []string
		for _, token := range (apikey.Keys{GitHub: config.NewSecret(text)}).GitHubTokens() {
			got = append(got, token.Reveal())
		}
		require.Equal(t, want, got, "%q", text)
	}
}

func TestThePrivateKeyOfAnAppIsAPEMFile(t *testing.T) {
	t.Parallel()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	text := string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}))
	require.NoError(t, apikey.Keys{GitHubAppID: 1, GitHubAppKey: config.NewSecret(text)}.Validate())
	require.NoError(t, apikey.Keys{GitHubAppID: 1, GitHubAppKey: config.NewSecret(strings.ReplaceAll(text, "\n", `\n`))}.Validate())
	for _, text := range []string{"CANARY", text[:100], strings.Replace(text, "M", "N", 1)} {
		require.EqualError(t, apikey.Keys{GitHubAppKey: config.NewSecret(text)}.Validate(),
			"Keys.github_app_private_key: must be the text of a PEM file with an RSA private key")
	}
}

func TestMaskShowsWhichKeyItIsAndNoMore(t *testing.T) {
	t.Parallel()
	for token, want := range map[string]string{
		"ghp_0123456789abcdefghijklmnopqrstuvwxyz": "ghp_...wxyz",
		"github_pat_11ABCDEFG0123456789_abcdefgh":  "github_pat_...efgh",
		"0123456789abcdef0123456789abcdef01234567": "...4567",
		"hunter2":                "REDACTED",
		"a_secret_of_many_words": "a_...ords",
		"":                       "REDACTED",
	} {
		require.Equal(t, want, apikey.Mask(config.NewSecret(token)))
	}
}

func TestFingerprintsAreStableAndTellKeysApart(t *testing.T) {
	t.Parallel()
	require.Equal(t, "8e1206332cef5a78", apikey.Fingerprint("github", "ghp_1"), "what is in ledgers must go on standing for the same keys")
	require.NotEqual(t, apikey.Fingerprint("github", "ghp_1"), apikey.Fingerprint("github", "ghp_2"))
	require.NotEqual(t, apikey.Fingerprint("github", "ghp_1"), apikey.Fingerprint("gitlab", "ghp_1"))
}
