package web_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"augur/web"
)

func TestServerSettings(t *testing.T) {
	t.Parallel()
	for _, host := range []string{"127.0.0.1", "0.0.0.0", "::", "::1", "fe80::1%eth0", "localhost", "augur.example.org", "a-b.example.org."} {
		require.NoError(t, web.Server{Host: host}.Validate(), host)
	}
	for _, host := range []string{"", " ", "127.0.0", "1000", "-a", "a-", "a..b", "a/b", "a b", "127.0.0.1:5000", "http://a", "[::1]"} {
		require.ErrorContains(t, web.Server{Host: host}.Validate(), "Server.host: must be a name or an IP address", host)
	}
	require.EqualError(t, web.Server{Host: "localhost", SSL: true, CertFile: "cert.pem"}.Validate(),
		"Server.ssl_cert_file: must be absolute or empty (got \"cert.pem\")\nServer.ssl: needs ssl_cert_file and ssl_key_file")
	require.NoError(t, web.Server{Host: "localhost", SSL: true, CertFile: "/c", KeyFile: "/k"}.Validate())
}
