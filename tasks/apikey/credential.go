package apikey

import (
	"context"
	"fmt"
	"strings"

	"augur/db"
	"augur/db/config"
)

// Credential is a key and the way to its token.
type Credential struct {
	Fingerprint string
	// Source says where the key is, for people: the name of a setting, a row of a table.
	Source string
	// Name is what people know the key by, and which does not give it away.
	Name string
	// Token is the text to be sent. It may ask the platform for a new one; an *[InvalidError] says that the key is good for nothing.
	Token func(ctx context.Context) (config.Secret, error)
	// Renew makes Token ask for a new text the next time; nil when there is only one.
	Renew func()
}

// InvalidError says that a platform does not accept a key. Functions about keys return it; the key is then disabled.
type InvalidError struct{ Reason string }

func (e *InvalidError) Error() string { return "the key is not accepted: " + e.Reason }

// Plain is the credential of a token that never changes.
func Plain(platform, source string, token config.Secret) Credential {
	return Credential{
		Fingerprint: Fingerprint(platform, token.Reveal()), Source: source, Name: Mask(token),
		Token: func(context.Context) (config.Secret, error) { return token, nil },
	}
}

// Stored lists the tokens in augur_operations.worker_oauth, where users' keys are.
func Stored(ctx context.Context, tx db.DBTX, platform string) ([]Credential, error) {
	rows, err := db.New().StoredKeys(ctx, tx, platform)
	if err != nil {
		return nil, fmt.Errorf("read the keys in worker_oauth: %w", err)
	}
	var found []Credential
	for _, row := range rows {
		token := strings.TrimSpace(row.AccessToken)
		if token == "" || !isToken(token) {
			continue // nothing that could be sent in a header
		}
		found = append(found, Plain(platform, fmt.Sprintf("worker_oauth %d", row.OauthID), config.NewSecret(token)))
	}
	return found, nil
}
