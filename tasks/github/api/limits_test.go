package api_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"augur/tasks"
	"augur/tasks/apikey/apikeytest"
	"augur/tasks/github/api"
)

func TestABadKeyIsDisabledAndAnotherGoesOn(t *testing.T) {
	t.Parallel()
	f := newForge(t)
	bad := refuse(401, "Bad credentials")
	f.on("/repos/o/r", bad, answer(`{"id":1}`), bad) //nolint:gocritic // one after the other
	c := f.client(t, twoKeys)
	found, _, err := c.Repository(t.Context(), repo, "")
	require.NoError(t, err)
	require.EqualValues(t, 1, found.GetID())
	seen := f.requests()
	require.Len(t, seen, 2)
	require.NotEqual(t, seen[0].token, seen[1].token)
	require.Equal(t, "GitHub answers 401: Bad credentials", scalar[string](t, f.pool, "SELECT disabled_reason FROM augur_operations.api_key WHERE disabled_at IS NOT NULL"))

	_, _, err = c.Repository(t.Context(), repo, "")
	require.ErrorIs(t, limited(t, err), api.ErrNoKeys)
	require.ErrorContains(t, err, "augur github api-keys")
	require.Len(t, f.requests(), 3)
	require.Contains(t, f.log.String(), "no key can be used; jobs wait")
}

func TestASuspendedAccountIsABadKey(t *testing.T) {
	t.Parallel()
	f := newForge(t)
	f.on("/repos/o/r", refuse(403, "Sorry. Your account was suspended."))
	_, _, err := f.client(t).Repository(t.Context(), repo, "")
	require.ErrorIs(t, limited(t, err), api.ErrNoKeys)
}

func TestLimitsPutTheJobOff(t *testing.T) {
	t.Parallel()
	const secondary = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
	for name, test := range map[string]struct {
		answer http.HandlerFunc
		want   time.Duration
	}{
		"primary, 403":                      {refuse(403, "API rate limit exceeded for user ID 1.", "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", in(20*time.Minute)), 20 * time.Minute},
		"primary, 429":                      {refuse(429, "API rate limit exceeded for user ID 1.", "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", in(20*time.Minute)), 20 * time.Minute},
		"primary that does not say when":    {refuse(429, "API rate limit exceeded", "X-RateLimit-Remaining", "0"), time.Hour},
		"the server's clock is behind":      {refuse(403, "", "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", "1000000300", "Date", time.Unix(1e9, 0).UTC().Format(http.TimeFormat)), 5 * time.Minute},
		"the reset is past":                 {refuse(403, "", "Retry-After", "-7", "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", in(-time.Hour)), time.Second},
		"the reset is in a hundred years":   {refuse(429, "", "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", "4999999999"), time.Hour},
		"secondary with a time":             {refuse(403, secondary, "Retry-After", "90", "X-RateLimit-Remaining", "4000", "X-RateLimit-Reset", in(50*time.Minute)), 90 * time.Second},
		"secondary with a date":             {refuse(403, secondary, "Retry-After", "date 3m"), 3 * time.Minute},
		"secondary without a time":          {refuse(403, secondary, "X-RateLimit-Remaining", "4000", "X-RateLimit-Reset", in(39*time.Minute)), time.Minute},
		"secondary in another spelling":     {refuse(403, "You have triggered an abuse detection mechanism."), time.Minute},
		"secondary as 429":                  {refuse(429, ""), time.Minute},
		"secondary, and nothing left":       {refuse(403, secondary, "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", in(10*time.Minute)), 10 * time.Minute},
		"a wait of years":                   {refuse(429, "", "Retry-After", "999999999999"), time.Hour},
		"forbidden, with a time to wait":    {refuse(403, "Forbidden", "Retry-After", "30"), 30 * time.Second},
		"nothing left, whatever it says":    {refuse(403, "Forbidden", "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", in(2*time.Minute)), 2 * time.Minute},
		"nothing left, by the message only": {refuse(403, "API rate limit already exceeded for installation ID 1."), time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newForge(t)
			f.on("/repos/o/r", test.answer)
			_, _, err := f.client(t).Repository(t.Context(), repo, "")
			require.WithinDuration(t, time.Now().Add(test.want), limited(t, err).Until, 15*time.Second)
			require.Len(t, f.requests(), 1, "no second try")
			require.Empty(t, f.slept)
			require.Zero(t, scalar[int](t, f.pool, "SELECT count(*) FROM augur_operations.api_key WHERE disabled_at IS NOT NULL"))
		})
	}
}

