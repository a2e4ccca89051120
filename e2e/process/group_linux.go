package process

import "syscall"

// ownGroup makes a group of its own, so that children of the process end with it and Ctrl-C doesn't reach it before us; and
// if we are killed, the kernel ends it.
func ownGroup() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
