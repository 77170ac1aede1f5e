package scorecard

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"augur/db/config"
	"augur/tasks"
)

const (
	// maxOutput is how much of the tool's output is read, in bytes; maxFault is how much of its complaints, of which the first maxSaid are kept.
	maxOutput = 16 << 20
	maxFault  = 64 << 10
	maxSaid   = 500
	// killDelay is how long it may take for the pipes to close after the group was killed.
	killDelay = 5 * time.Second
)

// handed are the variables of our environment that the tool gets, and no others.
var handed = map[string]bool{
	"PATH": true, "TMPDIR": true, "SSL_CERT_FILE": true, "SSL_CERT_DIR": true,
	"http_proxy": true, "https_proxy": true, "HTTP_PROXY": true, "HTTPS_PROXY": true, "no_proxy": true, "NO_PROXY": true,
}

// run lets the tool look at a repository, as github.com/owner/name. The token is in the environment of that process alone, and in no error.
func (s *Source) run(ctx context.Context, settings Settings, repository string, token config.Secret) (snapshot, error) {
	bounded, stop := context.WithTimeout(ctx, settings.ToolTimeout)
	defer stop()
	cmd := exec.CommandContext(bounded, settings.Tool, "--repo="+repository, "--format=json")
	for _, v := range s.options.Env {
		if name, _, ok := strings.Cut(v, "="); ok && handed[name] {
			cmd.Env = append(cmd.Env, v)
		}
	}
	cmd.Dir = os.TempDir()
	cmd.Env = append(cmd.Env, "HOME="+cmd.Dir, "LC_ALL=C", "GITHUB_AUTH_TOKEN="+token.Reveal())
	ownGroup(cmd)
	cmd.WaitDelay = killDelay
	out, complaints := &capped{limit: maxOutput, full: stop}, &capped{limit: maxFault, full: func() {}}
	cmd.Stdout, cmd.Stderr = out, complaints
	err := cmd.Run()
	if cmd.Process != nil {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // what it left behind in its group, if anything
	}
	switch {
	case ctx.Err() != nil:
		return snapshot{}, ctx.Err()
	case out.over:
		return snapshot{}, fmt.Errorf("scorecard printed more than %d bytes", maxOutput)
	case bounded.Err() != nil:
		return snapshot{}, fmt.Errorf("scorecard did not end within %s", settings.ToolTimeout)
	}
	found, fault := parse(bytes.ReplaceAll(out.buf.Bytes(), []byte(token.Reveal()), []byte(config.Redacted)), repository)
	if fault == nil {
		return found, nil // with an exit status other than 0, some checks have failed: they say so
	}
	said := strings.TrimSpace(strings.ReplaceAll(complaints.buf.String(), token.Reveal(), config.Redacted))
	return snapshot{}, errors.New(tasks.Scrub(fmt.Sprintf("run scorecard (%v): %v; it says: %s", cmp.Or(err, errors.New("exit status 0")), fault, said[:min(len(said), maxSaid)])))
}

// capped keeps the beginning of what is written.
type capped struct {
	buf   bytes.Buffer
	limit int
	over  bool
	full  func() // called when there is more
}

func (c *capped) Write(p []byte) (int, error) {
	c.buf.Write(p[:min(len(p), c.limit-c.buf.Len())])
	if c.buf.Len() == c.limit && !c.over {
		c.over = true
		c.full()
	}
	return len(p), nil
}
