package api

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"augur/db/config"
	"augur/tasks/apikey"
)

// How long things of an App last.
const (
	// listInstallations is how often the App is asked where it is installed, and listAgain how soon after that failed.
	listInstallations = time.Hour
	listAgain         = time.Minute
	// renewBefore is how long before its end a token is renewed. GitHub gives them for an hour.
	renewBefore = 5 * time.Minute
	// proofTime is how long the App's own proof is good for. GitHub takes ten minutes, on its own clock.
	proofTime, proofSkew = 8 * time.Minute, time.Minute
	// maxInstallations is how many installations are used.
	maxInstallations = 100
)

// app is the GitHub App of the settings. Each of its installations is a key. It is safe for concurrent use.
type app struct {
	service *Service

	mu            sync.Mutex
	of            [sha256.Size]byte // the settings that the rest is about
	listed        time.Time         // when the list is to be asked for again
	installations []*installation
}

func newApp(s *Service) *app { return &app{service: s} }

// credentials lists the installations. When GitHub does not answer, those that are known go on being used.
func (a *app) credentials(ctx context.Context, keys apikey.Keys) []apikey.Credential {
	if keys.GitHubAppID == 0 || !keys.GitHubAppKey.Set() {
		return nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	settings := config.Of[Settings](a.service.settings)
	of := sha256.Sum256(fmt.Appendf(nil, "%d %s %s", keys.GitHubAppID, settings.APIURL, keys.GitHubAppPEM()))
	if of != a.of {
		a.of, a.listed, a.installations = of, time.Time{}, nil
	}
	if !time.Now().Before(a.listed) {
		a.listed = time.Now().Add(listInstallations)
		if err := a.list(ctx, keys); err != nil {
			a.listed = time.Now().Add(listAgain)
			a.service.options.Log.ErrorContext(ctx, "installations of the GitHub App not listed", slog.Int64("app", keys.GitHubAppID), slog.Any("error", err))
		}
	}
	found := make([]apikey.Credential, 0, len(a.installations))
	for _, i := range a.installations {
		found = append(found, i.credential())
	}
	return found
}

// list asks where the App is installed. Installations that are known keep their tokens.
func (a *app) list(ctx context.Context, keys apikey.Keys) error {
	proof := func() (config.Secret, error) { return prove(keys, time.Now()) }
	var page []struct {
		ID          int64      `json:"id"`
		SuspendedAt *time.Time `json:"suspended_at"`
		Account     *User      `json:"account"`
	}
	if _, err := a.service.askAsApp(ctx, proof, http.MethodGet, "app/installations?per_page="+strconv.Itoa(maxInstallations), &page); err != nil {
		return fmt.Errorf("list installations: %w", err)
	}
	known := map[int64]*installation{}
	for _, i := range a.installations {
		known[i.id] = i
	}
	a.installations = nil
	for _, row := range page {
		if row.SuspendedAt != nil {
			continue
		}
		i := known[row.ID]
		if i == nil {
			i = &installation{service: a.service, app: keys.GitHubAppID, id: row.ID, prove: proof}
		}
		i.account = row.Account.GetLogin()
		a.installations = append(a.installations, i)
	}
	return nil
}

// prove makes the proof that we are the App: a signed statement of its number and the time.
func prove(keys apikey.Keys, now time.Time) (config.Secret, error) {
	key, err := jwt.ParseRSAPrivateKeyFromPEM(keys.GitHubAppPEM())
	if err != nil {
		return config.Secret{}, errors.New("read Keys.github_app_private_key: it is no private key") // the reason might quote it
	}
	signed, err := jwt.NewWithClaims(jwt.SigningMethodRS256, jwt.RegisteredClaims{
		Issuer: strconv.FormatInt(keys.GitHubAppID, 10), IssuedAt: jwt.NewNumericDate(now.Add(-proofSkew)), ExpiresAt: jwt.NewNumericDate(now.Add(proofTime)),
	}).SignedString(key)
	if err != nil {
		return config.Secret{}, fmt.Errorf("sign the App's proof: %w", err)
	}
	return config.NewSecret(signed), nil
}

// installation is an account that has the App. Its token is renewed before it ends.
type installation struct {
	service *Service
	app, id int64
	account string
	prove   func() (config.Secret, error)

	mu      sync.Mutex
	token   config.Secret
	expires time.Time
}

// credential is the installation as a key. Its fingerprint is of the installation, since GitHub counts by that; tokens come and go.
func (i *installation) credential() apikey.Credential {
	name := fmt.Sprintf("app %d installation %d", i.app, i.id)
	return apikey.Credential{
		Fingerprint: apikey.Fingerprint(Platform, name), Source: name, Name: name + " (" + i.account + ")", Token: i.current, Renew: i.forget,
	}
}

// current is the token, which is asked for when there is none or it ends soon.
func (i *installation) current(ctx context.Context) (config.Secret, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.token.Set() && time.Until(i.expires) > renewBefore {
		return i.token, nil
	}
	var given struct {
		Token     string    `json:"token"`
		ExpiresAt time.Time `json:"expires_at"`
	}
	x, err := i.service.askAsApp(ctx, i.prove, http.MethodPost, fmt.Sprintf("app/installations/%d/access_tokens", i.id), &given)
	if refused, ok := errors.AsType[*StatusError](err); ok && refused.Status < 500 && refused.Status != http.StatusTooManyRequests {
		return config.Secret{}, &apikey.InvalidError{Reason: refused.Error()}
	}
	if err != nil {
		return config.Secret{}, fmt.Errorf("get a token of installation %d: %w", i.id, err)
	}
	if given.Token == "" {
		return config.Secret{}, fmt.Errorf("get a token of installation %d: the answer has none", i.id)
	}
	i.token, i.expires = config.NewSecret(given.Token), time.Now().Add(given.ExpiresAt.Sub(x.date()))
	return i.token, nil
}

func (i *installation) forget() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.token = config.Secret{}
}

// askAsApp makes a request as the App itself. These are not counted to any key.
func (s *Service) askAsApp(ctx context.Context, prove func() (config.Secret, error), method, path string, out any) (*exchange, error) {
	x, _, err := s.askPlainly(ctx, plain{
		key: "app", method: method, path: path, token: func(context.Context) (config.Secret, error) { return prove() },
	}, out)
	return x, err
}
