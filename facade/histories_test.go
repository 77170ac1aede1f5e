package facade_test

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"augur/facade"
)

func TestTwentyOneThousandMergesHaveOneRowEach(t *testing.T) {
	t.Parallel()
	dir := bare(t)
	var s script
	tip := s.commit("main", "root", nil, file("f", "0\n"))
	const n = 21_000
	for i := range n {
		side := s.commit("side", "side", []int{tip}, file("f", fmt.Sprintln(i+1)))
		tip = s.commit("main", "merge", []int{tip, side}, file("f", fmt.Sprintln(i+1)))
	}
	s.run(t, dir)
	all, effort, log := read(t, dir)
	require.Empty(t, log)
	require.Zero(t, effort.PatchCommits)
	require.Len(t, all, 1+2*n)
	merges := 0
	for _, c := range all[1:] {
		require.Len(t, c.Files, 1)
		if len(c.Parents) == 2 {
			merges++
			require.Equal(t, change{Path: facade.MergeCommit}, c.Files[0])
			continue
		}
		require.Equal(t, change{Path: "f", Added: 1, Removed: 1}, c.Files[0])
	}
	require.Equal(t, n, merges)
}

func TestCrashesAtAnyPointOfACloneLeaveNothingThatStays(t *testing.T) {
	t.Parallel()
	const whole = 25       // parts of the pack
	var point atomic.Int64 // so many of them are sent before the program is killed
	var program atomic.Pointer[exec.Cmd]
	killed := make(chan struct{}, 1)
	f := newForge(t, onPack(func(w http.ResponseWriter, r *http.Request, pack []byte) {
		part := int(point.Load())
		_, _ = w.Write(pack[:len(pack)*part/whole])
		if part == whole {
			return
		}
		flush(w)
		_ = program.Load().Process.Kill()
		killed <- struct{}{}
		<-r.Context().Done()
	}))
	home, dir := t.TempDir(), filepath.Join(t.TempDir(), "clone")
	for part := range whole {
		point.Store(int64(part))
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), "FACADE_HOME="+home, "FACADE_URL="+f.url(), "FACADE_DIR="+dir)
		require.NoError(t, cmd.Start())
		program.Store(cmd)
		<-killed
		require.Error(t, cmd.Wait())
		require.NoDirExists(t, dir)
		f.CloseClientConnections() // the git that outlives its program ends now, not when the server is too slow for it
	}
	point.Store(whole)
	g := newGit(t)
	require.Eventually(t, func() bool { return len(processes(t, home)) == 0 }, 20*time.Second, 10*time.Millisecond)
	require.NoError(t, g.Clone(t.Context(), f.url(), dir))
	require.Len(t, history(t, g, dir), 30)
	left, err := filepath.Glob(dir + "*")
	require.NoError(t, err)
	require.Equal(t, []string{dir}, left)
}
