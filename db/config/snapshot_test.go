package config_test

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"augur/db/config"
)

func at(setting, value string) config.Row {
	return config.Row{Section: "Sample", Setting: setting, Value: value, Type: "str"}
}

func TestValuesThatMakeNoSenseChangeNothing(t *testing.T) {
	t.Parallel()
	reg := registry()
	for setting, values := range map[string][]string{
		"word":    {"", "-1", "abc", "1e9", "INFO DEBUG", "a\nb"},
		"count":   {"", "-1", "abc", "1e9", "5.0", "101", "99999999999999999999", "0x1", "1_0", "five", "½"},
		"share":   {"", "-1", "abc", "1e9", "0", "1.01", "NaN", "Inf", "-Inf", "1,5"},
		"flag":    {"", "-1", "abc", "1e9", "0", "no", "off", "2"},
		"switch":  {"", "-1", "abc", "1e9", "2", "true", "yes", "01"},
		"every":   {"", "-1", "abc", "1e9", "0", "86401", "30s", "9223372036854775807"},
		"limit":   {"", "-1", "abc", "1e9", "7200", "0s", "-2h", "169h", "2 h", "2d"},
		"pairs":   {"-1", "abc", "1e9", "a=b c"},
		"text":    {"a\x00b", "\xff", strings.Repeat("x", 70_000), "longer than five"},
		"api_key": {"bad " + canary, canary + "\x1b[2J", strings.Repeat(canary, 10_000)},
		"dead":    {"", "abc"},
	} {
		for _, value := range append(values, strings.Repeat("9", 10<<20), "\x01") {
			store := config.FromRows(reg, slog.New(slog.DiscardHandler))
			store.Replace(t.Context(), at("api_key", "good"), at("word", "DEBUG"), at("share", "0.5"))
			before := config.Of[sample](store)
			changed := store.Changed()
			rows := []config.Row{at("api_key", "good"), at("word", "DEBUG"), at("share", "0.5")}
			for i := range rows {
				if rows[i].Setting == setting {
					rows[i].Value = value
				}
			}
			if setting != "api_key" && setting != "word" && setting != "share" {
				rows = append(rows, at(setting, value))
			}
			store.Replace(t.Context(), rows...)

			after := config.Of[sample](store)
			require.True(t, before.Secret.Equal(after.Secret), "%s = %.40q", setting, value)
			before.Secret, after.Secret = config.Secret{}, config.Secret{}
			require.Equal(t, before, after, "%s = %.40q", setting, value)
			problems := store.Problems()
			require.Len(t, problems, 1, "%s = %.40q", setting, value)
			require.Equal(t, "Sample."+setting, problems[0].Section+"."+problems[0].Setting)
			require.NotEmpty(t, problems[0].Reason)
			require.Less(t, len(problems[0].String()), 300)
			require.NotContains(t, problems[0].String(), "CANARY")
			require.NotContains(t, problems[0].String(), "\x01")
			requireClosed(t, changed)
		}
	}
}

func requireClosed(t *testing.T, c <-chan struct{}) {
	t.Helper()
	select {
	case <-c:
	default:
		require.FailNow(t, "the channel is open")
	}
}

func requireOpen(t *testing.T, c <-chan struct{}) {
	t.Helper()
	select {
	case <-c:
		require.FailNow(t, "the channel is closed")
	default:
	}
}

func TestAtTheStartTheDefaultIsUsed(t *testing.T) {
	t.Parallel()
	store := config.FromRows(registry(), slog.New(slog.DiscardHandler), at("count", "many"), at("share", "0.5"), at("api_key", "bad"))
	require.Equal(t, 5, config.Of[sample](store).Count)
	require.InDelta(t, .5, config.Of[sample](store).Share, 0)
	problems := store.Problems()
	require.Len(t, problems, 2)
	require.Equal(t, "Sample.api_key: is REDACTED (got REDACTED)", problems[0].String())
	require.Equal(t, `Sample.count: must be a whole number (got "many")`, problems[1].String())
	require.Equal(t, "5", problems[1].InEffect)
}

func TestMissingRowsAndNullMeanTheDefault(t *testing.T) {
	t.Parallel()
	store := config.FromRows(registry(), slog.New(slog.DiscardHandler), at("count", "7"), at("share", "0.5"))
	store.Replace(t.Context(), config.Row{Section: "Sample", Setting: "count", Null: true})
	require.Equal(t, 5, config.Of[sample](store).Count)
	require.InDelta(t, .25, config.Of[sample](store).Share, 0)
	require.Empty(t, store.Problems())
}

func TestSettingThatContradictsAnotherFallsBackAlone(t *testing.T) {
	t.Parallel()
	store := config.FromRows(registry(), slog.New(slog.DiscardHandler))
	store.Replace(t.Context(), at("text", "123456789"), at("share", "0.5"))
	got := config.Of[sample](store)
	require.Equal(t, "hello", got.Text)
	require.InDelta(t, .5, got.Share, 0)
	require.Equal(t, "Sample.text: must be at most 5 characters long", store.Problems()[0].String())
}

func TestSectionStaysWhenNoSingleSettingIsToBlame(t *testing.T) {
	t.Parallel()
	store := config.FromRows(registry(), slog.New(slog.DiscardHandler), at("text", "123456789"), at("count", "9"))
	require.Equal(t, "123456789", config.Of[sample](store).Text)
	store.Replace(t.Context(), at("text", "123456789"), at("count", "8"), at("share", "0.5"))

	got := config.Of[sample](store)
	require.Equal(t, 9, got.Count)
	require.InDelta(t, .25, got.Share, 0)
	var problems []string
	for _, p := range store.Problems() {
		problems = append(problems, p.String())
	}
	require.Equal(t, []string{
		"Sample.count: waits until the other problems of the section are solved",
		"Sample.share: waits until the other problems of the section are solved",
		"Sample.text: must be at most 8 characters long",
	}, problems)
}

