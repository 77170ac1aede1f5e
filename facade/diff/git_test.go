package diff_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"augur/facade/diff"
)

// pair is an old and a new text.
type pair struct{ old, new string }

// git runs git without anybody's configuration.
func git(t testing.TB, input string, args ...string) string {
	t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Stdin = strings.NewReader(input)
	cmd.Env = append(os.Environ(), "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null")
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	require.NoError(t, err, "git %v: %s", args, stderr.String())
	return string(out)
}

// patches are what git makes of each pair: runs of removed and of added lines, in the order of the patch. Lines keep their newline.
func patches(t testing.TB, pairs []pair) [][]run {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "repo.git")
	git(t, "", "init", "--quiet", "--bare", "--template=", dir)
	var script strings.Builder
	for i, name := range []string{"old", "new"} {
		fmt.Fprintf(&script, "commit refs/heads/%s\ncommitter A <a@b> 1 +0000\ndata 0\n", name)
		for k, p := range pairs {
			text := []string{p.old, p.new}[i]
			fmt.Fprintf(&script, "M 100644 inline %06d\ndata %d\n%s\n", k, len(text), text)
		}
	}
	git(t, script.String(), "--git-dir="+dir, "fast-import", "--quiet")
	out := git(t, "", "--git-dir="+dir, "diff-tree", "-p", "-U1", "--text", "--no-renames", "--diff-algorithm=myers", "old", "new")
	all := make([][]run, len(pairs))
	for part := range strings.SplitSeq("\n"+out, "\ndiff --git a/") {
		if part == "" || part == "\n" {
			continue
		}
		k, err := strconv.Atoi(part[:6])
		require.NoError(t, err)
		all[k] = runsOfPatch(t, part)
	}
	return all
}

// run is a run of removed (-) or added (+) lines.
type run struct {
	sign  byte
	lines []string
}

func appendRun(runs []run, sign byte, lines ...string) []run {
	if len(lines) == 0 {
		return runs
	}
	if len(runs) == 0 || runs[len(runs)-1].sign != sign {
		runs = append(runs, run{sign: sign})
	}
	last := &runs[len(runs)-1]
	last.lines = append(last.lines, lines...)
	return runs
}

func runsOfPatch(t testing.TB, part string) []run {
	t.Helper()
	var runs []run
	_, hunks, _ := strings.Cut(part, "\n@@ ")
	inside, unchanged := false, false // unchanged: the line before was
	for line := range strings.SplitAfterSeq(hunks, "\n") {
		switch {
		case !inside:
			inside = true // the rest of the first hunk header
		case line == "" || line[0] == ' ' || line == "\n" || strings.HasPrefix(line, "@@ "):
			unchanged = true
		case line[0] == '\\':
			if unchanged {
				continue
			}
			last := &runs[len(runs)-1]
			last.lines[len(last.lines)-1] = strings.TrimSuffix(last.lines[len(last.lines)-1], "\n")
		default:
			unchanged = false
			runs = appendRun(runs, line[0], strings.TrimSuffix(line[1:], "\n")+"\n")
		}
	}
	return runs
}

// compare is the same made by package diff.
func compare(d *diff.Differ, p pair) ([]run, bool) {
	var a, b diff.Text
	a.Set([]byte(p.old), nil)
	b.Set([]byte(p.new), &a)
	edits, sure := d.Compare(&a, &b)
	if !sure {
		return nil, false
	}
	from, to := split(p.old), split(p.new)
	var runs []run
	for _, e := range edits {
		runs = appendRun(runs, '-', from[e.A:e.A+e.Removed]...)
		runs = appendRun(runs, '+', to[e.B:e.B+e.Added]...)
	}
	return runs, true
}

func split(text string) []string {
	lines := strings.SplitAfter(text, "\n")
	if lines[len(lines)-1] == "" {
		lines = lines[:len(lines)-1]
	}
	return lines
}

// sorted forgets the order of the lines of a run: there git chooses by indentation, and no number depends on it.
func sorted(runs []run) string {
	var b bytes.Buffer
	for _, r := range runs {
		lines := slices.Sorted(slices.Values(r.lines))
		for _, l := range lines {
			fmt.Fprintf(&b, "%c%q\n", r.sign, l)
		}
	}
	return b.String()
}

// check compares all pairs with git, and returns of how many the package was not sure.
func check(t testing.TB, pairs []pair) int {
	t.Helper()
	want := patches(t, pairs)
	unsure := 0
	var d diff.Differ
	for i, p := range pairs {
		got, sure := compare(&d, p)
		if !sure {
			unsure++
			continue
		}
		require.Equal(t, sorted(want[i]), sorted(got), "old:\n%s\nnew:\n%s", p.old, p.new)
	}
	return unsure
}

// texts makes pairs of random texts that have much in common.
func texts(seed uint64, n, lines, words, edits int) []pair {
	random := rand.New(rand.NewPCG(seed, 1))
	word := func() string {
		w := random.IntN(words)
		if random.IntN(3) == 0 {
			w = random.IntN(max(1, words/20)) // some lines are frequent: blank ones, braces
		}
		return strings.Repeat("\t", w%4) + strconv.Itoa(w)
	}
	pairs := make([]pair, n)
	for i := range pairs {
		var old []string
		for range random.IntN(lines + 1) {
			old = append(old, word())
		}
		changed := slices.Clone(old)
		for range random.IntN(edits + 1) {
			at := random.IntN(len(changed) + 1)
			size := min(random.IntN(1+random.IntN(12)), len(changed)-at)
			switch random.IntN(4) {
			case 0:
				changed = slices.Delete(changed, at, at+size)
			case 1:
				for range size + 1 {
					changed = slices.Insert(changed, at, word())
				}
			case 2:
				moved := slices.Clone(changed[at : at+size])
				changed = slices.Delete(changed, at, at+size)
				changed = slices.Insert(changed, random.IntN(len(changed)+1), moved...)
			case 3:
				copied := slices.Clone(changed[at : at+size])
				changed = slices.Insert(changed, at, copied...)
			}
		}
		p := pair{strings.Join(old, "\n"), strings.Join(changed, "\n")}
		if random.IntN(4) > 0 {
			p.old += "\n"
		}
		if random.IntN(4) > 0 {
			p.new += "\n"
		}
		if random.IntN(10) == 0 {
			p.new = strings.ReplaceAll(p.new, "\n", "\r\n")
		}
		pairs[i] = p
	}
	return pairs
}

func TestEditsAreThoseOfGit(t *testing.T) {
	t.Parallel()
	for i, c := range []struct{ lines, words, edits int }{
		{10, 3, 3}, {30, 5, 6}, {30, 30, 10}, {100, 4, 10}, {100, 1000, 20}, {300, 40, 40}, {600, 20, 60}, {600, 2000, 60}, {1500, 5000, 200}, {1500, 300, 100},
	} {
		t.Run(fmt.Sprint(c), func(t *testing.T) {
			t.Parallel()
			n := 40_000 / (c.lines + 100)
			unsure := check(t, texts(uint64(i), n, c.lines, c.words, c.edits))
			t.Logf("%d of %d unsure", unsure, n)
			require.Less(t, unsure, n/3)
		})
	}
}
