package supervisor_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/shirou/gopsutil/v4/process"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"augur/monitor/supervisor"
)

// actAs turns a copy of the test binary into a worker, or into a backend of its own.
const actAs = "AUGUR_TEST_SUPERVISED"

// patience bounds what a test waits for: long enough for a busy machine, never used up when things go well.
const patience = 30 * time.Second

func TestMain(m *testing.M) {
	switch os.Getenv(actAs) {
	case "polite": // ends when it is told to, or when its lifeline breaks
		act(true)
	case "stubborn": // ends by force only, and has a child in a session of its own, as git is
		act(false)
	case "brief": // ends at once
		fmt.Println("no time")
		os.Exit(3)
	case "grandchild":
		select {}
	case "backend":
		s := supervisor.New([]supervisor.Worker{worker("polite")}, options(os.Stdout))
		s.Run(context.Background())
	}
	goleak.VerifyTestMain(m)
}

// act is a worker: it says its pid, and on which signal or end it stops.
func act(polite bool) {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM)
	if !polite {
		child := exec.Command(os.Args[0])
		child.Env = append(os.Environ(), actAs+"=grandchild")
		child.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
		if err := child.Start(); err != nil {
			panic(err)
		}
		fmt.Println("child", child.Process.Pid)
	}
	fmt.Println("up", os.Getpid())
	lifeline := make(chan struct{})
	go func() {
		defer close(lifeline)
		_, _ = io.Copy(io.Discard, os.Stdin)
	}()
	for {
		select {
		case <-signals:
			fmt.Println("told to stop")
		case <-lifeline:
			fmt.Println("lifeline broken")
		}
		if polite {
			os.Exit(0)
		}
		lifeline = nil
	}
}

func worker(role string) supervisor.Worker {
	return supervisor.Worker{Name: role, Env: append(os.Environ(), actAs+"="+role)}
}

func options(out io.Writer) supervisor.Options {
	return supervisor.Options{
		Path: os.Args[0], Output: out, Grace: patience, Backoff: supervisor.Backoff{Min: 10 * time.Millisecond}, Log: slog.New(slog.DiscardHandler),
	}
}

// screen is what the workers print, for a test to wait on.
type screen struct {
	mu    sync.Mutex
	lines []string
}

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	lines := bufio.NewScanner(bytes.NewReader(p))
	for lines.Scan() {
		s.lines = append(s.lines, lines.Text())
	}
	return len(p), nil
}

// find returns the rests of the lines that begin so.
func (s *screen) find(prefix string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var found []string
	for _, line := range s.lines {
		if rest, ok := strings.CutPrefix(line, prefix); ok {
			found = append(found, rest)
		}
	}
	return found
}

// await waits for the nth line that begins so, counted from 1, and returns its rest as a number, 0 if it is none.
func (s *screen) await(t testing.TB, prefix string, nth int) int {
	t.Helper()
	require.Eventually(t, func() bool { return len(s.find(prefix)) >= nth }, patience, 5*time.Millisecond, "line %q", prefix)
	number, err := strconv.Atoi(strings.TrimSpace(s.find(prefix)[nth-1]))
	if err != nil {
		return 0
	}
	return number
}

// gone tells whether a process has ended; a zombie has.
func gone(pid int) bool {
	p, err := process.NewProcess(int32(pid))
	if err != nil {
		return true
	}
	status, err := p.Status()
	return err != nil || status[0] == process.Zombie
}

func awaitGone(t testing.TB, pid int) {
	t.Helper()
	require.Eventually(t, func() bool { return gone(pid) }, patience, 5*time.Millisecond, "process %d", pid)
}
