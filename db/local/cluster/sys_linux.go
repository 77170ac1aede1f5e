package cluster

import "syscall"

// diesWithUs has the kernel end the process when the thread that started it ends. SIGQUIT is the signal on which a postmaster takes its children
// with it and frees its shared memory.
func diesWithUs(attr *syscall.SysProcAttr) { attr.Pdeathsig = syscall.SIGQUIT }
