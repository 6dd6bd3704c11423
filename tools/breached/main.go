// Command breached writes account/vendored/breached.bin, the list by which new
// passwords are checked offline: the first five bytes of the SHA-256 of each
// password of a published list, sorted. The list is passwords.json of the npm
// package @zxcvbn-ts/language-common, version 4.1.3 (MIT), a JSON array of
// texts in small letters; the program refuses another one unless it is told
// that the list is to be replaced. Entries shorter than four characters are
// left out.
//
//	npm pack @zxcvbn-ts/language-common@4.1.3 && tar xzf zxcvbn-ts-language-common-4.1.3.tgz
//	cd tools && go run ./breached -in ../package/src/passwords.json
package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
)

const (
	listSum    = "f422773d94d630f27e08b26d7017e847bb1feb2a84809340e9c0b0c47b33e3f1"
	prefixSize = 5
	shortest   = 4
)

func main() {
	in := flag.String("in", "", "passwords.json of the package")
	out := flag.String("o", "../account/vendored/breached.bin", "file to write")
	replace := flag.Bool("replace", false, "accept another list than the one named in the source")
	flag.Parse()
	if err := run(*in, *out, *replace); err != nil {
		fmt.Fprintln(os.Stderr, "breached:", err)
		os.Exit(1)
	}
}

func run(in, out string, replace bool) error {
	b, err := os.ReadFile(in)
	if err != nil {
		return err
	}
	if sum := sha256.Sum256(b); hex.EncodeToString(sum[:]) != listSum && !replace {
		return fmt.Errorf("%s has SHA-256 %x, not %s; give -replace to take another list", in, sum, listSum)
	}
	var passwords []string
	if err := json.Unmarshal(b, &passwords); err != nil {
		return fmt.Errorf("%s: %w", in, err)
	}
	var prefixes [][]byte
	for _, p := range passwords {
		if p = strings.ToLower(p); len(p) >= shortest {
			sum := sha256.Sum256([]byte(p))
			prefixes = append(prefixes, sum[:prefixSize])
		}
	}
	slices.SortFunc(prefixes, bytes.Compare)
	prefixes = slices.CompactFunc(prefixes, bytes.Equal)
	if err := os.WriteFile(out, bytes.Join(prefixes, nil), 0o644); err != nil {
		return err
	}
	fmt.Printf("%s: %d passwords\n", out, len(prefixes))
	return nil
}
