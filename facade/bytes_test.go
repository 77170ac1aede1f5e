package facade_test

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"augur/facade"
)

// augurCount is Augur's own way to count, without a multiset: the removed lines are a list that is searched from its start.
func augurCount(lines [][]byte) change {
	var c change
	var removals []string
	restart := false
	for _, l := range lines {
		s := strings.TrimFunc(string(bytes.ToValidUTF8(l[1:], nil)), func(r rune) bool {
			return r >= 0x1c && r <= 0x1f || strings.ContainsRune("\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000", r)
		})
		if l[0] == '-' {
			if restart {
				removals, restart = nil, false
			}
			c.Removed++
			removals = append(removals, s)
			continue
		}
		restart = true
		if s == "" {
			c.Whitespace++
			continue
		}
		found := -1
		for i, r := range removals {
			if r == s && utf8.RuneCountInString(s) > 8 {
				found = i
				break
			}
		}
		if found < 0 {
			c.Added++
			continue
		}
		removals = append(removals[:found], removals[found+1:]...)
		c.Whitespace++
		c.Reindented++
		c.Removed--
	}
	return c
}

func TestCountingIsAugurs(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	words := []string{"", " ", "}", "short", "123456789", "long enough", "éééééééé", "ééééééééé", "caf\xe9 au lait", "\u3000", "another line of text", "\xff"}
	for range 500 {
		var lines [][]byte
		for range random.IntN(60) {
			// Runs, as a patch has them, some of them longer than what is searched without an index.
			sign := "+-"[random.IntN(2)]
			for range random.IntN(40) {
				indent := strings.Repeat([]string{" ", "\t", "\u00a0"}[random.IntN(3)], random.IntN(3))
				lines = append(lines, []byte(string(sign)+indent+words[random.IntN(len(words))]+indent))
			}
		}
		require.Equal(t, augurCount(lines), facade.CountLines(lines))
	}
}

func FuzzCounter(f *testing.F) {
	f.Add([]byte("-long enough\n+  long enough\n+\n-x\n"))
	f.Add([]byte("-\xff\xfelong enough\n+long\x00 enough \xe2\x80\n"))
	f.Fuzz(func(t *testing.T, input []byte) {
		var lines [][]byte
		for l := range bytes.SplitSeq(input, []byte("\n")) {
			if len(l) > 0 && (l[0] == '+' || l[0] == '-') {
				lines = append(lines, l)
			}
		}
		require.Equal(t, augurCount(lines), facade.CountLines(lines))
	})
}

func FuzzCommit(f *testing.F) {
	f.Add([]byte("tree 0\nparent 1\nauthor A <a@b> 1 +0100\ncommitter C <c@d> 99999999999999 -13068837\nencoding latin1\n\nm\x00\xe9\n"))
	f.Add([]byte("author <> -1\ncommitter x>y<z\n\n"))
	f.Add([]byte("\n\nencoding UTF-16\n\n\xff\xfe"))
	f.Add([]byte("encoding ISO-2022-JP\n\n\x1b$B"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		c := facade.ParseCommit("h", raw)
		for _, s := range []string{c.Author.Name, c.Author.Email, c.Committer.Name, c.Committer.Email, c.Message} {
			require.True(t, utf8.ValidString(s))
			require.NotContains(t, s, "\x00")
		}
		for _, p := range []facade.Person{c.Author, c.Committer} {
			require.Len(t, p.Date, len(time.DateOnly))
			require.LessOrEqual(t, p.When.Year(), 9999)
			require.GreaterOrEqual(t, p.When.Year(), 1)
			require.LessOrEqual(t, strings.Count(p.Email, "@"), 1)
		}
	})
}

func FuzzPatch(f *testing.F) {
	dir := bare(f)
	var s script
	for _, c := range rowCases() {
		parents := []int{s.commit("main", "before", nil, c.before...)}
		s.commit("main", c.name, parents, c.after...)
		s.run(f, dir)
		hash := git(f, dir, "rev-parse", "main")
		f.Add([]byte(gitInput(f, dir, hash+"\n"+facade.EndOfBlock, append([]string{"-c", "core.quotePath=false"}, facade.PatchArgs()...)...)+"\n"), hash)
		s = script{}
	}
	f.Fuzz(func(t *testing.T, output []byte, hash string) {
		all, err := facade.ReadPatch(output, []string{hash})
		if err != nil {
			return
		}
		require.Len(t, all, 1)
		require.NotEmpty(t, all[0])
		for _, c := range all[0] {
			require.True(t, utf8.ValidString(c.Path))
			require.NotContains(t, c.Path, "\x00")
			require.GreaterOrEqual(t, min(c.Added, c.Removed, c.Whitespace, c.Reindented, c.Whitespace-c.Reindented), 0)
		}
		// Nothing less than the whole is taken for the whole.
		for i := range min(len(output), 1<<20/len(output), 200) {
			_, err := facade.ReadPatch(output[:len(output)-1-i], []string{hash})
			require.Error(t, err)
		}
	})
}

