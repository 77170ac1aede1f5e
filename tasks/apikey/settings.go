package apikey

import (
	"errors"
	"strings"
	"unicode"

	"augur/db/config"
)

// Keys is section Keys of the settings table: the tokens of the operator. More tokens can be kept in augur_operations.worker_oauth.
//
// They are never printed: commands, logs and pages show REDACTED.
type Keys struct {
	_ struct{} `section:"Keys" effect:"next task"`

	// Personal access token for GitHub; no scope is needed for public repositories. Empty, or Augur's placeholder `github`: there is none.
	GitHub config.Secret `setting:"github_api_key" default:"" unused:"no task calls the GitHub API yet"`
	// Personal access token for GitLab. Empty, or Augur's placeholder `gitlab`: there is none.
	GitLab config.Secret `setting:"gitlab_api_key" default:"" unused:"no task calls the GitLab API yet"`
}

// Validate reports keys that cannot be sent in a header. It never quotes them.
func (k Keys) Validate() error {
	return errors.Join(
		validate("Keys.github_api_key", k.GitHub),
		validate("Keys.gitlab_api_key", k.GitLab),
	)
}

func validate(name string, key config.Secret) error {
	if strings.ContainsFunc(key.Reveal(), func(c rune) bool { return c > unicode.MaxASCII || !unicode.IsPrint(c) || unicode.IsSpace(c) }) {
		return errors.New(name + ": must be one word of printable ASCII characters")
	}
	return nil
}
