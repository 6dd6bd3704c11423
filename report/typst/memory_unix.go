//go:build unix

package typst

import (
	"context"

	"github.com/tetratelabs/wazero/experimental"
	"golang.org/x/sys/unix"
)

// withOwnMemory gives the module memory outside Go's heap. wazero's own would
// be a slice that is copied whenever it grows, and the copies wait for the
// garbage collector: twenty long reports took 6.8 GB that way. This one is
// reserved once as addresses, takes real memory only where the module writes,
// and goes back to the system at once.
func withOwnMemory(ctx context.Context) context.Context {
	return experimental.WithMemoryAllocator(ctx, experimental.MemoryAllocatorFunc(
		func(capacity, limit uint64) experimental.LinearMemory {
			reserved, err := unix.Mmap(-1, 0, int(limit), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON|unix.MAP_NORESERVE)
			if err != nil {
				// Addresses may be rationed (ulimit -v, overcommit off).
				return &heapMemory{}
			}
			return &mappedMemory{reserved: reserved}
		}))
}

type mappedMemory struct{ reserved []byte }

// Reallocate implements experimental.LinearMemory. nil makes the module's
// request for memory fail, which it reports.
func (m *mappedMemory) Reallocate(size uint64) []byte {
	if size > uint64(len(m.reserved)) {
		return nil
	}
	return m.reserved[:size:size]
}

// Free implements experimental.LinearMemory.
func (m *mappedMemory) Free() {
	if m.reserved != nil {
		_ = unix.Munmap(m.reserved) // our own mapping, unmapped once
		m.reserved = nil
	}
}

type heapMemory struct{ bytes []byte }

// Reallocate implements experimental.LinearMemory.
func (m *heapMemory) Reallocate(size uint64) []byte {
	if size <= uint64(cap(m.bytes)) {
		m.bytes = m.bytes[:size]
		return m.bytes
	}
	grown := make([]byte, size, size+size/4)
	copy(grown, m.bytes)
	m.bytes = grown
	return grown
}

// Free implements experimental.LinearMemory.
func (m *heapMemory) Free() { m.bytes = nil }
