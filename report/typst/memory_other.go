//go:build !unix

package typst

import "context"

// withOwnMemory leaves the module's memory to wazero.
func withOwnMemory(ctx context.Context) context.Context { return ctx }
