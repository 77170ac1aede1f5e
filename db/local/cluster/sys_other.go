//go:build !linux

package cluster

import "syscall"

// diesWithUs does nothing where the kernel has no such service. The next program that uses the directory ends what was left.
func diesWithUs(*syscall.SysProcAttr) {}
