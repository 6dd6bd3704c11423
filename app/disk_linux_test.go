package app_test

import (
	"os"
	"syscall"
	"testing"
)

// smallDisk mounts a file system of the size, which only root may do.
func smallDisk(t *testing.T, size string) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size="+size); err != nil {
		t.Logf("not root, so the disk is an ordinary one and cannot be full: %v", err)
		t.SkipNow()
	}
	t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
	return dir
}

// fill leaves no room.
func fill(t *testing.T, path string) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	block := make([]byte, 4096)
	for range 1 << 16 {
		if _, err := f.Write(block); err != nil {
			return
		}
	}
	t.Fatal("the disk does not fill")
}
