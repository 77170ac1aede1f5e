package config_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"

	"augur/db/config"
)

const canary = "ghp_CANARY0123456789"

func TestSecretIsNeverPrinted(t *testing.T) {
	t.Parallel()
	secret := config.NewSecret(canary)
	holders := map[string]any{
		"secret": secret, "pointer": &secret, "slice": []config.Secret{secret}, "map": map[string]config.Secret{"k": secret},
		"exported field": struct{ Key config.Secret }{secret}, "unexported field": struct{ key config.Secret }{secret},
		"deep unexported field": struct{ in *struct{ key config.Secret } }{&struct{ key config.Secret }{secret}},
	}
	for name, holder := range holders {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%T", "%p", "%c", "%U", "%e"} {
				require.NotContains(t, fmt.Sprintf(verb, holder), "CANARY", "verb %s", verb)
				require.NotContains(t, fmt.Sprintf(verb, holder), fmt.Sprintf("%x", "CANARY"), "verb %s", verb)
			}
			require.NotContains(t, fmt.Sprint(holder), "CANARY")
			encoded, err := json.Marshal(holder)
			require.NoError(t, err)
			require.NotContains(t, string(encoded), "CANARY")
			var log bytes.Buffer
			for _, handler := range []slog.Handler{slog.NewTextHandler(&log, nil), slog.NewJSONHandler(&log, nil)} {
				slog.New(handler).InfoContext(t.Context(), "holder", slog.Any("holder", holder))
			}
			require.NotContains(t, log.String(), "CANARY")
		})
	}
}

func TestSecretSaysThatThereIsOne(t *testing.T) {
	t.Parallel()
	secret := config.NewSecret(canary)
	require.Equal(t, "REDACTED", fmt.Sprint(secret))
	require.Equal(t, `"REDACTED"`, fmt.Sprintf("%q", secret))
	require.Equal(t, `config.Secret("REDACTED")`, fmt.Sprintf("%#v", secret))
	encoded, err := json.Marshal(struct{ Key config.Secret }{secret})
	require.NoError(t, err)
	require.JSONEq(t, `{"Key": "REDACTED"}`, string(encoded))
	require.Equal(t, canary, secret.Reveal())
	require.True(t, secret.Set())
	require.True(t, secret.Equal(config.NewSecret(canary)))
	require.False(t, secret.Equal(config.NewSecret("other")))

	none := config.NewSecret("")
	require.Empty(t, fmt.Sprint(none))
	require.False(t, none.Set())
	require.True(t, none.Equal(config.Secret{}))
}
