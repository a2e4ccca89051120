//go:build unix && !linux

package process

import "syscall"

// ownGroup makes a group of its own, so that children of the process end with it and Ctrl-C doesn't reach it before us.
func ownGroup() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
