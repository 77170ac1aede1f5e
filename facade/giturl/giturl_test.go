package giturl_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"

	"augur/facade/giturl"
)

var (
	strict = giturl.Policy{}
	open   = giturl.Policy{AllowHTTP: true, AllowLocal: true, AllowPrivate: true}
)

func TestParseGivesOneFormToEachRepository(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		raw, want string
	}{
		{"https://github.com/chaoss/augur", "https://github.com/chaoss/augur"},
		{"https://github.com/chaoss/augur.git", "https://github.com/chaoss/augur"},
		{"https://github.com/chaoss/augur.git/", "https://github.com/chaoss/augur"},
		{"https://github.com/chaoss/augur///", "https://github.com/chaoss/augur"},
		{"https://github.com/CHAOSS/Augur.GIT", "https://github.com/chaoss/augur"},
		{"HTTPS://WWW.GitHub.COM/chaoss/augur", "https://github.com/chaoss/augur"},
		{"https://github.com./chaoss/augur", "https://github.com/chaoss/augur"},
		{"https://github.com:443/chaoss/augur", "https://github.com/chaoss/augur"},
		{"https://github.com/chaoss/%61ugur", "https://github.com/chaoss/augur"},
		{"http://github.com/chaoss/augur", "https://github.com/chaoss/augur"},
		{"http://github.com:80/chaoss/augur", "https://github.com/chaoss/augur"},
		{"git://github.com/chaoss/augur.git", "https://github.com/chaoss/augur"},
		{"git@github.com:chaoss/augur.git", "https://github.com/chaoss/augur"},
		{"git@github.com:/chaoss/augur.git", "https://github.com/chaoss/augur"},
		{"org-123@github.com:chaoss/augur.git", "https://github.com/chaoss/augur"},
		{"github.com:chaoss/augur", "https://github.com/chaoss/augur"},
		{"ssh://git@github.com/chaoss/augur", "https://github.com/chaoss/augur"},
		{"ssh://git@github.com:22/chaoss/augur", "https://github.com/chaoss/augur"},
		{"ssh://git@ssh.github.com:443/chaoss/augur.git", "https://github.com/chaoss/augur"},
		{"git+ssh://git@github.com/chaoss/augur", "https://github.com/chaoss/augur"},
		{"github.com/chaoss/augur", "https://github.com/chaoss/augur"},
		{"www.GitHub.com/chaoss/augur/", "https://github.com/chaoss/augur"},
		{"https://github.com/chaoss/.github", "https://github.com/chaoss/.github"},
		{"https://github.com/some_user/-x", "https://github.com/some_user/-x"},

		{"https://gitlab.com/fdroid/fdroidclient", "https://gitlab.com/fdroid/fdroidclient"},
		{"http://gitlab.com/FDroid/fdroidclient.git/", "https://gitlab.com/fdroid/fdroidclient"},
		{"git@gitlab.com:group/sub/deeper/project.git", "https://gitlab.com/group/sub/deeper/project"},
		{"ssh://git@altssh.gitlab.com:443/group/project.git", "https://gitlab.com/group/project"},
		{"https://gitlab.com/group/issues", "https://gitlab.com/group/issues"},

		{"https://Git.Kernel.org/pub/scm/git/Git.git/", "https://git.kernel.org/pub/scm/git/Git.git"},
		{"https://git.sr.ht/~sircmpwn/scdoc", "https://git.sr.ht/~sircmpwn/scdoc"},
		{"https://example.org:443/x", "https://example.org/x"},
		{"https://example.org:08443/x", "https://example.org:8443/x"},
		{"https://example.org/%7euser/a%20b/c%2b%c3%a9.git", "https://example.org/~user/a%20b/c%2B%C3%A9.git"},
		{"https://8.8.8.8/x", "https://8.8.8.8/x"},
		{"https://[2606:4700:0::1111]/x", "https://[2606:4700::1111]/x"},
		{"ssh://Git@Example.org/srv/x.git/", "ssh://Git@example.org/srv/x.git"},
		{"ssh://git@example.org:2222/x", "ssh://git@example.org:2222/x"},
		{"ssh+git://example.org:22/x", "ssh://example.org/x"},
		{"git@Example.org:x/Y.git", "git@example.org:x/Y.git"},
		{"git@intranet:x/y", "git@intranet:x/y"},
		{"git@example.org:/srv/x.git", "ssh://git@example.org/srv/x.git"},
		{"example.org:x", "example.org:x"},
	} {
		u, err := giturl.Parse(test.raw, strict)
		require.NoError(t, err, test.raw)
		require.Equal(t, test.want, u.Canonical, test.raw)
		again, err := giturl.Parse(u.Canonical, strict)
		require.NoError(t, err, u.Canonical)
		require.Equal(t, u, again, "the canonical form of %s means the same", test.raw)
	}
}

