package web

import (
	"os"
	"testing"

	"reperform/web/browsertest"
)

// TestMain ends what the tests of this package share.
func TestMain(m *testing.M) {
	code := m.Run()
	browsertest.Close()
	shared.close()
	os.Exit(code)
}
