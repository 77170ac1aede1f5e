package facade_test

import (
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"augur/facade"
)

// hostile fills dir with a history in which attributes, filters, renames and diff algorithms would show.
func hostile(t testing.TB, dir string) {
	t.Helper()
	var s script
	var body strings.Builder
	for i := range 40 {
		fmt.Fprintf(&body, "line %d of the file\n", i)
	}
	attributes := "* binary\n*.txt -diff diff=canary filter=canary merge=canary\n"
	first := s.commit("main", "first", nil, file(".gitattributes", attributes), file("a.txt", body.String()), file("b.pdf", "text\n"), file("sub/.gitattributes", "* -diff\n"), file("sub/c", "x\n"))
	second := s.commit("main", "second", []int{first}, remove("a.txt"), file("renamed.txt", body.String()+"more\n"), file("b.pdf", "other\n"), file("sub/c", "y\n"), file("größe", "x\n"))
	s.commit("main", "third", []int{second}, file(".mailmap", "Mapped <mapped@example.org> <ann@example.org>\n"), submodule("s", gitlink), file(".gitmodules", "[submodule \"s\"]\n\tpath = s\n\turl = ext::sh -c touch% canary\n"))
	s.run(t, dir)
}

func hostileRows() [][]change {
	return [][]change{
		{{Path: ".gitattributes", Added: 2}, {Path: "a.txt", Added: 40}, {Path: "b.pdf", Added: 1}, {Path: "sub/.gitattributes", Added: 1}, {Path: "sub/c", Added: 1}},
		{{Path: "b.pdf", Added: 1, Removed: 1}, {Path: "größe", Added: 1}, {Path: "renamed.txt", Added: 1}, {Path: "sub/c", Added: 1, Removed: 1}},
		{{Path: ".gitmodules", Added: 3}, {Path: ".mailmap", Added: 1}, {Path: "s", Added: 1}},
	}
}

func rowsOf(all []*facade.Commit) [][]change {
	var rows [][]change
	for _, c := range all {
		rows = append(rows, c.Files)
	}
	return rows
}

func TestNoConfigurationChangesRows(t *testing.T) {
	t.Parallel()
	dir := bare(t)
	hostile(t, dir)
	canary := filepath.Join(t.TempDir(), "canary")
	settings := fmt.Sprintf(`
[diff]
	external = touch %[1]s
	noprefix = true
	mnemonicPrefix = true
	renames = false
	renameLimit = 1
	context = 9
	interHunkContext = 9
	algorithm = histogram
	indentHeuristic = false
	orderFile = /dev/stdin
	suppressBlankEmpty = true
	wordRegex = .
	colorMoved = zebra
	ignoreSubmodules = all
	submodule = log
[diff "canary"]
	command = touch %[1]s
	textconv = touch %[1]s
	binary = true
[filter "canary"]
	clean = touch %[1]s
	smudge = touch %[1]s
[core]
	quotePath = true
	bigFileThreshold = 1
	abbrev = 4
	hooksPath = %[2]s
	fsmonitor = touch %[1]s
	pager = touch %[1]s
	attributesFile = %[2]s/attributes
[color]
	ui = always
	diff = always
[log]
	showSignature = true
	mailmap = true
	showRoot = false
[i18n]
	logOutputEncoding = UTF-16
[mailmap]
	blob = HEAD:.mailmap
[grep]
	patternType = perl
`, canary, t.TempDir())
	config := filepath.Join(dir, "config")
	own, err := os.ReadFile(config)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(config, append(own, settings...), 0o600))

	user := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(user, ".gitconfig"), []byte(settings+"[core]\n\trepositoryFormatVersion = 99\n"), 0o600))
	g := newGit(t, func(o *facade.Options) {
		o.Env = append(os.Environ(), "HOME="+user, "XDG_CONFIG_HOME="+user, "GIT_CONFIG_GLOBAL="+user+"/.gitconfig", "GIT_DIR=/nowhere", "GIT_EXTERNAL_DIFF=touch "+canary,
			"GIT_DIFF_OPTS=-u9", "GIT_REPLACE_REF_BASE=refs/heads/", "GIT_ATTR_SOURCE=main", "GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=diff.noprefix", "GIT_CONFIG_VALUE_0=true",
			"GIT_CONFIG_PARAMETERS='core.quotepath=true'", "GIT_NAMESPACE=x", "GIT_OBJECT_DIRECTORY=/nowhere", "GIT_TRACE="+canary, "LC_ALL=de_DE.UTF-8", "LANGUAGE=de")
	})
	all := history(t, g, dir)
	require.Equal(t, hostileRows(), rowsOf(all))
	require.Equal(t, "Ann", all[0].Author.Name)
	clone := filepath.Join(t.TempDir(), "clone")
	require.NoError(t, g.Clone(t.Context(), dir, clone))
	require.NoError(t, g.Fetch(t.Context(), clone, dir))
	require.Equal(t, hostileRows(), rowsOf(history(t, g, clone)))
	require.NoFileExists(t, canary)
	require.NoDirExists(t, filepath.Join(clone, "modules"))
}

