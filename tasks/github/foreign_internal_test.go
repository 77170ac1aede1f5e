package github

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestNumbersAreReadOutOfNodeIDs(t *testing.T) {
	t.Parallel()
	for id, want := range map[string]int64{
		"MDExOlB1bGxSZXF1ZXN0MTIz":   123, // 011:PullRequest123
		"MDU6SXNzdWU0NTY=":           456, // 05:Issue456
		"LE_kwDOKbknAc4AAAAqzgAAAB4": 0,   // more than the array has room for
		"IC_kwDOKbknAc4AAAAq":        42,
		"IC_kwDOKbknAc8AAAABAAAAAg":  4294967298,
		"C_kwDOKbknAdoAKGY":          0, // a hash, not a number
		"":                           0,
		"X_":                         0,
		"X_!!!":                      0,
		"MDU6SXNzdWU5OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk=": 0,
	} {
		require.Equal(t, want, numberOfNode(id), id)
	}
}

func FuzzNumberOfNode(f *testing.F) {
	f.Add("IC_kwDOKbknAc4AAAAq")
	f.Add("MDU6SXNzdWU0NTY=")
	f.Fuzz(func(t *testing.T, id string) {
		require.GreaterOrEqual(t, numberOfNode(id), int64(0))
	})
}

func TestNULLeavesDocuments(t *testing.T) {
	t.Parallel()
	fit, scrubbed := withoutNUL([]byte(`[{"a":"x\u0000y\u0000","b":"\\u0000 is text"},{"a":"\u0000"}]`))
	require.Equal(t, int64(2), scrubbed)
	require.JSONEq(t, `[{"a":"x\ufffdy\ufffd","b":"\\u0000 is text"},{"a":"\ufffd"}]`, string(fit))
}

func FuzzWithoutNUL(f *testing.F) {
	f.Add("a\x00b")
	f.Add(`\u0000`)
	f.Add("\"\\\x00")
	f.Fuzz(func(t *testing.T, text string) {
		document, err := json.Marshal(map[string]string{text: text})
		require.NoError(t, err)
		fit, _ := withoutNUL(document)
		var back, was map[string]string
		require.NoError(t, json.Unmarshal(fit, &back))
		require.NoError(t, json.Unmarshal(document, &was))
		for key, value := range was {
			require.Equal(t, strings.ReplaceAll(value, "\x00", "\uFFFD"), back[strings.ReplaceAll(key, "\x00", "\uFFFD")])
		}
	})
}

func TestContributorIDsAreAugurs(t *testing.T) {
	t.Parallel()
	for account, want := range map[int64]string{
		74832:            "01000124-5000-0000-0000-000000000000",
		1<<32 - 1:        "01ffffff-ff00-0000-0000-000000000000",
		1<<32 + 1:        "01000000-0101-0000-0000-000000000000",
		1<<40 | 1<<8:     "01000001-0000-0100-0000-000000000000",
		1<<56 - 1:        "01ffffff-ffff-ffff-0000-000000000000",
		0x01020304050607: "01040506-0703-0201-0000-000000000000",
	} {
		id, ok := ContributorID(account)
		require.True(t, ok)
		require.Equal(t, want, id)
	}
	for _, account := range []int64{0, -1, 1 << 56} {
		_, ok := ContributorID(account)
		require.False(t, ok)
	}
}
