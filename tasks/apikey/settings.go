package apikey

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"slices"
	"strings"
	"unicode"

	"augur/db/config"
)

// Keys is section Keys of the settings table: the tokens of the operator. More tokens can be kept in augur_operations.worker_oauth.
//
// They are never printed: commands, logs and pages show REDACTED.
type Keys struct {
	_ struct{} `section:"Keys" effect:"at once"`

	// Personal access tokens for GitHub, one or many: separated by commas, blanks or new lines. No scope is needed for public repositories. Tokens
	// of one user share that user's limits, so more of them give nothing. Empty, or Augur's placeholder `github`: there is none.
	GitHub config.Secret `setting:"github_api_key" default:""`
	// Number of a GitHub App whose installations are used as keys, beside the tokens. 0: there is none.
	GitHubAppID int64 `setting:"github_app_id" default:"0" min:"0" max:"1000000000"`
	// Private key of that App: the text of the PEM file that GitHub gave. New lines may be written as `\n`.
	GitHubAppKey config.Secret `setting:"github_app_private_key" default:""`
	// Personal access token for GitLab. Empty, or Augur's placeholder `gitlab`: there is none.
	GitLab config.Secret `setting:"gitlab_api_key" default:"" unused:"no task calls the GitLab API yet"`
}

// Validate reports keys that cannot be used. It never quotes them.
func (k Keys) Validate() error {
	var faults []error
	for _, token := range split(k.GitHub) {
		if !isToken(token) {
			faults = append(faults, errors.New("Keys.github_api_key: must be words of printable ASCII characters"))
			break
		}
	}
	if !isToken(k.GitLab.Reveal()) {
		faults = append(faults, errors.New("Keys.gitlab_api_key: must be one word of printable ASCII characters"))
	}
	if block, _ := pem.Decode(k.GitHubAppPEM()); k.GitHubAppKey.Set() && (block == nil || !isRSA(block.Bytes)) {
		faults = append(faults, errors.New("Keys.github_app_private_key: must be the text of a PEM file with an RSA private key"))
	}
	return errors.Join(faults...)
}

// GitHubAppPEM is the private key of the App with real new lines.
func (k Keys) GitHubAppPEM() []byte {
	return []byte(strings.ReplaceAll(k.GitHubAppKey.Reveal(), `\n`, "\n"))
}

// GitHubTokens are the tokens of the setting, each once.
func (k Keys) GitHubTokens() []config.Secret {
	var tokens []config.Secret
	for _, token := range split(k.GitHub) {
		if token != "github" && !slices.ContainsFunc(tokens, config.NewSecret(token).Equal) {
			tokens = append(tokens, config.NewSecret(token))
		}
	}
	return tokens
}

func split(keys config.Secret) []string {
	return strings.FieldsFunc(keys.Reveal(), func(c rune) bool { return c == ',' || c == ';' || unicode.IsSpace(c) })
}

func isToken(token string) bool {
	return !strings.ContainsFunc(token, func(c rune) bool { return c > unicode.MaxASCII || !unicode.IsPrint(c) || unicode.IsSpace(c) })
}

func isRSA(der []byte) bool {
	if _, err := x509.ParsePKCS1PrivateKey(der); err == nil {
		return true
	}
	_, err := x509.ParsePKCS8PrivateKey(der)
	return err == nil
}

// Fingerprint is what stands for a key in the ledger, in logs and on pages: the beginning of a digest. Tokens are long and random, so that it does not
// lead back to them.
func Fingerprint(platform, key string) string {
	digest := sha256.Sum256([]byte("augur api key\x00" + platform + "\x00" + key))
	return hex.EncodeToString(digest[:8])
}

// Mask is a token as people may see it: what tells them which one it is, and no more.
func Mask(token config.Secret) string {
	const shown = 4
	text := token.Reveal()
	if len(text) < 5*shown {
		return config.Redacted
	}
	prefix, _, ok := strings.Cut(text, "_")
	switch {
	case strings.HasPrefix(text, "github_pat_"):
		prefix = "github_pat_"
	case ok && len(prefix) <= shown:
		prefix += "_"
	default:
		prefix = ""
	}
	return prefix + "..." + text[len(text)-shown:]
}
