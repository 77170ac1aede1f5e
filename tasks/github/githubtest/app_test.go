package githubtest_test

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
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"augur/tasks/github/githubtest"
)

// signature is a JSON web token of an app, good for ten minutes from a time on.
func signature(t testing.TB, app *githubtest.App, from time.Time) string {
	t.Helper()
	block, _ := pem.Decode(app.PrivateKey)
	key, err := x509.ParsePKCS1PrivateKey(block.Bytes)
	require.NoError(t, err)
	encode := base64.RawURLEncoding.EncodeToString
	text := encode([]byte(`{"alg":"RS256","typ":"JWT"}`)) + "." +
		encode(fmt.Appendf(nil, `{"iat":%d,"exp":%d,"iss":"%d"}`, from.Unix(), from.Add(10*time.Minute).Unix(), app.ID))
	sum := sha256.Sum256([]byte(text))
	signed, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum[:])
	require.NoError(t, err)
	return text + "." + encode(signed)
}

func readToken(t testing.TB, resp *http.Response) string {
	t.Helper()
	defer resp.Body.Close()
	var got struct {
		Token   string
		Expires time.Time `json:"expires_at"`
	}
	require.NoError(t, json.NewDecoder(resp.Body).Decode(&got))
	require.False(t, got.Expires.IsZero())
	return got.Token
}
