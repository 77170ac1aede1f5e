package facade_test

import (
	"context"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"augur/facade"
)

// wrapped makes a git that does something else when its arguments hold a word.
func wrapped(t testing.TB, word, instead string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "git")
	script := "#!/bin/sh\ncase \" $* \" in *\" " + word + " \"*) " + instead + ";; esac\nexec git \"$@\"\n"
	// A process that another test starts in this moment would inherit the open file, and a file that is open for writing cannot be run.
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	require.NoError(t, os.WriteFile(path, []byte(script), 0o755))
	return path
}

// opened is a repository with n commits, its hashes, and the home of the git that reads it.
func opened(t testing.TB, n int, change ...func(*facade.Options)) (repo *facade.Repository, hashes []string, home string) {
	t.Helper()
	dir := bare(t)
	linear(t, dir, n)
	return openedIn(t, dir, change...)
}

// openedIn is the same for a repository that is there.
func openedIn(t testing.TB, dir string, change ...func(*facade.Options)) (repo *facade.Repository, hashes []string, home string) {
	t.Helper()
	g := newGit(t, append([]func(*facade.Options){func(o *facade.Options) { home = o.Home }}, change...)...)
	repo, err := g.Open(dir)
	require.NoError(t, err)
	return repo, strings.Fields(git(t, dir, "rev-list", "--reverse", "main")), home
}

// ways are the ways to read a history, with the git commands that each needs.
var ways = []struct {
	name  string
	words []string
	read  func(*facade.Repository, context.Context, []string) iter.Seq2[*facade.Commit, error]
}{
	{"objects", []string{"diff-tree"}, (*facade.Repository).History},
	{"patches", []string{"diff-tree", "cat-file"}, (*facade.Repository).PatchHistory},
}

func TestHistoryIsTheSameWithAnyNumberOfProcesses(t *testing.T) {
	t.Parallel()
	dir := bare(t)
	linear(t, dir, 1500)
	var first []*facade.Commit
	for _, n := range []int{1, 2, 5} {
		g := newGit(t, func(o *facade.Options) { o.Parallel = n })
		got := history(t, g, dir)
		if first == nil {
			first = got
		}
		require.Equal(t, first, got)
	}
	old := newGit(t, func(o *facade.Options) { o.Binary = wrapped(t, "version", "echo git version 2.35.1; exit 0") })
	require.Equal(t, first, patchHistory(t, old, dir), "before 2.36 objects are asked for in another way")
	for i, c := range first {
		require.Equal(t, fmt.Sprintf("commit %d", i), c.Message)
	}
	require.Equal(t, "bob@example.org", first[7].Committer.Email)
	require.Equal(t, []string{first[6].Hash}, first[7].Parents)
	require.Equal(t, []change{{Path: "file1", Added: 1, Removed: 1}}, first[7].Files)
	verify(t, newGit(t), dir)
}

func TestHistoryFollowsTheOrderThatItIsGiven(t *testing.T) {
	t.Parallel()
	repo, hashes, _ := opened(t, 20)
	slices.Reverse(hashes)
	for i, c := range commits(t, repo, hashes) {
		require.Equal(t, hashes[i], c.Hash)
	}
	require.Empty(t, commits(t, repo, nil))
}

func TestLongHistoriesAreReadByFreshProcesses(t *testing.T) {
	t.Parallel()
	dir := bare(t)
	var s script
	var parents []int
	const n = 17_000
	for i := range n {
		// A file that is moved: git is asked about each.
		parents = []int{s.commit("main", "m", parents, remove(fmt.Sprintf("file%d", i)), file(fmt.Sprintf("file%d", i+1), "same"))}
	}
	s.run(t, dir)
	started := filepath.Join(t.TempDir(), "started")
	g := newGit(t, func(o *facade.Options) {
		o.Parallel = 1
		o.Binary = wrapped(t, "diff-tree", "echo >> "+started)
	})
	require.Len(t, history(t, g, dir), n)
	count, err := os.ReadFile(started)
	require.NoError(t, err)
	require.Len(t, count, 4, "two for either way to read")
}

