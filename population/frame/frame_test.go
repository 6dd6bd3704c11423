package frame

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
)

func TestRoundTrip(t *testing.T) {
	var b bytes.Buffer
	for _, s := range []string{"", "x", strings.Repeat("y", 100_000)} {
		if err := Write(&b, s); err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range []string{"", "x", strings.Repeat("y", 100_000)} {
		var got string
		if err := Read(&b, &got); err != nil || got != want {
			t.Fatalf("got %d bytes, %v", len(got), err)
		}
	}
	var got string
	if err := Read(&b, &got); err != io.EOF {
		t.Errorf("at the end: %v", err)
	}
}

func TestBrokenStreams(t *testing.T) {
	var v any
	for in, want := range map[string]error{
		"\x00\x00":               io.ErrUnexpectedEOF,
		"\x00\x00\x00\x05{}":     io.ErrUnexpectedEOF,
		"\xff\xff\xff\xff{}":     ErrTooLarge,
		"\x00\x00\x00\x02{x":     nil, // some other error
		"\x00\x00\x00\x00":       nil,
		"\x00\x00\x00\x04true{}": errNone,
	} {
		err := Read(strings.NewReader(in), &v)
		switch {
		case want == errNone:
			if err != nil {
				t.Errorf("%q: %v", in, err)
			}
		case err == nil, want != nil && !errors.Is(err, want):
			t.Errorf("%q: got %v, want %v", in, err, want)
		}
	}
	if err := Write(io.Discard, strings.Repeat("x", Limit)); !errors.Is(err, ErrTooLarge) {
		t.Errorf("writing too much: %v", err)
	}
}

var errNone = errors.New("no error")

// FuzzRead: whatever arrives, Read returns, and what it accepts survives
// another round.
func FuzzRead(f *testing.F) {
	f.Add([]byte("\x00\x00\x00\x02{}"))
	f.Add([]byte("\x00\x00\x00\x08{\"a\":[1]}"))
	f.Add([]byte("\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, in []byte) {
		r := bytes.NewReader(in)
		for {
			var v any
			if err := Read(r, &v); err != nil {
				return
			}
			var b bytes.Buffer
			if err := Write(&b, v); err != nil {
				t.Fatalf("accepted and cannot be written: %v", err)
			}
			var again any
			if err := Read(&b, &again); err != nil {
				t.Fatalf("written and cannot be read: %v", err)
			}
		}
	})
}
