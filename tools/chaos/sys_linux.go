package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// markVariable marks everything that a harness started, with its directory.
const markVariable = "AUGUR_CHAOS"

// diesWithUs ends the child when the thread that starts it ends.
func diesWithUs(attr *syscall.SysProcAttr) { attr.Pdeathsig = syscall.SIGKILL }

// smallDisk gives the calling thread, and what it starts, a file system of so many bytes on dir, which nobody else sees and which is gone with them.
func smallDisk(dir string, bytes int64) error {
	if err := unix.Unshare(unix.CLONE_FS | unix.CLONE_NEWNS); err != nil {
		return fmt.Errorf("a mount namespace: %w", err)
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("make mounts private: %w", err)
	}
	if err := unix.Mount("chaos", dir, "tmpfs", 0, "mode=0777,size="+strconv.FormatInt(bytes, 10)); err != nil {
		return fmt.Errorf("mount a small file system: %w", err)
	}
	return nil
}

// resizeDisk makes the file system on dir larger or smaller; a size that is too small for what is on it becomes the smallest that is not.
func resizeDisk(dir string, bytes int64) error {
	err := unix.Mount("chaos", dir, "tmpfs", unix.MS_REMOUNT, "size="+strconv.FormatInt(bytes, 10))
	if err == nil || !errors.Is(err, unix.EINVAL) {
		return err
	}
	var stat unix.Statfs_t
	if err := unix.Statfs(dir, &stat); err != nil {
		return err
	}
	used := int64(stat.Blocks-stat.Bfree) * stat.Bsize //nolint:gosec // a small file system
	return unix.Mount("chaos", dir, "tmpfs", unix.MS_REMOUNT, "size="+strconv.FormatInt(max(used, stat.Bsize), 10))
}

// leftBehind lists processes that the harness of the directory started, and that are still there.
func leftBehind(dir string) []int {
	environs, err := filepath.Glob("/proc/[0-9]*/environ")
	if err != nil {
		return nil
	}
	var left []int
	for _, path := range environs {
		text, err := os.ReadFile(path)
		if err != nil || !strings.Contains(string(text), markVariable+"="+dir+"\x00") {
			continue
		}
		if pid, err := strconv.Atoi(strings.Split(path, "/")[2]); err == nil && pid != os.Getpid() {
			left = append(left, pid)
		}
	}
	return left
}
