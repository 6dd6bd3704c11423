//go:build !race

package app_test

// raceEnabled says whether the race detector runs.
const raceEnabled = false