func TestParseNamesTheParts(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		raw  string
		want giturl.URL
		path string
	}{
		{"git@github.com:CHAOSS/augur.git", giturl.URL{
			Canonical: "https://github.com/chaoss/augur", Kind: giturl.HTTPS, Platform: giturl.GitHub, Host: "github.com", Owner: "chaoss", Name: "augur",
		}, "github.com/chaoss/"},
		{"https://gitlab.com/a/b/c", giturl.URL{
			Canonical: "https://gitlab.com/a/b/c", Kind: giturl.HTTPS, Platform: giturl.GitLab, Host: "gitlab.com", Owner: "a/b", Name: "c",
		}, "gitlab.com/a/b/"},
		{"http://example.org:8080/x.git", giturl.URL{
			Canonical: "http://example.org:8080/x.git", Kind: giturl.HTTP, Platform: giturl.Git, Host: "example.org", Port: "8080", Name: "x",
		}, "example.org/"},
		{"ssh://me@example.org/srv/x.git", giturl.URL{
			Canonical: "ssh://me@example.org/srv/x.git", Kind: giturl.SSH, Platform: giturl.Git, Host: "example.org", Owner: "srv", Name: "x",
		}, "example.org/srv/"},
		{"me@example.org:srv/x.git", giturl.URL{
			Canonical: "me@example.org:srv/x.git", Kind: giturl.SCP, Platform: giturl.Git, Host: "example.org", Owner: "srv", Name: "x",
		}, "example.org/srv/"},
		{"https://[2001:db8::1]/a/x/.git", giturl.URL{
			Canonical: "https://[2001:db8::1]/a/x/.git", Kind: giturl.HTTPS, Platform: giturl.Git, Host: "2001:db8::1", Owner: "a", Name: "x",
		}, "2001:db8::1/a/"},
		{"/srv/git/my project.git/", giturl.URL{
			Canonical: "/srv/git/my project.git", Kind: giturl.Local, Platform: giturl.Git, Owner: "srv/git", Name: "my project",
		}, "/srv/git/"},
		{"file:///home/o'brien/x/.git", giturl.URL{
			Canonical: "/home/o'brien/x/.git", Kind: giturl.Local, Platform: giturl.Git, Owner: "home/o'brien", Name: "x",
		}, "/home/o'brien/"},
		{"file://localhost//srv/./x", giturl.URL{
			Canonical: "/srv/x", Kind: giturl.Local, Platform: giturl.Git, Owner: "srv", Name: "x",
		}, "/srv/"},
	} {
		u, err := giturl.Parse(test.raw, open)
		require.NoError(t, err, test.raw)
		require.Equal(t, test.want, u)
		require.Equal(t, test.path, u.Path())
		require.Equal(t, u.Canonical, u.String())
	}
}

