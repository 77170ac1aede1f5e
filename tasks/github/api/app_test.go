package api_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/require"

	"augur/tasks/github/api"
)

// application is a GitHub App on the server: what proves that somebody is it, and the tokens that it gave out.
type application struct {
	pair   []string // the settings
	key    *rsa.PrivateKey
	life   time.Duration
	tokens []string
}

func (f *forge) app(t testing.TB) *application {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	text := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
	a := &application{key: key, life: time.Hour, pair: []string{
		"Keys.github_api_key=", "Keys.github_app_id=42", "Keys.github_app_private_key=" + strings.ReplaceAll(string(text), "\n", `\n`),
	}}
	f.on("/app/installations", a.proved(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `[{"id":7,"account":{"login":"org"}},{"id":8,"account":{"login":"away"},"suspended_at":"2026-01-01T00:00:00Z"}]`)
	}))
	f.on("/app/installations/7/access_tokens", a.proved(func(w http.ResponseWriter, _ *http.Request) {
		a.tokens = append(a.tokens, fmt.Sprintf("ghs_CANARY0123456789%d", len(a.tokens)))
		w.WriteHeader(http.StatusCreated)
		fmt.Fprintf(w, `{"token":%q,"expires_at":%q}`, a.tokens[len(a.tokens)-1], time.Now().Add(a.life).UTC().Format(time.RFC3339))
	}))
	return a
}

// proved lets only the App itself in.
func (a *application) proved(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var claims jwt.RegisteredClaims
		_, err := jwt.ParseWithClaims(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "), &claims, func(*jwt.Token) (any, error) { return &a.key.PublicKey, nil })
		if err != nil || claims.Issuer != "42" || time.Until(claims.ExpiresAt.Time) > 10*time.Minute || claims.IssuedAt.After(time.Now()) {
			refuse(401, fmt.Sprint("not the App: ", err))(w, r)
			return
		}
		next(w, r)
	}
}

func TestAnInstallationOfAnAppIsAKey(t *testing.T) {
	t.Parallel()
	f := newForge(t)
	a := f.app(t)
	f.on("/repos/o/r", answer(`{"id":1}`))
	s := f.service(t, a.pair...)
	c := s.Client(api.Who{Kind: "k"})
	for range 3 {
		_, _, err := c.Repository(t.Context(), repo, "")
		require.NoError(t, err)
	}
	require.Equal(t, []string{"ghs_CANARY01234567890"}, a.tokens, "one token for all requests")
	states, err := s.Keys(t.Context())
	require.NoError(t, err)
	require.Len(t, states, 1)
	require.Equal(t, "app 42 installation 7 (org)", states[0].Name)
	require.True(t, states[0].Usable())
	require.NotContains(t, dump(t, f.pool)+f.log.String(), "CANARY")
}

func TestTokensOfAnAppAreRenewedBeforeTheyEnd(t *testing.T) {
	t.Parallel()
	f := newForge(t)
	a := f.app(t)
	a.life = 4 * time.Minute
	f.on("/repos/o/r", answer(`{"id":1}`))
	c := f.client(t, a.pair...)
	for range 3 {
		_, _, err := c.Repository(t.Context(), repo, "")
		require.NoError(t, err)
	}
	require.Len(t, a.tokens, 4, "one to ask what it may use")
}

func TestATokenThatEndedEarlyIsRenewedOnce(t *testing.T) {
	t.Parallel()
	f := newForge(t)
	a := f.app(t)
	bad := refuse(401, "Bad credentials")
	f.on("/repos/o/r", bad, answer(`{"id":1}`), bad) //nolint:gocritic // one after the other
	c := f.client(t, a.pair...)
	_, _, err := c.Repository(t.Context(), repo, "")
	require.NoError(t, err)
	require.Len(t, a.tokens, 2)
	_, _, err = c.Repository(t.Context(), repo, "")
	require.ErrorIs(t, limited(t, err), api.ErrNoKeys)
	require.Len(t, a.tokens, 3)
	var uris []string
	for _, r := range f.requests() {
		uris = append(uris, r.uri)
	}
	const repository, token = "/repos/o/r", "/app/installations/7/access_tokens"
	require.Equal(t, []string{"/app/installations?per_page=100", token, repository, token, repository, repository, token, repository}, uris)
}

func TestAnAppThatWasTakenAwayIsABadKey(t *testing.T) {
	t.Parallel()
	f := newForge(t)
	a := f.app(t)
	f.on("/app/installations/7/access_tokens", refuse(403, "This installation has been suspended"))
	_, _, err := f.client(t, a.pair...).Repository(t.Context(), repo, "")
	require.ErrorIs(t, limited(t, err), api.ErrNoKeys)
	require.Equal(t, "GitHub answers 403: This installation has been suspended", scalar[string](t, f.pool, "SELECT disabled_reason FROM augur_operations.api_key"))
}
