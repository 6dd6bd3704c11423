//go:build unix

package bundle

import (
	"os"
	"syscall"
	"time"
)

// staleAfter is nothing: the lock alone tells whether the owner lives.
const staleAfter = time.Duration(0)

func tryLock(f *os.File) error {
	return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
}