func TestOutputThatIsNotGitsIsAFault(t *testing.T) {
	t.Parallel()
	const hash = gitlink
	raw := ":100644 100644 " + hash + " " + hash + " M\x00f\x00\x00"
	patch := "diff --git a/f b/f\nindex 1..2 100644\n--- a/f\n+++ b/f\n@@ -1 +1 @@\n-a\n+b\n"
	good := hash + "\x00" + raw + patch + facade.EndOfBlock
	all, err := facade.ReadPatch([]byte(good), []string{hash})
	require.NoError(t, err)
	require.Equal(t, [][]change{{{Path: "f", Added: 1, Removed: 1}}}, all)
	for name, bad := range map[string]string{
		"other commit":       strings.Replace(good, hash, strings.Repeat("1", 40), 1),
		"raw record":         strings.Replace(good, ":100644", ":1006", 1),
		"raw status":         strings.Replace(good, " M\x00", " \x00", 1),
		"raw start":          strings.Replace(good, "\x00\x00diff", "\x00x\x00diff", 1),
		"file without a row": strings.Replace(good, "diff --git a/f b/f", "diff --git a/g b/g", 1),
		"too many files":     strings.Replace(good, patch, patch+patch, 1),
		"hunk first":         strings.Replace(good, "diff --git a/f b/f\n", "", 1),
		"hunk header":        strings.Replace(good, "@@ -1 +1 @@", "@@ -1 *1 @@", 1),
		"hunk numbers":       strings.Replace(good, "@@ -1 +1 @@", "@@ -x +1 @@", 1),
		"hunk end":           strings.Replace(good, "@@ -1 +1 @@", "@@ -1 +1 @", 1),
		"hunk too short":     strings.Replace(good, "@@ -1 +1 @@", "@@ -1,2 +1 @@", 1),
		"hunk too long":      strings.Replace(good, "-a\n", "-a\n-b\n", 1),
		"line of a hunk":     strings.Replace(good, "-a\n", "?a\n", 1),
		"two ends":           good + facade.EndOfBlock,
		"nothing":            "",
	} {
		_, err := facade.ReadPatch([]byte(bad), []string{hash})
		require.Error(t, err, name)
	}
}

func commitOf(rows int) *facade.Commit { return &facade.Commit{Files: make([]change, rows)} }

func TestWorkersAheadWaitForTheReader(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := facade.NewQueue(2, 2)
		first, _ := q.Take()
		second, _ := q.Take()
		_, more := q.Take()
		require.False(t, more)
		put := 0
		go func() {
			for range 10 {
				if q.Put(second, commitOf(facade.QueueWeight/2)) != nil {
					return
				}
				put++
			}
			q.Finish(second)
		}()
		synctest.Wait()
		require.Equal(t, 2, put, "no more than what is over the bound fits")
		go func() {
			_ = q.Put(first, commitOf(1))
			q.Finish(first)
		}()
		for i := range 11 {
			c, err := q.Next()
			require.NoError(t, err)
			require.Equal(t, i == 0, len(c.Files) == 1)
		}
		c, err := q.Next()
		require.NoError(t, err)
		require.Nil(t, c)
		require.Equal(t, 10, put)
	})
}

func TestBlocksAheadOfTheReaderAreFew(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := facade.NewQueue(100, 1)
		taken := 0
		go func() {
			for {
				i, ok := q.Take()
				if !ok {
					return
				}
				taken++
				_ = q.Put(i, commitOf(1))
				q.Finish(i)
			}
		}()
		synctest.Wait()
		require.Equal(t, facade.QueueBlocks, taken)
		for range 100 {
			_, err := q.Next()
			require.NoError(t, err)
		}
		synctest.Wait()
		require.Equal(t, 100, taken)
	})
}

func TestAFaultWakesEveryone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := facade.NewQueue(3, 2)
		q.Take()
		second, _ := q.Take()
		results := make(chan error, 2)
		go func() {
			var err error
			for err == nil {
				err = q.Put(second, commitOf(facade.QueueWeight))
			}
			results <- err
		}()
		go func() {
			_, err := q.Next()
			results <- err
		}()
		synctest.Wait()
		q.Fail(context.DeadlineExceeded)
		q.Fail(errors.New("a later one"))
		require.Equal(t, context.DeadlineExceeded, <-results)
		require.Equal(t, context.DeadlineExceeded, <-results)
		_, more := q.Take()
		require.False(t, more)
	})
}