func TestAttributesOfAWorkTreeChangeNothing(t *testing.T) {
	t.Parallel()
	origin, work := bare(t), filepath.Join(t.TempDir(), "work")
	hostile(t, origin)
	git(t, "/", "-c", "filter.canary.smudge=cat", "clone", "--quiet", "--", origin, work)
	require.FileExists(t, filepath.Join(work, ".gitattributes"))
	require.Equal(t, hostileRows(), rowsOf(history(t, newGit(t), filepath.Join(work, ".git"))))
}

func TestReplacedAndGraftedHistoryIsNotSeen(t *testing.T) {
	t.Parallel()
	repo, hashes, _ := opened(t, 4)
	want := commits(t, repo, hashes)
	// The git directory of the repository is the only thing that a test needs of it and nobody else does.
	dir := bare(t)
	linear(t, dir, 4)
	g := newGit(t)
	list := strings.Fields(git(t, dir, "rev-list", "--reverse", "main"))
	require.Equal(t, hashes, list)
	git(t, dir, "replace", list[3], list[0])
	git(t, dir, "replace", "--graft", list[2])
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "info"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "info", "grafts"), []byte(list[3]+" "+list[0]+"\n"), 0o600))
	require.Equal(t, want, history(t, g, dir))
}

// rawTree stores a tree whose entries no git would make: "mode name" and a blob each.
func rawTree(t testing.TB, dir string, entries ...[2]string) string {
	t.Helper()
	var b strings.Builder
	for _, e := range entries {
		blob, err := hex.DecodeString(gitInput(t, dir, e[1], "hash-object", "-t", "blob", "-w", "--stdin"))
		require.NoError(t, err)
		b.WriteString(e[0] + "\x00" + string(blob))
	}
	return gitInput(t, dir, b.String(), "hash-object", "-t", "tree", "-w", "--literally", "--stdin")
}

func TestTreesThatNoGitMakesAreOnlyText(t *testing.T) {
	t.Parallel()
	dir := bare(t)
	const people = "author A <a@b> 1 +0000\ncommitter C <c@d> 1 +0000\n\nm\n"
	root := literal(t, dir, "tree "+rawTree(t, dir, [2]string{"100644 ../../etc/passwd", "a\n"}, [2]string{"100644 .git", "b\nb\n"}, [2]string{"100664 g", "c\n"}, [2]string{"120000 l", "/etc/passwd"})+"\n"+people)
	twice := literal(t, dir, "tree "+rawTree(t, dir, [2]string{"100644 f", "1\n"}, [2]string{"100644 f", "1\n2\n"}, [2]string{"100755 g", "c\n"})+"\nparent "+root+"\n"+people)
	// Modes of the first years of git are the same to it as those of today.
	modes := rawTree(t, dir, [2]string{"100664 f", "1\n2\n"}, [2]string{"100600 g", "c\n"}, [2]string{"100664 h", "x\n"})
	later := rawTree(t, dir, [2]string{"100644 f", "1\n2\n"}, [2]string{"100777 g", "c\n"}, [2]string{"100644 h", "y\n"})
	third := literal(t, dir, "tree "+modes+"\nparent "+twice+"\n"+people)
	git(t, dir, "update-ref", "refs/heads/main", literal(t, dir, "tree "+later+"\nparent "+third+"\n"+people))
	g := newGit(t)
	clone := filepath.Join(t.TempDir(), "clone")
	require.NoError(t, g.Clone(t.Context(), dir, clone))
	require.Equal(t, [][]change{
		{{Path: "../../etc/passwd", Added: 1}, {Path: ".git", Added: 2}, {Path: "g", Added: 1}, {Path: "l", Added: 1}},
		{{Path: "(Deleted) ../../etc/passwd", Removed: 1}, {Path: "(Deleted) .git", Removed: 2}, {Path: "f", Added: 1}, {Path: "f", Added: 2}, {Path: "g"}, {Path: "(Deleted) l", Removed: 1}},
		{{Path: "f", Added: 1}, {Path: "(Deleted) f", Removed: 2}, {Path: "g"}, {Path: "h", Added: 1}},
		{{Path: "g"}, {Path: "h", Added: 1, Removed: 1}},
	}, rowsOf(history(t, g, clone)))
	verify(t, g, clone)
}

