//go:build unix

package sandbox

import (
	"os"
	"syscall"
	"time"
)

func tryLock(f *os.File) error {
	return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
}

// old is true for what was made more than a minute ago: making a directory and
// locking it takes far less.
func old(t time.Time) bool { return time.Since(t) > time.Minute }