func TestParseRefusesWithAReason(t *testing.T) {
	t.Parallel()
	const (
		helper   = "remote helper"
		password = "has a password or token in it"
		user     = "has a user name or token before the @"
		private  = "loopback, private or link-local"
		hostName = "not a host name"
		number   = "has a number for a host"
		page     = "is a page"
	)
	for _, test := range []struct {
		raw, reason string
	}{
		{"", "is empty"},
		{"augur", "is not a git URL"},
		{"=HYPERLINK(\"x\")", "is not a git URL"},
		{"'); DROP TABLE augur_data.repo;--", "is not a git URL"},
		{"https://example.org/'); DROP TABLE repo;--", `has the character '\''`},
		{"chaoss/augur", "has no scheme"},
		{"1:2", "is not a git URL"},
		{"=cmd|' /C calc'!A0", "is not a git URL"},
		{"C:\\src\\x", "has a backslash"},
		{"https://example.org\\@evil.org/x", "has a backslash"},
		{"../x", "is a relative path"},
		{"~/x", "is a relative path"},
		{"https://example.org/" + strings.Repeat("x", giturl.MaxLength), "bytes long"},
		{"https://example.org/\xff", "not UTF-8"},

		// What git would run.
		{"ext::sh -c id", helper},
		{"ext::sh% -c% touch% /tmp/canary% >&2", helper},
		{"fd::17", helper},
		{"https::https://github.com/chaoss/augur", helper},
		{"::x", helper},
		{"-u./x", "starts with a dash"},
		{"--upload-pack=touch /tmp/canary", "starts with a dash"},
		{"ssh://-oProxyCommand=id/x", "has a host that starts with a dash"},
		{"ssh://-oProxyCommand=id@example.org/x", "has a user name that is not allowed"},
		{"ssh://git@-oProxyCommand=id/x", "has a host that starts with a dash"},
		{"-oProxyCommand=id:x", "starts with a dash"},
		{"git@-example.org:x", "has a host that starts with a dash"},
		{"git@example.org:-x", "has a path that starts with a dash"},
		{"https://example.org/--upload-pack=id", "has a path that starts with a dash"},
		{"https://example.org/%2d-upload-pack=id", "has a path that starts with a dash"},
		{"a'; id; '", "is not a git URL"},
		{"https://example.org/a';id;'", `has the character '\''`},
		{"https://example.org/$(id)", "has the character '$'"},
		{"https://example.org/`id`", "has the character '`'"},
		{"https://example.org/a|b", "has the character '|'"},
		{"git@example.org:x;id", "has the character ';'"},

		// Secrets, and hosts that are not what they seem.
		{"https://u:p@example.org/x", password},
		{"https://u:p@ss@example.org/x", password},
		{"https://:p@example.org/x", password},
		{"https://u:p/w@example.org/x", "has an @ after the host"},
		{"https://u:12/w@example.org/x", "has an @ after the host"},
		{"https://ghp_0123456789@github.com/chaoss/augur", user},
		{"https://git@github.com/chaoss/augur", user},
		{"http://u:p@127.0.0.1/x", password},
		{"ssh://git:pw@example.org/x", password},
		{"git:pw@example.org:x/y", "is not a git URL"},
		{"my.user:pw@example.org/y", password},
		{"https://github.com@evil/", "does not point to github.com"},
		{"https://github.com:pw@evil/", password},
		{"https://evil/@github.com/chaoss/augur", "has an @ after the host"},
		{"https://github.com#@evil/", "has an @ after the host"},

		// Characters.
		{"https://github.com/chaoss/augur\n", "control or invisible character in it (U+000A)"},
		{"https://github.com/chaoss/augur\x00", "U+0000"},
		{"https://github.com/chaoss/\x1b[31maugur", "U+001B"},
		{"https://github.com/chaoss/augur\u202e", "U+202E"},
		{"https://github.com/chaoss/augur\u200b", "U+200B"},
		{"\ufeffhttps://github.com/chaoss/augur", "U+FEFF"},
		{"https://github.com/chaoss/au gur", "has a space"},
		{" https://github.com/chaoss/augur", "is not a git URL"},
		{"https://exa mple.org/x", hostName},
		{"https://example.org/%0aid", "escaped control character"},
		{"https://example.org/a%2fb", "escaped slash"},
		{"https://example.org/a%5cb", "escaped slash"},
		{"https://example.org/a%zz", "starts no escape"},
		{"https://example.org/a%4", "starts no escape"},
		{"https://example.org/caf\u00e9", "has the character 'é' in its path"},
		{"https://g\u0456thub.com/chaoss/augur", "xn-- form"},
		{"https://github.com/chao\u0455s/augur", "has the character 'ѕ' in its path"},

		// Schemes.
		{"http://example.org/x", "uses http,"},
		{"git://example.org/x", "uses git://"},
		{"ftp://example.org/x", "uses ftp,"},
		{"javascript://example.org/x", "scheme that is not allowed"},
		{"/srv/git/x", "is a local path"},
		{"file:///etc", "is a local path"},
		{"//user:pw@example.org/x", "is a local path"},

		// Hosts and ports.
		{"https:///x", "has no host"},
		{"https://./x", "has no host"},
		{"https://:443/x", "has no host"},
		{"https://a..b/x", hostName},
		{"https://exa%6dple.org/x", hostName},
		{"https://example-.org/x", hostName},
		{"https://" + strings.Repeat("a.", 127) + "org/x", "more than 253"},
		{"https://example.org:0/x", "has a port"},
		{"https://example.org:65536/x", "has a port"},
		{"https://example.org:-1/x", "has a port"},
		{"https://example.org:+22/x", "has a port"},
		{"https://example.org:22:22/x", "has a port"},
		{"https://[::1/x", "without the ]"},
		{"https://[fe80::1%25eth0]/x", "not an IPv6 address"},
		{"https://[127.0.0.1]/x", "not an IPv6 address"},
		{"https://[::1]x/y", "has a port"},
		{"git@[::1]:x", "has brackets"},
		{"[git@example.org:22]:x", "has brackets"},
		{"http://169.254.169.254/latest/meta-data", private},
		{"https://169.254.169.254/latest", private},
		{"https://localhost/x", private},
		{"https://LOCALHOST./x", private},
		{"https://a.localhost:8443/x", private},
		{"https://127.0.0.1/x", private},
		{"https://10.1.2.3/x", private},
		{"https://172.31.0.1/x", private},
		{"https://192.168.0.1/x", private},
		{"https://100.64.0.1/x", private},
		{"https://0.0.0.0/x", private},
		{"https://224.0.0.1/x", private},
		{"https://[::1]/x", private},
		{"https://[::]/x", private},
		{"https://[fd00::1]/x", private},
		{"https://[fe80::1]/x", private},
		{"https://[::ffff:127.0.0.1]/x", private},
		{"https://[64:ff9b::7f00:1]/x", private},
		{"https://[2002:7f00:1::]/x", private},
		{"git@127.0.0.1:x", private},
		{"https://2130706433/x", number},
		{"https://0x7f000001/x", number},
		{"https://127.1/x", number},
		{"https://0177.0.0.1/x", number},
		{"https://127.0.0.1.1/x", number},

		// Paths.
		{"https://example.org", "has no path"},
		{"https://example.org//", "has no path"},
		{"https://example.org//x", "two slashes"},
		{"https://example.org/a//x", "two slashes"},
		{"https://example.org/../x", `has a ".." in its path`},
		{"https://example.org/a/%2e%2E/x", `has a ".." in its path`},
		{"https://example.org/./x", `has a "." in its path`},
		{"git@example.org:../x", `has a ".." in its path`},
		{"git@example.org:a%20b", "which git does not decode"},
		{"https://example.org/.git", "names no repository"},
		{"https://example.org/x?y=z", "has a query"},
		{"https://example.org/x#y", "has a query"},
		{"git@example.org:x?y", "has a query"},
		{"https://git.example.org/g/p/-/tree/main", page},

		// Pages that people copy from a browser.
		{"https://github.com", "has no path"},
		{"https://github.com/chaoss", "is an organization or user"},
		{"https://github.com/orgs/chaoss", "is an organization or user"},
		{"https://github.com/orgs/chaoss/repositories", "is an organization or user"},
		{"git@github.com:chaoss", "is an organization or user"},
		{"https://github.com/chaoss/augur/tree/main", "write it as https://github.com/chaoss/augur"},
		{"https://github.com/chaoss/augur/issues", page},
		{"https://github.com/chaoss/augur.git/issues", "write it as https://github.com/chaoss/augur"},
		{"https://github.com/chaoss/augur?tab=readme", "has a query"},
		{"https://github.com/chaoss/augur#readme", "has a query"},
		{"https://github.com/topics/python", page},
		{"https://github.com/chaoss/augur.wiki.git", "is a wiki"},
		{"https://github.com/chaoss/.git", "has a name"},
		{"https://github.com/chaoss/...git", "has a name"},
		{"https://github.com/chaoss/x.git.git", "has a name"},
		{"https://github.com/" + strings.Repeat("a", 40) + "/x", "has an owner"},
		{"https://github.com/a+b/x", "has an owner"},
		{"https://github.com/a/b+c", "has a name"},
		{"https://github.com:8443/a/b", "has a port"},
		{"ssh://git@github.com:2222/a/b", "has a port"},
		{"https://api.github.com/repos/chaoss/augur", "is an address of GitHub's API"},
		{"https://gitlab.com/fdroid", "is a group or user"},
		{"https://gitlab.com/groups/fdroid/sub", "is a group or user"},
		{"https://gitlab.com/a/b/-/issues", page},
		{"https://gitlab.com/a/b/tree/master", "write it as https://gitlab.com/a/b"},
	} {
		_, err := giturl.Parse(test.raw, strict)
		var refused *giturl.Error
		require.ErrorAs(t, err, &refused, "%q", test.raw)
		require.Contains(t, refused.Reason, test.reason, "%q", test.raw)
		require.Contains(t, err.Error(), refused.Reason)
	}
}

