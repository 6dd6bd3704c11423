package account

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"fmt"
	"sort"
)

// breachedList is the sorted list of the first five bytes of the SHA-256 of the
// passwords that are tried first, some 49,000, most of them seen in leaks, written
// by tools/breached from a published list. Another text is taken for one of them
// once in 20 million.
//
//go:embed vendored/breached.bin
var breachedList []byte

const (
	prefixSize = 5
	// shortestBreached is how long an entry of the list is at least: a shorter
	// one would condemn every password that ends in it.
	shortestBreached = 4
)

// breached looks a text in small letters up.
func breached(lower string) bool {
	if len(lower) < shortestBreached {
		return false
	}
	sum := sha256.Sum256([]byte(lower))
	want := sum[:prefixSize]
	at := func(i int) []byte { return breachedList[i*prefixSize : (i+1)*prefixSize] }
	n := len(breachedList) / prefixSize
	i := sort.Search(n, func(i int) bool { return bytes.Compare(at(i), want) >= 0 })
	return i < n && bytes.Equal(at(i), want)
}

// checkBreached finds a list that was damaged on its way into the program.
func checkBreached() error {
	if len(breachedList) == 0 || len(breachedList)%prefixSize != 0 || !breached("password") {
		return fmt.Errorf("the list of breached passwords in this program is damaged (%d bytes); build it anew", len(breachedList))
	}
	return nil
}
