package sandbox

import (
	"fmt"
	"os/signal"
	"syscall"

	"golang.org/x/sys/unix"
)

// Limit applies resource limits to the calling process: no core files, the
// largest file in bytes, and the data segment with private writable memory
// (RLIMIT_DATA) in bytes. Address space is not limited, because both the Go
// runtime and the engine reserve far more than they use.
func Limit(fileBytes, dataBytes int64) error {
	// Without this a write beyond the limit would kill the process instead of
	// failing with an error that can be told.
	signal.Ignore(syscall.SIGXFSZ)
	for _, l := range []struct {
		what  string
		which int
		value int64
	}{
		{"core", unix.RLIMIT_CORE, 0},
		{"file size", unix.RLIMIT_FSIZE, fileBytes},
		{"data", unix.RLIMIT_DATA, dataBytes},
		{"open files", unix.RLIMIT_NOFILE, 1024},
	} {
		if l.value < 0 {
			continue
		}
		r := unix.Rlimit{Cur: uint64(l.value), Max: uint64(l.value)}
		var old unix.Rlimit
		if unix.Getrlimit(l.which, &old) == nil && old.Max < r.Max {
			r = unix.Rlimit{Cur: old.Max, Max: old.Max}
		}
		if err := unix.Setrlimit(l.which, &r); err != nil {
			return fmt.Errorf("sandbox: cannot limit %s: %w", l.what, err)
		}
	}
	return nil
}
