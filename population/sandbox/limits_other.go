//go:build !linux

package sandbox

// Limit does nothing beyond Linux.
func Limit(fileBytes, dataBytes int64) error { return nil }
