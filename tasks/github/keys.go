package github

import (
	"context"
	"fmt"

	"github.com/dustin/go-humanize/english"
	"github.com/jackc/pgx/v5/pgxpool"

	"augur/db"
	"augur/db/config"
	"augur/tasks/apikey"
)

// HasKey tells whether there is a key with which GitHub can be asked. Without one the tasks are switched off: phases that consist of them wait, and hold up nothing.
func HasKey(settings *config.Store) bool {
	keys := config.Of[apikey.Keys](settings)
	return len(keys.GitHubTokens()) > 0 || keys.GitHubAppID > 0 || config.Of[Settings](settings).StoredKeys
}

// Waiting says why repositories on GitHub are not collected and what to do about it, for people; it is empty when nothing waits for a key.
func Waiting(ctx context.Context, pool *pgxpool.Pool, settings *config.Store) (string, error) {
	if HasKey(settings) {
		return "", nil
	}
	waiting, err := db.New().GithubReposWithoutKey(ctx, pool)
	if err != nil {
		return "", fmt.Errorf("count the repositories that wait for a key: %w", err)
	}
	if waiting == 0 {
		return "", nil
	}
	return fmt.Sprintf("Issues, pull requests and people of %s wait for a key: `augur config set --section Keys --setting github_api_key --value TOKEN`. "+
		"Their git history needs none.", english.Plural(int(waiting), "GitHub repository", "GitHub repositories")), nil
}