func TestRefusedURLsNeverReachGit(t *testing.T) {
	t.Parallel()
	strict := func(o *facade.Options) { o.AllowHTTP, o.AllowLocal, o.AllowPrivate = false, false, false }
	called := filepath.Join(t.TempDir(), "called")
	g := newGit(t, strict, func(o *facade.Options) {
		o.Binary = wrapped(t, "--", "touch "+called+"; exit 1")
	})
	canary := filepath.Join(t.TempDir(), "canary")
	dir := filepath.Join(t.TempDir(), "clone")
	for _, url := range []string{
		"", "-u" + canary, "--upload-pack=touch " + canary, "ext::sh -c touch% " + canary, "file:///etc", "/etc", "../x", "http://example.org/a/b", "http://169.254.169.254/latest",
		"https://127.0.0.1/a/b", "https://u:p@example.org/a/b", "https://github.com/a/b\nc", "a'; touch " + canary + "; '", "ssh://-oProxyCommand=touch/x", "git://example.org/x", "fd::3",
		"https://github.com/a/b\x00", "-oProxyCommand=touch:x",
	} {
		_, err := g.RemoteHead(t.Context(), url)
		require.ErrorIs(t, err, facade.ErrRefused, url)
		require.ErrorIs(t, g.Clone(t.Context(), url, dir), facade.ErrRefused, url)
		require.ErrorIs(t, g.Fetch(t.Context(), dir, url), facade.ErrRefused, url)
		require.NotContains(t, err.Error(), ":p@")
	}
	require.NoFileExists(t, canary)
	require.NoFileExists(t, called)
}

func TestRewritesApplyToWhatGitIsGiven(t *testing.T) {
	t.Parallel()
	mirror := t.TempDir()
	origin := bare(t)
	linear(t, origin, 2)
	require.NoError(t, os.MkdirAll(filepath.Join(mirror, "chaoss"), 0o755))
	require.NoError(t, os.Rename(origin, filepath.Join(mirror, "chaoss", "augur")))
	g := newGit(t, func(o *facade.Options) {
		o.AllowLocal, o.AllowHTTP, o.AllowPrivate = false, false, false
		o.Rewrites = []facade.Rewrite{
			{Prefix: "https://github.com/", Replacement: "/nowhere/"},
			{Prefix: "https://github.com/chaoss/", Replacement: mirror + "/chaoss/"},
			{Prefix: "https://example.org/file/", Replacement: "file://" + mirror + "/"},
			{Prefix: "https://example.org/ext/", Replacement: "ext::sh -c false "},
		}
	})
	for _, url := range []string{"https://github.com/chaoss/augur", "https://example.org/file/chaoss/augur"} {
		head, err := g.RemoteHead(t.Context(), url)
		require.NoError(t, err)
		clone := filepath.Join(t.TempDir(), "clone")
		require.NoError(t, g.Clone(t.Context(), url, clone))
		require.NoError(t, g.Fetch(t.Context(), clone, url))
		require.Equal(t, head, headOf(t, g, clone))
	}
	_, err := g.RemoteHead(t.Context(), "https://github.com/other/augur")
	require.ErrorIs(t, err, facade.ErrGone)
	_, err = g.RemoteHead(t.Context(), "https://example.org/ext/x")
	require.ErrorIs(t, err, facade.ErrRefused)
	_, err = g.RemoteHead(t.Context(), mirror+"/chaoss/augur")
	require.ErrorIs(t, err, facade.ErrRefused)
}

func TestRepositoriesOfOtherUsersAreRead(t *testing.T) {
	t.Parallel()
	origin := bare(t)
	linear(t, origin, 2)
	g := newGit(t)
	if os.Geteuid() == 0 { // only root can give a directory away; anyone else owns what he made
		require.NoError(t, filepath.WalkDir(origin, func(path string, _ os.DirEntry, err error) error {
			require.NoError(t, err)
			return os.Lchown(path, 65534, 65534)
		}))
	}
	require.Len(t, history(t, g, origin), 2)
	clone := filepath.Join(t.TempDir(), "clone")
	require.NoError(t, g.Clone(t.Context(), origin, clone))
	require.NoError(t, g.Fetch(t.Context(), clone, origin))
}

func TestNewSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	_, err := facade.New(t.Context(), facade.Options{})
	require.ErrorContains(t, err, "facade.Home: must be an absolute directory")
	_, err = facade.New(t.Context(), facade.Options{Home: home, Binary: filepath.Join(home, "nothing")})
	require.ErrorContains(t, err, "look for git")
	_, err = facade.New(t.Context(), facade.Options{Home: home, Rewrites: []facade.Rewrite{{Prefix: "https://u:secret@x/"}, {Replacement: "-x"}}})
	require.ErrorContains(t, err, "facade.Rewrites[0]")
	require.ErrorContains(t, err, "facade.Rewrites[1]")
	require.NotContains(t, err.Error(), "secret")
	_, err = facade.New(t.Context(), facade.Options{Home: home, Binary: wrapped(t, "version", "echo git version 2.30.9; exit 0")})
	require.ErrorContains(t, err, "git 2.30 is too old, this program needs 2.31")
	_, err = facade.New(t.Context(), facade.Options{Home: home, Binary: wrapped(t, "version", "echo hello; exit 0")})
	require.ErrorContains(t, err, `says "hello\n"`)
	_, err = facade.New(t.Context(), facade.Options{Home: home, Binary: wrapped(t, "version", "echo git version 10.0.windows.1; exit 0")})
	require.NoError(t, err)
	b, err := os.ReadFile(filepath.Join(home, ".gitconfig"))
	require.NoError(t, err)
	require.Equal(t, "[safe]\n\tdirectory = *\n", string(b))
}