func TestLeavingAHistoryEarlyLeavesNoProcess(t *testing.T) {
	t.Parallel()
	dir := bare(t)
	linear(t, dir, 30_000)
	for _, way := range ways {
		repo, hashes, home := openedIn(t, dir, func(o *facade.Options) {
			o.Binary = wrapped(t, "diff-tree", `git "$@"; sleep 1000 & wait; exit`)
		})
		for c, err := range way.read(repo, t.Context(), hashes) {
			require.NoError(t, err)
			require.NotEmpty(t, processes(t, home))
			if c.Hash == hashes[10] {
				break
			}
		}
		require.Empty(t, processes(t, home), way.name)
	}
}

func TestCancelledHistoryEndsWithTheReason(t *testing.T) {
	t.Parallel()
	dir := bare(t)
	linear(t, dir, 30_000) // more than what may wait for the reader
	for _, way := range ways {
		repo, hashes, home := openedIn(t, dir)
		ctx, cancel := context.WithCancel(t.Context())
		t.Cleanup(cancel)
		seen, last := 0, error(nil)
		for _, err := range way.read(repo, ctx, hashes) {
			if last = err; err != nil {
				break
			}
			if seen++; seen == 10 {
				cancel()
			}
		}
		require.ErrorIs(t, last, context.Canceled, way.name)
		require.NotErrorIs(t, last, facade.ErrTimeout)
		require.Less(t, seen, len(hashes))
		if way.name == "objects" {
			require.Equal(t, 10, seen, "what is counted already is not handed out any more")
		}
		require.Empty(t, processes(t, home))
	}
}

func TestHistoryOfAGitThatHangsTimesOut(t *testing.T) {
	t.Parallel()
	for _, way := range ways {
		for _, word := range way.words {
			repo, hashes, home := opened(t, 3, func(o *facade.Options) {
				o.Binary = wrapped(t, word, "sleep 1000 & wait")
				o.Timeouts.Stall = 50 * time.Millisecond
			})
			for c, err := range way.read(repo, t.Context(), hashes) {
				require.Nil(t, c)
				require.ErrorIs(t, err, facade.ErrTimeout)
			}
			require.Empty(t, processes(t, home), "the child of git as well")
		}
	}
}

func TestGitThatFailsIsNeverAnEmptyHistory(t *testing.T) {
	t.Parallel()
	for name, instead := range map[string]string{
		"status":  "exit 1",
		"silence": "exit 0",
		"killed":  "kill -9 $$",
		"partial": "head -c 100 /dev/zero; exit 0",
		"garbage": "yes | head -c 5000000; exit 0",
		"hangs":   "sleep 1000 & wait",
	} {
		for _, word := range []string{"rev-list", "rev-parse", "merge-base", "objects diff-tree", "patches diff-tree", "patches cat-file"} {
			t.Run(name+" "+word, func(t *testing.T) {
				t.Parallel()
				repo, hashes, home := opened(t, 3, func(o *facade.Options) {
					o.Binary = wrapped(t, word[strings.Index(word, " ")+1:], instead)
					o.Timeouts.Stall, o.Timeouts.Local = 50*time.Millisecond, 50*time.Millisecond
					if name != "hangs" {
						o.Timeouts.Stall, o.Timeouts.Local = time.Minute, time.Minute
					}
				})
				var err error
				switch word {
				case "rev-list":
					var list []string
					list, err = repo.NewCommits(t.Context(), hashes[2], "")
					require.Empty(t, list)
				case "rev-parse":
					_, err = repo.Head(t.Context())
				case "merge-base":
					if name != "killed" && name != "hangs" {
						return // it answers with its exit status
					}
					_, err = repo.IsAncestor(t.Context(), hashes[0], hashes[2])
				default:
					read := ways[0].read
					if strings.HasPrefix(word, ways[1].name) {
						read = ways[1].read
					}
					seen := 0
					for c, fault := range read(repo, t.Context(), hashes) {
						if c != nil {
							seen++
						}
						err = fault
					}
					require.Less(t, seen, len(hashes))
				}
				require.Error(t, err)
				require.Empty(t, processes(t, home))
			})
		}
	}
}

