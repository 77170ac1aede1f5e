package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"
)

// child is a place for a worker or a backend: when one dies, the next takes its place. It is safe for concurrent use.
type child struct {
	mode  string
	role  role
	proxy *proxy
	main  *mainThread
	out   io.Writer

	mu      sync.Mutex
	pid     int // 0 while none runs
	frozen  bool
	stopped bool
	ended   chan struct{}
}

// keep runs one process after the other until stop is called.
func (c *child) keep(ctx context.Context) {
	defer close(c.ended)
	for {
		began := time.Now()
		done, err := c.start()
		if err != nil {
			fmt.Fprintln(c.out, "chaos: start", c.role.Name+":", err)
		} else {
			<-done
		}
		c.mu.Lock()
		c.pid, c.frozen = 0, false
		stopped := c.stopped
		c.mu.Unlock()
		if stopped {
			return
		}
		wait := 20 * time.Millisecond
		if time.Since(began) < time.Second {
			wait = 300 * time.Millisecond
		}
		if pause(ctx, wait) != nil {
			return
		}
	}
}

// start starts a process, on the main thread, with which it dies.
func (c *child) start() (done <-chan struct{}, err error) {
	text, err := json.Marshal(c.role)
	if err != nil {
		return nil, fmt.Errorf("role: %w", err)
	}
	program, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find this program: %w", err)
	}
	cmd := exec.Command(program, c.mode, string(text)) //nolint:noctx // it is killed by hand
	cmd.Env = append(os.Environ(), markVariable+"="+c.role.Dir)
	cmd.Stdout, cmd.Stderr = c.out, c.out
	cmd.WaitDelay = time.Second // for what it started, and what still has its output
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	diesWithUs(cmd.SysProcAttr)
	lifeline, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("make a lifeline: %w", err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stopped {
		return nil, errors.New("the run is over")
	}
	if err := c.main.do(cmd.Start); err != nil {
		return nil, err
	}
	c.pid = cmd.Process.Pid
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		_ = cmd.Wait() // how it ended is nothing that the harness goes by
		_ = lifeline.Close()
	}()
	return gone, nil
}

// signal sends a signal to the process, if there is one, and returns its id.
func (c *child) signal(sig syscall.Signal) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.pid == 0 || syscall.Kill(c.pid, sig) != nil {
		return 0
	}
	if sig == syscall.SIGSTOP || sig == syscall.SIGCONT {
		c.frozen = sig == syscall.SIGSTOP
	}
	return c.pid
}

// running is the id of the process, 0 when there is none or it is frozen.
func (c *child) running() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.frozen {
		return 0
	}
	return c.pid
}

// stop ends the process and waits for that.
func (c *child) stop(sig syscall.Signal) {
	c.mu.Lock()
	c.stopped = true
	if c.pid != 0 {
		_ = syscall.Kill(c.pid, syscall.SIGCONT) // it may be frozen
		_ = syscall.Kill(c.pid, sig)             // it may have ended
	}
	c.mu.Unlock()
	select {
	case <-c.ended:
		return
	case <-time.After(20 * time.Second):
	}
	c.signal(syscall.SIGKILL)
	<-c.ended
}
