package process

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
)

// Ports are chosen from this range. It is below the ports that Linux gives to outgoing connections (32768 and up), so
// that no connection takes a port before its program listens on it, or while its program restarts.
const firstPort, lastPort = 20000, 32000

// reserved keeps the lock files of this process's ports open. The kernel releases the locks when the process ends.
var reserved struct {
	sync.Mutex
	locks []*os.File
}

// FreePorts returns n different free TCP ports of the loopback interface. Other processes of this user that call
// FreePorts don't get them until this process ends, so that several stands can run at once.
func FreePorts(n int) ([]int, error) {
	folder := filepath.Join(os.TempDir(), fmt.Sprintf("previewset-ports-%d", os.Getuid()))
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, fmt.Errorf("find a free port: %w", err)
	}
	reserved.Lock()
	defer reserved.Unlock()
	ports := make([]int, 0, n)
	for _, offset := range rand.Perm(lastPort - firstPort) {
		if len(ports) == n {
			return ports, nil
		}
		port := firstPort + offset
		lock, err := reserve(folder, port)
		if err != nil {
			return nil, fmt.Errorf("reserve port %d: %w", port, err)
		}
		if lock != nil {
			reserved.locks = append(reserved.locks, lock)
			ports = append(ports, port)
		}
	}
	return nil, errors.New("find a free port: all are in use")
}

// reserve locks the port's file. It returns nil if another process has the lock or listens on the port.
func reserve(folder string, port int) (*os.File, error) {
	lock, err := os.OpenFile(filepath.Join(folder, strconv.Itoa(port)), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	err = syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if err == nil {
		err = listenable(port)
	}
	if err != nil {
		return nil, lock.Close()
	}
	return lock, nil
}

func listenable(port int) error {
	l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port)) //nolint:noctx // closed at once
	if err != nil {
		return err
	}
	return l.Close()
}