func TestNewCommitsAreWhatWasNotStored(t *testing.T) {
	t.Parallel()
	repo, hashes, _ := opened(t, 10)
	got, err := repo.NewCommits(t.Context(), hashes[9], hashes[6])
	require.NoError(t, err)
	require.Equal(t, hashes[7:], got)
	got, err = repo.NewCommits(t.Context(), hashes[9], "")
	require.NoError(t, err)
	require.Equal(t, hashes, got)
	got, err = repo.NewCommits(t.Context(), hashes[9], hashes[9])
	require.NoError(t, err)
	require.Empty(t, got)
	for _, bad := range []string{"", "main", "--all", "-" + hashes[0][1:], hashes[0][:39], strings.Repeat("g", 40)} {
		_, err := repo.NewCommits(t.Context(), bad, "")
		require.ErrorContains(t, err, "no commit", bad)
	}
	_, err = repo.NewCommits(t.Context(), hashes[9], "--all")
	require.ErrorContains(t, err, "no commit")
	_, err = repo.NewCommits(t.Context(), strings.Repeat("1", 40), "")
	require.ErrorIs(t, err, facade.ErrCorrupt)
}

func TestAncestorsAreTold(t *testing.T) {
	t.Parallel()
	repo, hashes, _ := opened(t, 3)
	for _, c := range []struct {
		old, head string
		want      bool
	}{{hashes[0], hashes[2], true}, {hashes[2], hashes[2], true}, {hashes[2], hashes[0], false}, {strings.Repeat("1", 40), hashes[2], false}} {
		got, err := repo.IsAncestor(t.Context(), c.old, c.head)
		require.NoError(t, err)
		require.Equal(t, c.want, got)
	}
	_, err := repo.IsAncestor(t.Context(), hashes[0], strings.Repeat("1", 40))
	require.Error(t, err)
	_, err = repo.IsAncestor(t.Context(), "--all", hashes[0])
	require.ErrorContains(t, err, "must be hashes")
}

func TestSHA256RepositoriesWork(t *testing.T) {
	t.Parallel()
	dir := bare(t, "--object-format=sha256")
	var s script
	first := s.commit("main", "first", nil, file("a", "x\n"), file(".gitattributes", "* binary\n"))
	s.commit("main", "second", []int{first}, executable("a", "x\n"))
	s.run(t, dir)
	g := newGit(t)
	clone := filepath.Join(t.TempDir(), "clone")
	require.NoError(t, g.Clone(t.Context(), dir, clone))
	all := history(t, g, clone)
	require.Len(t, all[1].Hash, 64)
	require.Equal(t, []string{all[0].Hash}, all[1].Parents)
	require.Equal(t, []change{{Path: ".gitattributes", Added: 1}, {Path: "a", Added: 1}}, all[0].Files)
	repo, err := g.Open(clone)
	require.NoError(t, err)
	require.True(t, repo.SHA256)
	verify(t, g, clone)
}

func TestHeadOfARepositoryWithoutCommits(t *testing.T) {
	t.Parallel()
	dir := bare(t)
	repo, err := newGit(t).Open(dir)
	require.NoError(t, err)
	head, err := repo.Head(t.Context())
	require.NoError(t, err)
	require.Zero(t, head)

	linear(t, dir, 2)
	head, err = repo.Head(t.Context())
	require.NoError(t, err)
	require.Equal(t, facade.Head{Branch: "main", Hash: git(t, dir, "rev-parse", "main")}, head)

	git(t, dir, "symbolic-ref", "HEAD", "refs/heads/nowhere")
	head, err = repo.Head(t.Context())
	require.NoError(t, err)
	require.Zero(t, head)

	git(t, dir, "update-ref", "--no-deref", "HEAD", "main")
	head, err = repo.Head(t.Context())
	require.NoError(t, err)
	require.Equal(t, facade.Head{Hash: git(t, dir, "rev-parse", "main")}, head)
}