func TestBadValueIsLoggedOnce(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	store := config.FromRows(registry(), slog.New(slog.NewTextHandler(&out, nil)))
	lines := func() int { return strings.Count(out.String(), "setting has no effect") }

	store.Replace(t.Context(), at("count", "abc"))
	require.Equal(t, 1, lines())
	require.Contains(t, out.String(), `section=Sample setting=count reason="must be a whole number (got \"abc\")" in_effect=5`)
	changed := store.Changed()
	store.Replace(t.Context(), at("count", "abc"))
	require.Equal(t, 1, lines())
	requireOpen(t, changed)
	store.Replace(t.Context(), at("count", "abc"), at("text", "hi"))
	require.Equal(t, 1, lines(), "another setting changed")
	store.Replace(t.Context(), at("count", strings.Repeat("9", 500)))
	require.Equal(t, 2, lines(), "another bad value")
	store.Replace(t.Context(), at("count", strings.Repeat("9", 501)))
	require.Equal(t, 3, lines(), "one that only differs where it is cut")
	require.Less(t, out.Len(), 3000)

	store.Replace(t.Context(), at("count", "6"))
	require.Contains(t, out.String(), `msg="setting is right again" section=Sample setting=count`)
	require.Contains(t, out.String(), `msg="setting changed" section=Sample setting=count value=6 takes_effect=restart`)
	require.Empty(t, store.Problems())
	store.Replace(t.Context(), at("count", "abc"))
	require.Equal(t, 4, lines(), "bad again")
}

func TestSecretsAreNotLogged(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	store := config.FromRows(registry(), slog.New(slog.NewTextHandler(&out, nil)))
	store.Replace(t.Context(), at("api_key", canary))
	store.Replace(t.Context(), at("api_key", "bad "+canary))
	store.Replace(t.Context(), at("api_key", "bad "+canary+"\x00"))
	store.Replace(t.Context(), at("text", "https://me:"+canary+"@example.org/"), at("count", "90"))
	store.Replace(t.Context(), at("count", "https://me:"+canary+"@example.org/"))
	require.Contains(t, out.String(), "value=REDACTED")
	require.Contains(t, out.String(), "in_effect=REDACTED")
	require.NotContains(t, out.String(), "CANARY")
}

func TestUnusedRowsAreKeptAndReported(t *testing.T) {
	t.Parallel()
	store := config.FromRows(registry(), slog.New(slog.DiscardHandler), at("dead", "2"), at("conut", "2"), at("zzz", "1"),
		config.Row{Section: "Redis", Setting: "connection_string", Value: "redis://127.0.0.1:6379/"},
		config.Row{Section: "Frontend", Setting: "pagination_offset", Value: "25", Type: "int"})
	require.Empty(t, store.Problems())
	require.Equal(t, []config.Unused{
		{Section: "Sample", Setting: "dead", Reason: "nobody reads it"},
		{Section: "Sample", Setting: "conut", Reason: "no setting of this section; did you mean Sample.count?", Unknown: true},
		{Section: "Sample", Setting: "zzz", Reason: "no setting of this section", Unknown: true},
		{Section: "Redis", Setting: "connection_string", Reason: "no section of this program", Unknown: true},
		{Section: "Frontend", Setting: "pagination_offset", Reason: "pages decide themselves", Default: true},
	}, store.Unused())
}

func TestChangedIsClosedOncePerChange(t *testing.T) {
	t.Parallel()
	store := config.FromRows(registry(), slog.New(slog.DiscardHandler))
	changed := store.Changed()
	store.Replace(t.Context(), at("every", "30"), at("limit", "120m"))
	requireOpen(t, changed)
	store.Replace(t.Context(), at("every", "31"))
	requireClosed(t, changed)
	require.Equal(t, 31*time.Second, config.Of[sample](store).Every)
	requireOpen(t, store.Changed())
	store.Close()
	store.Close()
}

// FuzzParse checks that no text of the table crashes or gets past a range, and that what is accepted reads the same when written back.
func FuzzParse(f *testing.F) {
	for _, value := range []string{"", "0", "-1", "1e9", "abc", "2h", "True", "DEBUG", "a=b", "0.5", "\x00", "\xff", strings.Repeat("9", 400), " 7 ", "1h0m0s"} {
		f.Add(value)
	}
	reg := registry()
	f.Fuzz(func(t *testing.T, value string) {
		for _, setting := range reg.Settings() {
			if setting.Section != "Sample" {
				continue
			}
			store := config.FromRows(reg, slog.New(slog.DiscardHandler), at(setting.Name, value))
			got := config.Of[sample](store)
			require.NoError(t, got.Validate())
			require.True(t, got.Count >= 0 && got.Count <= 100)
			require.True(t, got.Share >= .01 && got.Share <= 1)
			require.True(t, got.Every >= time.Second && got.Every <= 24*time.Hour)
			require.True(t, got.Limit >= time.Second && got.Limit <= 168*time.Hour)
			require.Contains(t, []string{"DEBUG", "INFO"}, got.Word)
			require.LessOrEqual(t, len(store.Problems()), 1)
			again := config.FromRows(reg, slog.New(slog.DiscardHandler), at(setting.Name, config.Render(reg, store, setting.Name)))
			require.Empty(t, again.Problems())
			require.Equal(t, config.Render(reg, store, setting.Name), config.Render(reg, again, setting.Name))
		}
	})
}
