//go:build race

package app_test

// raceEnabled says that the race detector runs, which makes SQLite 26 times
// slower: tests then work on less.
const raceEnabled = true
