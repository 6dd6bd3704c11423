package main

import (
	"strings"
	"testing"
)

func TestTerminalIsNotObeyed(t *testing.T) {
	var b strings.Builder
	in := "Müller \x1b[31mred\u202e\ttab\nline \xff"
	n, err := plainWriter{&b}.Write([]byte(in))
	if err != nil || n != len(in) {
		t.Fatal(n, err)
	}
	want := `Müller \u001b[31mred\u202e` + "\ttab\nline " + `\xff`
	if b.String() != want {
		t.Fatalf("shown as %q, want %q", b.String(), want)
	}
}
