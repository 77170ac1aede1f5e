package scorecard

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"repo":{"name":"github.com/octo/widget","commit":"abc"},"score":6.3,"checks":[{"name":"SAST","score":-1,"reason":"\u0000","details":["x",null]}]}`))
	f.Add([]byte(`{"repo":{"name":"GitHub.com/Octo/Widget"},"score":1e400,"checks":[{"name":"","score":11}]}{}`))
	f.Fuzz(func(t *testing.T, output []byte) {
		found, err := parse(output, "github.com/octo/widget")
		if err != nil {
			return
		}
		rows, _, err := found.rows()
		require.NoError(t, err)
		require.True(t, json.Valid(rows))
		for _, c := range found.checks {
			require.True(t, c.Score >= unknown && c.Score <= 10)
			for _, text := range append([]string{c.Name, c.Reason}, c.Details...) {
				require.True(t, utf8.ValidString(text) && !strings.ContainsRune(text, 0) && len(text) <= maxText)
			}
		}
	})
}

func TestScoresReadAsNumbers(t *testing.T) {
	t.Parallel()
	for score, want := range map[float64]string{-1: "-1", 0: "0", 10: "10", 6.3: "6.3", 6.25: "6.2"} {
		require.Equal(t, want, points(score))
	}
}
