package facade_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"augur/facade"
)

func TestChangesOfRandomTreesAreThoseOfGit(t *testing.T) {
	t.Parallel()
	for seed := range uint64(4) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			random := rand.New(rand.NewPCG(seed, 1))
			// Names that stand next to each other as files, and elsewhere as directories.
			names := []string{"a", "a-b", "a.b", "a0", "b"}
			path := func() string {
				p := names[random.IntN(len(names))]
				for random.IntN(2) == 0 {
					p += "/" + names[random.IntN(len(names))]
				}
				return p
			}
			kinds := []func(path, content string) string{file, file, file, executable, link, func(path, _ string) string {
				return submodule(path, strings.Repeat(fmt.Sprint(random.IntN(3)), 40))
			}}
			dir := bare(t)
			var s script
			var parents []int
			for range 200 {
				var changes []string
				for range random.IntN(4) {
					changes = append(changes, kinds[random.IntN(len(kinds))](path(), text("line", fmt.Sprint(random.IntN(5)))))
				}
				if random.IntN(4) == 0 {
					changes = append(changes, remove(path()))
				}
				parents = []int{s.commit("main", "m", parents, changes...)}
			}
			s.run(t, dir)
			require.Equal(t, 200, verify(t, newGit(t), dir).Commits)
		})
	}
}

// Trees are what anybody pushed: whatever is in them, their entries are found within them, and nothing is taken for the same that is not.
func FuzzTreeEntries(f *testing.F) {
	entry := "100644 name\x00" + strings.Repeat("h", 20)
	f.Add([]byte(entry+entry), []byte(entry+"40000 dir\x00"+strings.Repeat("h", 20)))
	f.Add([]byte("40000 \x00"+strings.Repeat("h", 20)), []byte("160000 x"))
	f.Add([]byte(entry[:20]), []byte("7777777777 x\x00"+strings.Repeat("h", 20)))
	f.Fuzz(func(t *testing.T, a, b []byte) {
		same := facade.SameEntries(a, b)
		require.True(t, bytes.HasPrefix(b, a[:same]))
		for rest := a[:same]; len(rest) > 0; {
			end := bytes.IndexByte(rest, 0) + 1 + 20
			require.LessOrEqual(t, end, len(rest), "whole entries only")
			rest = rest[end:]
		}
		for rest := a; len(rest) > 0; {
			mode, name, next, ok := facade.NextEntry(rest)
			if !ok {
				break
			}
			require.NotZero(t, mode)
			require.NotEmpty(t, name)
			require.Equal(t, string(name)+"\x00", string(rest[len(rest)-len(next)-20-len(name)-1:len(rest)-len(next)-20]))
			require.Less(t, len(next), len(rest))
			rest = next
		}
	})
}

func TestGitListsCommitsOfVeryDeepTrees(t *testing.T) {
	t.Parallel()
	dir := bare(t)
	var s script
	deep := strings.Repeat("d/", 1100)
	first := s.commit("main", "m", nil, file(deep+"file", text("one")))
	s.commit("main", "m", []int{first}, file(deep+"file", text("two")), file("file", text("one")))
	s.run(t, dir)
	rows := history(t, newGit(t), dir)
	require.Equal(t, []facade.FileChange{{Path: deep + "file", Added: 1}}, rows[0].Files)
	require.Equal(t, []facade.FileChange{{Path: deep + "file", Added: 1, Removed: 1}, {Path: "file", Added: 1}}, rows[1].Files)
}