func TestParseObeysThePolicy(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		raw    string
		policy giturl.Policy
		ok     bool
	}{
		{"http://example.org/x", giturl.Policy{AllowHTTP: true}, true},
		{"http://169.254.169.254/x", giturl.Policy{AllowHTTP: true}, false},
		{"http://127.0.0.1:8080/x", giturl.Policy{AllowHTTP: true, AllowPrivate: true}, true},
		{"http://127.0.0.1:8080/x", giturl.Policy{AllowPrivate: true}, false},
		{"https://localhost/x", giturl.Policy{AllowPrivate: true}, true},
		{"/srv/x", giturl.Policy{AllowLocal: true}, true},
		{"file:///srv/x", giturl.Policy{AllowLocal: true}, true},
		{"/srv/x", giturl.Policy{AllowHTTP: true, AllowPrivate: true}, false},
		{"git://example.org/x", open, false},
		{"/srv/../etc", open, false},
		{"/", open, false},
		{"/.git", open, false},
		{"srv/x", open, false},
		{"file://host/srv/x", open, false},
		{"file:///srv/a%20b", open, false},
		{"/srv/x\ny", open, false},
		{"ext::sh -c id", open, false},
		{"https://u:p@example.org/x", open, false},
	} {
		_, err := giturl.Parse(test.raw, test.policy)
		require.Equal(t, test.ok, err == nil, "Parse(%q, %+v) = %v", test.raw, test.policy, err)
	}
}

