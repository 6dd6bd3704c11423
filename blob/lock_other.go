//go:build !unix

package blob

import "sync"

var publishing sync.Mutex

// lockDir excludes the goroutines of this process only: where the system has
// no flock, one process at a time may write and sweep a store.
func lockDir(string) (unlock func(), err error) {
	publishing.Lock()
	return publishing.Unlock, nil
}
