package git_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"augur/db/config"
	"augur/tasks/git"
)

func settings(pairs ...string) git.Settings {
	return config.Of[git.Settings](config.Static(config.NewRegistry(config.NewSection[git.Settings]("Facade")), pairs...))
}

func TestDirectoryOfClones(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]string{
		"repos/": "/home/augur/repos", "repos": "/home/augur/repos", "/data/clones": "/data/clones", "/data//clones/": "/data/clones", "/a/../b": "/b",
	} {
		got := settings("Facade.repo_directory=" + value)
		require.NoError(t, got.Validate(), value)
		require.Equal(t, want, got.Directory("/home/augur"), value)
		require.Equal(t, want == "/home/augur/repos", got.DefaultDirectory(), value)
	}
	for value, want := range map[string]string{
		"":             `Facade.repo_directory: must not be empty (got "")`,
		"clones":       `Facade.repo_directory: must be absolute (got "clones")`,
		"../repos":     `Facade.repo_directory: must be absolute (got "../repos")`,
		"$HOME/repos/": `Facade.repo_directory: must be absolute; variables and ~ are not expanded (got "$HOME/repos/")`,
		"~/repos":      `Facade.repo_directory: must be absolute; variables and ~ are not expanded (got "~/repos")`,
		"/x/..":        `Facade.repo_directory: must not be the root directory (got "/x/..")`,
		"/a\nb":        `Facade.repo_directory: must not contain control characters (got "/a\nb")`,
	} {
		s := settings()
		s.RepoDirectory = value
		require.EqualError(t, s.Validate(), want)
	}
}

func TestRewrites(t *testing.T) {
	t.Parallel()
	got := settings("Facade.url_rewrite= https://github.com/=https://mirror.example.org/gh/,git@a:=ssh://git@b/\thttps://x/?a=b=/srv/git/ ").URLRewrite
	require.Equal(t, git.Rewrites{
		{Prefix: "https://github.com/", Replacement: "https://mirror.example.org/gh/"},
		{Prefix: "git@a:", Replacement: "ssh://git@b/"},
		{Prefix: "https://x/?a", Replacement: "b=/srv/git/"},
	}, got)
	text, err := got.MarshalText()
	require.NoError(t, err)
	require.Equal(t, "https://github.com/=https://mirror.example.org/gh/ git@a:=ssh://git@b/ https://x/?a=b=/srv/git/", string(text))
	require.Empty(t, settings().URLRewrite)

	var r git.Rewrites
	for _, value := range []string{"a", "a=", "=b", "a=b c"} {
		require.ErrorContains(t, r.UnmarshalText([]byte(value)), "must be prefix=replacement pairs", value)
	}
	require.NotContains(t, r.UnmarshalText([]byte("https://me:CANARY@x/")).Error(), "CANARY")
	for value, want := range map[string]string{
		"a=b a=c":                             "has one prefix twice",
		"https://a/=-oProxyCommand":           "must be a URL or a path",
		"https://a/=ext::sh":                  "must be a URL or a path",
		"https://a/=https://me:CANARY@x/":     "must not carry a password",
		"https://a/=https://me:CAN@ARY@x/p?q": "must not carry a password",
	} {
		s := settings()
		require.NoError(t, s.URLRewrite.UnmarshalText([]byte(value)))
		err := s.Validate()
		require.ErrorContains(t, err, "Facade.url_rewrite: ")
		require.ErrorContains(t, err, want)
		require.NotContains(t, err.Error(), "CAN")
	}
}

func TestLowSpeedTimeIsWholeSeconds(t *testing.T) {
	t.Parallel()
	s := settings()
	s.LowSpeedTime += 1_500_000
	require.EqualError(t, s.Validate(), "Facade.low_speed_time: must be whole seconds (got 1m0.0015s)")
}
