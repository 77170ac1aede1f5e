package facade

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// call is how one git command is run.
type call struct {
	op      string        // what is being done, for the error
	dir     string        // the repository, empty for none
	timeout time.Duration // 0: bounded by the context and by reads that stall
	remote  bool          // reaches another repository: protocols are allowed, stderr is the other side's as well
	schemes []string      // allowed protocols, only with remote
	env     []string      // further variables
	lock    *os.File      // handed to git, so that an orphan keeps the lock
	limit   int64         // bytes of stdout kept, 0: 1 MiB
	exitOK  int           // a further exit status that is an answer
	stderr  *tail         // where the end of stderr is kept, nil: nowhere
}

const (
	outputLimit = 1 << 20
	tailLimit   = 4 << 10
	// killDelay is how long Wait goes on for pipes that a child of git still holds.
	killDelay = 5 * time.Second
)

var errOutput = errors.New("more output than expected")

// run executes git and returns what it printed.
func (g *Git) run(ctx context.Context, c call, args ...string) ([]byte, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	if c.timeout > 0 {
		var stop context.CancelFunc
		ctx, stop = context.WithTimeoutCause(ctx, c.timeout, fmt.Errorf("%w after %s", ErrTimeout, c.timeout))
		defer stop()
	}
	cmd := g.command(ctx, c, args...)
	limit := c.limit
	if limit == 0 {
		limit = outputLimit
	}
	out := &capped{limit: limit, full: func() { cancel(errOutput) }}
	tail := cmp.Or(c.stderr, &tail{})
	cmd.Stdout, cmd.Stderr = out, tail
	err := cmd.Run()
	if cause := context.Cause(ctx); cause != nil && err != nil {
		return nil, g.failure(c, cause, nil, tail)
	}
	var exit *exec.ExitError
	if errors.As(err, &exit) && c.exitOK != 0 && exit.ExitCode() == c.exitOK {
		return out.buf.Bytes(), errAnswer
	}
	if err != nil {
		return nil, g.failure(c, nil, err, tail)
	}
	return out.buf.Bytes(), nil
}

// errAnswer is run's error when git ended with the status that the call declared to be an answer.
var errAnswer = errors.New("git answered with its exit status")

// command makes a process in a group of its own, which is killed as a whole when ctx ends: git-remote-https and index-pack would outlive a git that is killed alone.
func (g *Git) command(ctx context.Context, c call, args ...string) *exec.Cmd {
	all := append(g.settings(), args...)
	if c.dir != "" {
		// The working directory is the repository, whatever its configuration says of a work tree: there are no attributes to be read from one.
		all = append([]string{"--bare"}, all...)
	}
	cmd := exec.CommandContext(ctx, g.binary, all...)
	cmd.Dir = c.dir
	if c.dir == "" {
		cmd.Dir = g.options.Home
	}
	cmd.Env = append(append([]string{}, g.env...), "GIT_ALLOW_PROTOCOL="+strings.Join(c.schemes, ":"))
	cmd.Env = append(cmd.Env, c.env...)
	if c.lock != nil {
		cmd.ExtraFiles = []*os.File{c.lock}
	}
	ownGroup(cmd)
	cmd.WaitDelay = killDelay
	return cmd
}

// settings are given with every command. Whatever decides on rows is named here even where it is git's default, so that a configuration in the clone cannot change it.
func (g *Git) settings() []string {
	low := max(1, int(g.options.Timeouts.LowSpeed/time.Second))
	var args []string
	for _, s := range []string{
		"core.hooksPath=/dev/null", "core.fsmonitor=false", "core.attributesFile=/dev/null", "core.quotePath=false", "core.bigFileThreshold=512m",
		"core.askPass=/bin/false", "credential.helper=", "protocol.ext.allow=never", "protocol.version=2",
		"transfer.fsckObjects=true", "transfer.bundleURI=false", "fetch.recurseSubmodules=false", "submodule.recurse=false",
		"http.followRedirects=initial", "http.lowSpeedLimit=1000", "http.lowSpeedTime=" + strconv.Itoa(low),
		"gc.auto=0", "gc.autoDetach=false", "maintenance.auto=false", "advice.detachedHead=false", "init.defaultBranch=main",
		"diff.indentHeuristic=true", "diff.suppressBlankEmpty=false", "diff.renames=true", "diff.ignoreSubmodules=none",
	} {
		args = append(args, "-c", s)
	}
	for _, fault := range harmless {
		args = append(args, "-c", "fetch.fsck."+fault+"=ignore")
	}
	return args
}

// harmless are faults that old tools left in the history of many projects. They mislead nobody who reads it, and without them most of these clones need not be made twice.
var harmless = []string{
	"badDate", "badDateOverflow", "badEmail", "badName", "badTimezone", "missingEmail", "missingNameBeforeEmail", "missingSpaceBeforeDate",
	"missingSpaceBeforeEmail", "multipleAuthors", "zeroPaddedDate", "zeroPaddedFilemode",
}

// handed are the variables of the caller that git gets.
var handed = map[string]bool{
	"PATH": true, "TMPDIR": true, "SSH_AUTH_SOCK": true,
	"http_proxy": true, "https_proxy": true, "HTTPS_PROXY": true, "all_proxy": true, "ALL_PROXY": true, "no_proxy": true, "NO_PROXY": true,
	"SSL_CERT_FILE": true, "SSL_CERT_DIR": true, "GIT_SSL_CAINFO": true, "GIT_SSL_CAPATH": true, "CURL_CA_BUNDLE": true,
}

