//go:build !linux

package main

import (
	"errors"
	"syscall"
)

// markVariable marks everything that a harness started, with its directory.
const markVariable = "AUGUR_CHAOS"

func diesWithUs(*syscall.SysProcAttr) {}

var errNotHere = errors.New("only Linux has it")

func smallDisk(string, int64) error { return errNotHere }

func resizeDisk(string, int64) error { return errNotHere }

func leftBehind(string) []int { return nil }
