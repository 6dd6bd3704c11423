package app_test

import (
	"context"
	"fmt"
	"os"

	"reperform/app"
)

// otherProcess lets the test binary be a second process of a workspace: it
// records a risk and ends.
func otherProcess() (done bool, code int) {
	dir, id := os.Getenv("APP_TEST_WORKSPACE"), os.Getenv("APP_TEST_RISK")
	if dir == "" {
		return false, 0
	}
	a, err := app.Open(context.Background(), dir, app.Options{})
	if err == nil {
		err = putRisk(a, id, 0, "Theirs.")
		a.Close()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return true, 1
	}
	return true, 0
}
