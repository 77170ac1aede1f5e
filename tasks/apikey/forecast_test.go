package apikey_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"augur/tasks/apikey"
)

func TestPredictUsesWhatIsLeftAndThenWholeWindows(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 6, 15, 12, 0, 0, 0, time.UTC)
	soon := now.Add(20 * time.Minute)
	key := func(remaining int) apikey.KeyState {
		return apikey.KeyState{Budgets: map[string]apikey.BudgetState{
			"core": {Limit: 5000, Remaining: remaining, ResetAt: &soon}, "graphql": {Limit: 5000, Remaining: 5000, ResetAt: &soon},
		}}
	}
	limit := apikey.Limit{Reserve: 50, PerMinute: 600}
	refused := key(5000)
	refused.Refused = "no"
	for name, c := range map[string]struct {
		keys          []apikey.KeyState
		core, graphql int64
		want          apikey.Forecast
	}{
		"no key":         {[]apikey.KeyState{refused}, 10, 10, apikey.Forecast{}},
		"at once":        {[]apikey.KeyState{key(5000)}, 900, 300, apikey.Forecast{Keys: 1, Now: true, Duration: 2 * time.Minute}},
		"two keys":       {[]apikey.KeyState{key(5000), key(5000), refused}, 900, 300, apikey.Forecast{Keys: 2, Now: true, Duration: time.Minute}},
		"three windows":  {[]apikey.KeyState{key(50)}, 3 * 4950, 10, apikey.Forecast{Keys: 1, Duration: 3 * time.Hour, LimitedBy: "core"}},
		"graphql limits": {[]apikey.KeyState{key(5000)}, 10, 4950 * 3, apikey.Forecast{Keys: 1, Duration: 2 * time.Hour, LimitedBy: "graphql"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, c.want, apikey.Predict(now, c.keys, limit, map[string]int64{"core": c.core, "graphql": c.graphql}))
		})
	}
}
