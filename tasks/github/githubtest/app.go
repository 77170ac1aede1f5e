package githubtest

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// App is a GitHub App: it signs its requests with its key, and gets tokens that last an hour for where it is installed.
type App struct {
	ID         int64
	PrivateKey []byte // PEM, as GitHub gives it out

	key           *rsa.PrivateKey
	account       *account
	installations []*installation
}

type installation struct {
	id    int64
	owner *User
	of    *account // its budget
}

// installationTokens is how long a token of an installation lasts.
const installationTokens = time.Hour

// AddApp registers an app, installed at the owners of these logins. Each installation has limits of its own.
func (s *Server) AddApp(owners ...string) (*App, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keys.mu.Lock()
	defer s.keys.mu.Unlock()
	app := &App{
		ID: 900_000 + int64(len(s.keys.apps)), key: key, account: s.keys.newAccount("app", s.options.limits.Core, s.options.limits.GraphQL),
		PrivateKey: pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}),
	}
	for _, login := range owners {
		id := app.ID*100 + int64(len(app.installations))
		app.installations = append(app.installations, &installation{
			id: id, owner: s.gen.owner(login), of: s.keys.newAccount(fmt.Sprintf("installation-%d", id), s.options.limits.Core, s.options.limits.GraphQL),
		})
	}
	s.keys.apps = append(s.keys.apps, app)
	return app, nil
}

// signed is the app whose signature a token of three parts bears, nil when there is none or its time is over. GitHub allows ten minutes.
func (k *keyring) signed(token string) *App {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return nil
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return nil
	}
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil {
		return nil
	}
	var claims struct {
		Issuer  json.RawMessage `json:"iss"`
		Issued  int64           `json:"iat"`
		Expires int64           `json:"exp"`
	}
	if json.Unmarshal(payload, &claims) != nil {
		return nil
	}
	now := k.s.clock.Now()
	if time.Unix(claims.Expires, 0).Before(now) || time.Unix(claims.Issued, 0).After(now.Add(time.Minute)) ||
		time.Unix(claims.Expires, 0).After(now.Add(10*time.Minute)) {
		return nil
	}
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	for _, app := range k.apps {
		if strings.Trim(string(claims.Issuer), `"`) == itoa(app.ID) && rsa.VerifyPKCS1v15(&app.key.PublicKey, crypto.SHA256, sum[:], signature) == nil {
			return app
		}
	}
	return nil
}

func serveInstallations(c *call) *Response {
	return numbered[*installation]{rows: c.key.app.installations, write: func(w *writer, n *installation) {
		w.open()
		w.num("id", n.id)
		w.user("account", n.owner)
		w.num("app_id", c.key.app.ID)
		w.str("repository_selection", "all")
		w.url("access_tokens_url", c.s.url, "/app/installations/", itoa(n.id), "/access_tokens")
		w.url("repositories_url", c.s.url, "/installation/repositories")
		w.num("target_id", n.owner.ID)
		w.str("target_type", n.owner.Type)
		w.time("created_at", n.owner.Created)
		w.time("updated_at", n.owner.Created)
		w.null("suspended_at")
		w.close()
	}}.serve(c)
}

func serveInstallationToken(c *call) *Response {
	id, _ := strconv.ParseInt(c.params["installation_id"], 10, 64)
	for _, n := range c.key.app.installations {
		if n.id != id {
			continue
		}
		k := &c.s.keys
		k.mu.Lock()
		k.issued++
		token := &key{token: fmt.Sprintf("ghs_fake%032d", k.issued), user: n.of, expires: c.s.clock.Now().Add(installationTokens).Truncate(time.Second)}
		k.keys[token.token] = token
		k.mu.Unlock()
		resp := written(func(w *writer) {
			w.open()
			w.str("token", token.token)
			w.time("expires_at", token.expires)
			w.object("permissions")
			w.str("metadata", "read")
			w.close()
			w.str("repository_selection", "all")
			w.close()
		})
		resp.Status = http.StatusCreated
		return resp
	}
	return notFound()
}