func TestRedactHidesWhatMayBeASecret(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		raw, want string
	}{
		{"https://github.com/chaoss/augur", "https://github.com/chaoss/augur"},
		{"git@example.org:x/y", "git@example.org:x/y"},
		{"ssh://git@example.org/x", "ssh://git@example.org/x"},
		{"http://127.0.0.1/x", "http://127.0.0.1/x"},
		{"/srv/git/x", "/srv/git/x"},
		{"https://u:p@example.org/x", "https://xxxxx@example.org/x"},
		{"https://ghp_CANARY@github.com/a/b", "https://xxxxx@github.com/a/b"},
		{"https://u:p@s/s@example.org/x", "https://xxxxx@example.org/x"},
		{"https://u:p?s@example.org/x", "https://xxxxx"},
		{"https://u:p@example.org/x?private_token=t", "https://xxxxx@example.org/x?xxxxx"},
		{"https://example.org/x?private_token=t@u", "https://xxxxx"},
		{"https://example.org/x#t", "https://example.org/x?xxxxx"},
		{"//u:p@example.org/x", "xxxxx@example.org/x"},
		{"u:p@example.org/x", "xxxxx@example.org/x"},
		{"u:a://p@example.org", "xxxxx@example.org"},
		{"https:/u:p@example.org", "xxxxx@example.org"},
		{"a\x1b[31m\xff\u202eb", "a?[31m??b"},
		{strings.Repeat("x", 300), strings.Repeat("x", 200) + "..."},
	} {
		require.Equal(t, test.want, giturl.Redact(test.raw), "%q", test.raw)
	}
}

func TestErrorsNeverShowAPassword(t *testing.T) {
	t.Parallel()
	for _, raw := range []string{
		"https://u:CANARY@example.org/x", "https://CANARY@github.com/a/b", "ssh://git:CANARY@h/x", "https://u:1/CANARY@h/x",
		"https://u:CANARY/x@h", "https://h/x?token=CANARY", "git:CANARY@h:x", "http://u:CANARY@127.0.0.1/", "//u:CANARY@h/x",
		"https://u:CANARY@h/\n", "-u:CANARY@h", "ext::u:CANARY@h", "https://CANARY:@h:0/x",
	} {
		_, err := giturl.Parse(raw, strict)
		require.Error(t, err)
		require.NotContains(t, err.Error(), "CANARY", raw)
	}
}

