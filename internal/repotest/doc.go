// Package repotest holds the tests of the repository itself: that imports point
// downwards as docs/ARCHITECTURE.md draws them, that every package says what it
// promises, that documents name only what exists and the commands they show do
// run, that the examples of docs/FORMAT.md are what the program writes, and
// that every license of what is linked is known and printed. It contains no
// code of the product and nothing imports it.
package repotest
