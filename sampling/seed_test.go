package sampling

import (
	"bytes"
	"crypto/sha256"
	"strings"
	"testing"
)

func TestSeedInputText(t *testing.T) {
	full := SeedInput{Algorithm: Algorithm, Engagement: "ENG-2025-001", Control: "PAY-5.3", PopulationHash: "3f1c", Nonce: "00ff", Draw: 3}
	for _, c := range []struct {
		change func(*SeedInput)
		want   string
	}{
		{func(*SeedInput) {}, "soc1/v1|ENG-2025-001|PAY-5.3|pop:3f1c|nonce:00ff|draw:3"},
		{func(s *SeedInput) { s.Draw = 1 }, "soc1/v1|ENG-2025-001|PAY-5.3|pop:3f1c|nonce:00ff"},
		{func(s *SeedInput) { s.Nonce = "" }, "soc1/v1|ENG-2025-001|PAY-5.3|pop:3f1c|draw:3"},
		{func(s *SeedInput) { s.Nonce = ""; s.Draw = 1 }, "soc1/v1|ENG-2025-001|PAY-5.3|pop:3f1c"},
	} {
		in := full
		c.change(&in)
		got, err := in.Text()
		if err != nil || got != c.want {
			t.Errorf("%+v: %q, %v; want %q", in, got, err, c.want)
			continue
		}
		back, err := ParseSeedInput(got)
		if err != nil || back != in {
			t.Errorf("%q reads back as %+v, %v", got, back, err)
		}
		seed, err := in.Seed()
		if err != nil || seed != sha256.Sum256([]byte(c.want)) {
			t.Errorf("%q: seed %x, %v", got, seed, err)
		}
	}
	for _, c := range []struct {
		change func(*SeedInput)
		want   string
	}{
		{func(s *SeedInput) { s.Algorithm = "soc1/v2" }, "algorithm"},
		{func(s *SeedInput) { s.Engagement = "A|B" }, "the engagement"},
		{func(s *SeedInput) { s.Control = "A\nB" }, "the control"},
		{func(s *SeedInput) { s.Control = "" }, "the control is empty"},
		{func(s *SeedInput) { s.Control = "\xff" }, "not valid UTF-8"},
		{func(s *SeedInput) { s.PopulationHash = "a\r" }, "the population hash"},
		{func(s *SeedInput) { s.Nonce = "00FF" }, "lowercase hexadecimal"},
		{func(s *SeedInput) { s.Nonce = "0" }, "lowercase hexadecimal"},
		{func(s *SeedInput) { s.Draw = -1 }, "draws count from 1"},
	} {
		in := full
		c.change(&in)
		if _, err := in.Text(); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v, want an error with %q", in, err, c.want)
		}
	}
	for _, text := range []string{
		"", "soc1/v1|E|C", "soc1/v1|E|C|3f1c", "soc1/v1|E|C|pop:", "soc1/v1|E|C|pop:1|draw:1", "soc1/v1|E|C|pop:1|draw:02",
		"soc1/v1|E|C|pop:1|draw:2|nonce:00", "soc1/v1|E|C|pop:1|nonce:", "soc1/v1|E|C|pop:1|nonce:00|nonce:00", "soc1/v1|E|C|pop:1|x", "soc1/v1|E|C|pop:1|draw:2|draw:3", "soc2/v1|E|C|pop:1",
	} {
		if got, err := ParseSeedInput(text); err == nil {
			t.Errorf("%q was read as %+v", text, got)
		}
	}
}

func FuzzParseSeedInput(f *testing.F) {
	f.Add("soc1/v1|ENG-2025-001|PAY-5.3|pop:3f1c")
	f.Add("soc1/v1|E|C|pop:1|nonce:00ff|draw:2")
	f.Add("soc1/v1|E|C|pop:1|draw:+2")
	f.Fuzz(func(t *testing.T, text string) {
		in, err := ParseSeedInput(text)
		if err != nil {
			return
		}
		back, err := in.Text()
		if err != nil || back != text {
			t.Fatalf("%q reads as %+v, which writes %q, %v", text, in, back, err)
		}
	})
}

func TestNonceCommitment(t *testing.T) {
	nonce, err := NewNonce(bytes.NewReader(bytes.Repeat([]byte{7}, NonceBytes)))
	if err != nil {
		t.Fatal(err)
	}
	commitment := sha256.Sum256([]byte("reperform/nonce/v1\n" + string(nonce)))
	if Commit(nonce) != commitment {
		t.Errorf("commitment %x, by hand %x", Commit(nonce), commitment)
	}
	if err := CheckNonce(nonce, commitment); err != nil {
		t.Error(err)
	}
	for i := range nonce {
		other := bytes.Clone(nonce)
		other[i] ^= 1
		if CheckNonce(other, commitment) == nil {
			t.Errorf("a nonce that differs in byte %d passed", i)
		}
	}
	if CheckNonce(nonce[:31], commitment) == nil {
		t.Error("a shortened nonce passed")
	}
	if _, err := NewNonce(strings.NewReader("short")); err == nil {
		t.Error("a nonce was made of five bytes")
	}
}
