//go:build unix && !linux

package process

import "syscall"

// ownGroup gives the process its own group. Its children end with it, and Ctrl-C doesn't end it before this program
// ends it.
func ownGroup() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