func TestALimitedKeyDoesNotHoldUpTheOthers(t *testing.T) {
	t.Parallel()
	f := newForge(t)
	f.on("/repos/o/r", refuse(403, "API rate limit exceeded", "X-RateLimit-Limit", "5000", "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", in(time.Hour)), answer(`{"id":1}`))
	c := f.client(t, twoKeys)
	for range 3 {
		_, _, err := c.Repository(t.Context(), repo, "")
		require.NoError(t, err)
	}
	seen := f.requests()
	require.Len(t, seen, 4)
	require.NotEqual(t, seen[0].token, seen[1].token)
	require.Equal(t, seen[1].token, seen[3].token)
}

func TestOtherRefusalsAreNoFaultOfTheKey(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		answer http.HandlerFunc
		want   error
	}{
		"gone":              {refuse(404, "Not Found"), tasks.ErrGone},
		"deleted":           {refuse(410, "Gone"), tasks.ErrGone},
		"taken down":        {refuse(451, "Repository access blocked"), tasks.ErrBlocked},
		"blocked":           {status(403, `{"message":"Repository access blocked","block":{"reason":"tos"}}`), tasks.ErrBlocked},
		"single sign-on":    {refuse(403, "Resource protected by organization SAML enforcement."), tasks.ErrPrivate},
		"too large a list":  {refuse(403, "The history or contributor list is too large to list contributors for this repository via the API."), nil},
		"not understood":    {refuse(422, "Validation Failed"), nil},
		"empty repository":  {refuse(409, "Git Repository is empty."), nil},
		"nothing to read":   {status(400, "<html>Bad Request</html>", "Content-Type", "text/html"), nil},
		"an odd redirect":   {status(300, ""), nil},
		"not even a reason": {status(418, ""), nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newForge(t)
			f.on("/repos/o/r", test.answer)
			_, _, err := f.client(t).Repository(t.Context(), repo, "")
			require.ErrorContains(t, err, "read o/r: GitHub answers")
			for _, meaning := range []error{tasks.ErrGone, tasks.ErrBlocked, tasks.ErrPrivate} {
				require.Equal(t, meaning == test.want, isError(err, meaning), "%v", meaning) //nolint:errorlint // which of them
			}
			require.ErrorAs(t, err, new(*api.StatusError))
			require.Len(t, f.requests(), 1)
			require.Zero(t, scalar[int](t, f.pool, "SELECT count(*) FROM augur_operations.api_key WHERE disabled_at IS NOT NULL OR blocked_until IS NOT NULL"))
		})
	}
}

func TestWhatIsSwitchedOffIsNotGone(t *testing.T) {
	t.Parallel()
	f := newForge(t)
	f.on("/repos/o/r/issues", refuse(410, "Issues are disabled for this repo"))
	c := f.client(t)
	_, err := c.Issues(t.Context(), repo, time.Time{}, "", "")
	require.ErrorIs(t, err, api.ErrDisabled)
	require.NotErrorIs(t, err, tasks.ErrGone)
	_, err = c.PullRequests(t.Context(), repo, "", "")
	require.ErrorIs(t, err, tasks.ErrGone)
	// A user that is gone says nothing about the repository.
	_, err = c.UserEvents(t.Context(), "nobody", "", "")
	require.NotErrorIs(t, err, tasks.ErrGone)
	require.ErrorAs(t, err, new(*api.StatusError))
}

func TestADrainedKeyIsUsedAgainAfterItsReset(t *testing.T) {
	t.Parallel()
	f := newForge(t)
	f.on("/repos/o/r", refuse(403, "API rate limit exceeded", "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", in(20*time.Minute)), answer(`{"id":1}`))
	c := f.client(t)
	_, _, err := c.Repository(t.Context(), repo, "")
	require.WithinDuration(t, time.Now().Add(20*time.Minute), limited(t, err).Until, 15*time.Second)
	apikeytest.Advance(t, f.pool, 61*time.Minute)
	_, _, err = c.Repository(t.Context(), repo, "")
	require.NoError(t, err)
}