func TestPlatformIDsAreThoseOfTheTable(t *testing.T) {
	t.Parallel()
	require.Equal(t, int64(1), giturl.GitHub.ID())
	require.Equal(t, int64(2), giturl.GitLab.ID())
	require.Equal(t, int64(0), giturl.Git.ID())
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"https://github.com/chaoss/augur.git/", "git@github.com:a/b", "ssh://git@host:22/x", "file:///x/.git", "/a b/c", "ext::sh -c id",
		"--upload-pack=x", "https://u:p@h/x", "https://[::ffff:127.0.0.1]:8443/%7e/x", "http://0x7f.1/", "host.x:a%20b", "https://h/a%2e%2e/x.git.git",
		"git@host.org:/abs", "A.:0", "https://gitlab.com/a/b/-/tree", "www.github.com/a/b",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		u, err := giturl.Parse(raw, open)
		if err != nil {
			var refused *giturl.Error
			require.ErrorAs(t, err, &refused)
			require.NotEmpty(t, refused.Reason)
			requirePrintable(t, refused.URL)
			return
		}
		again, err := giturl.Parse(u.Canonical, open)
		require.NoError(t, err, "canonical form %q of %q", u.Canonical, raw)
		require.Equal(t, u, again)
		require.False(t, strings.HasPrefix(u.Canonical, "-"))
		require.NotContains(t, u.Canonical, "::sh")
		require.LessOrEqual(t, len(u.Canonical), giturl.MaxLength)
		require.NotEmpty(t, u.Name)
		require.NotContains(t, u.Name, "/")
		requirePrintable(t, u.Canonical)
		if u.Kind != giturl.Local {
			require.False(t, strings.HasPrefix(u.Host, "-") || u.Host == "")
			require.NotContains(t, u.Canonical, "..//")
		}
		for element := range strings.SplitSeq(u.Canonical, "/") {
			require.NotEqual(t, "..", element)
		}
		if _, err := giturl.Parse(raw, strict); err == nil {
			require.NotEqual(t, giturl.HTTP, u.Kind)
			require.NotEqual(t, giturl.Local, u.Kind)
		}
	})
}

func FuzzRedact(f *testing.F) {
	f.Add("https://", "user", "pass", "host.org", "/path")
	f.Add("", "u", "p@/?#:", "h", ":x@y")
	f.Add("ssh://", "", "://", "h", "?a@b")
	f.Fuzz(func(t *testing.T, scheme, user, password, host, path string) {
		const canary = "CANARY"
		for _, part := range []string{scheme, user, host, path} {
			if strings.Contains(part, canary) {
				return
			}
		}
		if strings.ContainsAny(user+host, "/?#@") || scheme != "" && scheme != "https://" && scheme != "ssh://" && scheme != "http://" {
			return
		}
		for _, secret := range []string{canary + password, password + canary} {
			raw := fmt.Sprintf("%s%s:%s@%s%s", scheme, user, secret, host, path)
			got := giturl.Redact(raw)
			require.NotContains(t, got, canary, "Redact(%q)", raw)
			requirePrintable(t, got)
			if _, err := giturl.Parse(raw, open); err != nil {
				require.NotContains(t, err.Error(), canary)
			}
		}
	})
}

func requirePrintable(t *testing.T, text string) {
	t.Helper()
	for _, r := range text {
		require.False(t, unicode.IsControl(r), "%q has a control character", text)
	}
}

func ExampleParse() {
	u, err := giturl.Parse("git@github.com:CHAOSS/augur.git", giturl.Policy{})
	fmt.Println(u, u.Platform, u.Owner, u.Name, err)

	_, err = giturl.Parse("https://github.com@evil.example/x", giturl.Policy{})
	if refused, ok := errors.AsType[*giturl.Error](err); ok {
		fmt.Println(refused.Reason)
	}
	// Output:
	// https://github.com/chaoss/augur github chaoss augur <nil>
	// does not point to github.com, which stands before an @, but to another host
}
