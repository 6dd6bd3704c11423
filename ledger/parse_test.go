package ledger_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"testing"
	"time"

	"reperform/ledger"
)

// plainEntries are decoded without encoding/json, oddEntries are not.
var (
	plainEntries = []string{
		`{"v":1,"ledger":"org","command":"ab","time":"2025-01-01T00:00:00.000000Z","actor":"p","action":"a"}`,
		`{"v":1,"ledger":"org","command":"ab","part":1,"parts":2,"time":"2025-01-01T00:00:00.000000Z","actor":"p","action":"a","reason":"r",` +
			`"changes":[{"kind":"k","id":"i","revision":1,"commitment":"c"},{"kind":"k","id":"j","revision":-12,"effective":"2025-01-31","commitment":"c"}],"redacts":[{"pos":1,"slot":0},{"pos":2,"slot":3}]}`,
		`{"v":1,"ledger":"","command":"","time":"","actor":"<` + "\x7f" + `>","action":"a/b"}`,
		`{"v":1,"ledger":"","command":"","time":"","actor":"","action":"","changes":[{"kind":",","id":"commitment","revision":999999999999999999,"commitment":""}]}`,
	}
	oddEntries = []string{
		``, `{}`, `null`, `{"v":1}`,
		`{"v":01,"ledger":"","command":"","time":"","actor":"","action":""}`,
		`{"v":-0,"ledger":"","command":"","time":"","actor":"","action":""}`,
		`{"v":-,"ledger":"","command":"","time":"","actor":"","action":""}`,
		`{"v":,"ledger":"","command":"","time":"","actor":"","action":""}`,
		`{"v":1.0,"ledger":"","command":"","time":"","actor":"","action":""}`,
		`{"v":9223372036854775807,"ledger":"","command":"","time":"","actor":"","action":""}`,
		`{"v":1, "ledger":"","command":"","time":"","actor":"","action":""}`,
		`{"v":1,"ledger":"","command":"","time":"","actor":"","action":"","new":1}`,
		`{"v":1,"ledger":"","command":"","time":"","actor":"","action":""} `,
		`{"v":1,"ledger":"a\u0041","command":"","time":"","actor":"","action":""}`,
		`{"v":1,"ledger":"é","command":"","time":"","actor":"","action":""}`,
		`{"v":1,"ledger":"` + "\xff" + `","command":"","time":"","actor":"","action":""}`,
		`{"v":1,"ledger":"` + "\x01" + `","command":"","time":"","actor":"","action":""}`,
		`{"v":1,"ledger":"","command":"","time":"","actor":"","action":"","changes":[]}`,
		`{"v":1,"ledger":"","command":"","time":"","actor":"","action":"","changes":[{"kind":"k","id":"i","revision":1,"commitment":"c"},]}`,
		`{"v":1,"ledger":"","command":"","time":"","actor":"","action":"","redacts":[{"pos":1,"slot":0},]}`,
		`{"v":1,"ledger":"","command":"","time":"","actor":"","action":"`,
	}
)

// sameAsJSON fails where the two decoders differ, and says which one read it.
func sameAsJSON(t *testing.T, b []byte) (plain bool) {
	t.Helper()
	got, plain := ledger.ParsePlain(b)
	if !plain {
		return false
	}
	var want ledger.Entry
	if err := json.Unmarshal(b, &want); err != nil || !reflect.DeepEqual(got, want) {
		t.Fatalf("%q is read as\n%+v, by encoding/json as\n%+v (%v)", b, got, want, err)
	}
	return true
}

func TestPlainEntriesAreReadAsJSON(t *testing.T) {
	for _, s := range plainEntries {
		if !sameAsJSON(t, []byte(s)) {
			t.Errorf("not read as a plain entry: %s", s)
		}
	}
	for _, s := range oddEntries {
		if sameAsJSON(t, []byte(s)) {
			t.Errorf("read as a plain entry: %s", s)
		}
	}
	// No byte of an entry may be changed, added or left out such that the two differ.
	for _, s := range plainEntries {
		for i := range len(s) {
			for _, c := range []byte("\x00\x1f !\"',-.019:Ee[\\]{}\x7f\x80\xff") {
				sameAsJSON(t, []byte(s[:i]+string([]byte{c})+s[i+1:]))
				sameAsJSON(t, []byte(s[:i]+string([]byte{c})+s[i:]))
			}
			sameAsJSON(t, []byte(s[:i]+s[i+1:]))
			sameAsJSON(t, []byte(s[:i]))
		}
	}
}

func FuzzParsePlain(f *testing.F) {
	for _, s := range append(plainEntries, oddEntries...) {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) { sameAsJSON(t, b) })
}

// The check of times agrees with the one that the time package makes.
func TestValidTimes(t *testing.T) {
	check := func(s string) {
		t.Helper()
		at, err := time.Parse(ledger.TimeFormat, s)
		if want := err == nil && at.Format(ledger.TimeFormat) == s; ledger.ValidTime(s) != want {
			t.Errorf("%q: valid is %v, want %v", s, !want, want)
		}
	}
	for _, year := range []int{0, 4, 100, 400, 1900, 2000, 2023, 2024, 9999} {
		for month := range 14 {
			for day := range 33 {
				check(fmt.Sprintf("%04d-%02d-%02dT23:59:59.999999Z", year, month, day))
			}
		}
	}
	const base = "2024-02-29T23:59:59.999999Z"
	for i := range len(base) {
		for c := range 256 {
			check(base[:i] + string([]byte{byte(c)}) + base[i+1:])
		}
		check(base[:i])
		check(base[:i] + base[i+1:])
		check(base[:i] + "0" + base[i:])
	}
}
