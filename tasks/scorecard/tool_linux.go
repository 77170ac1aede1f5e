package scorecard

import (
	"os/exec"
	"syscall"
)

// ownGroup puts cmd into a process group that ends as a whole, with its context or with this program, however that dies.
func ownGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
}
