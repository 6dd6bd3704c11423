//go:build unix

package blob

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// lockDir holds an exclusive advisory lock on a directory until the returned
// function is called. flock binds the open file, so it excludes goroutines of
// this process as well as other processes, and ends with a killed process.
func lockDir(dir string) (unlock func(), err error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	for {
		err = unix.Flock(int(f.Fd()), unix.LOCK_EX)
		if err != unix.EINTR {
			break
		}
	}
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("locking %s: %w", dir, err)
	}
	return func() { f.Close() }, nil
}