func (g *Git) environment() []string {
	env := []string{"PATH=/usr/local/bin:/usr/bin:/bin"}
	for _, v := range g.options.Env {
		if name, _, ok := strings.Cut(v, "="); ok && handed[name] {
			env = append(env, v)
		}
	}
	return append(env,
		"HOME="+g.options.Home,
		"XDG_CONFIG_HOME="+g.options.Home,
		"LC_ALL=C",
		"GIT_CONFIG_NOSYSTEM=1",
		"GIT_CONFIG_GLOBAL="+g.configFile(),
		"GIT_ATTR_NOSYSTEM=1",
		"GIT_NO_REPLACE_OBJECTS=1",
		// Files that do not exist: neither grafts nor the attributes that an index holds are read.
		"GIT_GRAFT_FILE="+filepath.Join(g.options.Home, "no-grafts"),
		"GIT_INDEX_FILE="+filepath.Join(g.options.Home, "no-index"),
		"GIT_NO_LAZY_FETCH=1",
		"GIT_OPTIONAL_LOCKS=0",
		"GIT_TERMINAL_PROMPT=0",
		"GIT_ASKPASS=/bin/false",
		"SSH_ASKPASS=/bin/false",
		"GIT_SSH_COMMAND=ssh -oBatchMode=yes -oConnectTimeout=30 -oServerAliveInterval=15 -oServerAliveCountMax=4",
		"GIT_LFS_SKIP_SMUDGE=1",
		"GIT_FLUSH=0",
		"GIT_PAGER=cat",
	)
}

// stream is a git process that answers on stdout what it is asked on stdin.
type stream struct {
	g      *Git
	c      call
	cause  func() error // why the process was killed, nil: it was not
	cancel context.CancelCauseFunc
	cmd    *exec.Cmd
	in     io.WriteCloser
	out    io.Reader
	tail   *tail
}

func (g *Git) stream(ctx context.Context, c call, args ...string) (*stream, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	s := &stream{g: g, c: c, cause: func() error { return context.Cause(ctx) }, cancel: cancel, cmd: g.command(ctx, c, args...), tail: &tail{}}
	s.cmd.Stderr = s.tail
	in, err := s.cmd.StdinPipe()
	if err != nil {
		cancel(nil)
		return nil, fmt.Errorf("%s: %w", c.op, err)
	}
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		cancel(nil)
		return nil, errors.Join(fmt.Errorf("%s: %w", c.op, err), in.Close())
	}
	s.in = in
	stall := g.options.Timeouts.Stall
	timer := time.AfterFunc(stall, func() { cancel(fmt.Errorf("%w: no output for %s", ErrTimeout, stall)) })
	timer.Stop()
	s.out = &watched{r: out, timer: timer, stall: stall}
	if err := s.cmd.Start(); err != nil {
		cancel(nil)
		return nil, g.failure(c, s.cause(), err, s.tail)
	}
	return s, nil
}

// finish ends the process and explains err, the fault that was met while it was read; nil means that all answers were read.
func (s *stream) finish(err error) error {
	defer s.cancel(nil)
	_ = s.in.Close() // a process that has died is reported by Wait
	if err == nil {
		_, err = io.Copy(io.Discard, s.out)
	} else if !errors.Is(err, io.ErrUnexpectedEOF) {
		// The process still runs and waits for a reader.
		s.cancel(err)
	}
	exit := s.cmd.Wait()
	if cause := s.cause(); cause != nil {
		return s.g.failure(s.c, cause, nil, s.tail)
	}
	if exit != nil {
		return s.g.failure(s.c, nil, exit, s.tail)
	}
	if err != nil {
		return s.g.failure(s.c, nil, err, s.tail)
	}
	return nil
}

// watched kills the process when one read takes too long. The time in which nobody reads does not count: a slow consumer is no fault of git's.
type watched struct {
	r     io.Reader
	timer *time.Timer
	stall time.Duration
}

func (w *watched) Read(p []byte) (int, error) {
	w.timer.Reset(w.stall)
	n, err := w.r.Read(p)
	w.timer.Stop()
	return n, err
}

// capped keeps the first limit bytes.
type capped struct {
	buf   bytes.Buffer
	limit int64
	full  func()
}

func (c *capped) Write(p []byte) (int, error) {
	if int64(c.buf.Len()+len(p)) > c.limit {
		c.full()
		return 0, errOutput
	}
	return c.buf.Write(p)
}

// tail keeps the last bytes, for the message of an error.
type tail struct {
	buf []byte
}

func (t *tail) Write(p []byte) (int, error) {
	n := len(p)
	p = p[max(0, n-tailLimit):]
	t.buf = append(t.buf[max(0, min(len(t.buf), len(t.buf)+len(p)-tailLimit)):], p...)
	return n, nil
}

// redirect is where the server of an HTTP URL sent git to, or empty.
func (t *tail) redirect() string {
	to := ""
	for line := range strings.Lines(string(t.buf)) {
		if s, ok := strings.CutPrefix(line, "warning: redirecting to "); ok {
			to = strings.TrimSpace(s)
		}
	}
	return to
}
