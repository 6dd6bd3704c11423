package ledger

import (
	"bytes"
	"strconv"
)

// parsePlain decodes the bytes that appendEntry writes of an entry without a
// genesis whose texts need no escapes, and reports whether these are such
// bytes. Everything else is left to encoding/json, which stays the judge: a
// test compares the two. It exists because verification decodes every entry
// and reflection took a third of its time.
func parsePlain(b []byte, e *Entry) bool {
	s := scanner{rest: b}
	s.want(`{"v":`)
	e.Version = int(s.number())
	s.want(`,"ledger":`)
	e.Ledger = s.text()
	s.want(`,"command":`)
	e.Command = s.text()
	if s.has(`,"part":`) {
		e.Part = int(s.number())
	}
	if s.has(`,"parts":`) {
		e.Parts = int(s.number())
	}
	s.want(`,"time":`)
	e.Time = s.text()
	s.want(`,"actor":`)
	e.Actor = s.text()
	s.want(`,"action":`)
	e.Action = s.text()
	if s.has(`,"reason":`) {
		e.Reason = s.text()
	}
	if s.has(`,"changes":[`) {
		// Each change has a commitment: there are as many as the word occurs,
		// or a few less when it occurs in a text.
		e.Changes = make([]Change, 0, bytes.Count(s.rest, commitmentField))
		for more := true; more && !s.failed; more = s.has(",") {
			e.Changes = append(e.Changes, s.change())
		}
		s.want("]")
	}
	if s.has(`,"redacts":[`) {
		for more := true; more && !s.failed; more = s.has(",") {
			var r DocumentRef
			s.want(`{"pos":`)
			r.Pos = s.number()
			s.want(`,"slot":`)
			r.Slot = int(s.number())
			s.want("}")
			e.Redacts = append(e.Redacts, r)
		}
		s.want("]")
	}
	s.want("}")
	return !s.failed && len(s.rest) == 0
}

var commitmentField = []byte(`,"commitment":`)

// scanner takes what is expected from the front of rest, until something else
// stands there.
type scanner struct {
	rest   []byte
	failed bool
}

func (s *scanner) has(token string) bool {
	if s.failed || len(s.rest) < len(token) || string(s.rest[:len(token)]) != token {
		return false
	}
	s.rest = s.rest[len(token):]
	return true
}

func (s *scanner) want(token string) { s.failed = !s.has(token) || s.failed }

// number takes an integer as JSON writes it, of at most 18 digits.
func (s *scanner) number() int64 {
	end := 0
	for end < len(s.rest) && (s.rest[end] >= '0' && s.rest[end] <= '9' || end == 0 && s.rest[end] == '-') {
		end++
	}
	digits := s.rest[:end]
	if end > 18 || s.failed {
		s.failed = true
		return 0
	}
	n, err := strconv.ParseInt(string(digits), 10, 64)
	// JSON knows no leading zeroes, and -0 is no integer of ours.
	if err != nil || end > 1 && digits[0] == '0' || end > 1 && digits[0] == '-' && digits[1] == '0' {
		s.failed = true
	}
	s.rest = s.rest[end:]
	return n
}

// text takes a string without escapes.
func (s *scanner) text() string {
	if s.failed || len(s.rest) == 0 || s.rest[0] != '"' {
		s.failed = true
		return ""
	}
	for i := 1; i < len(s.rest); i++ {
		c := s.rest[i]
		if c == '"' {
			t := string(s.rest[1:i])
			s.rest = s.rest[i+1:]
			return t
		}
		if c < 0x20 || c >= 0x80 || c == '\\' {
			break
		}
	}
	s.failed = true
	return ""
}

func (s *scanner) change() Change {
	var c Change
	s.want(`{"kind":`)
	c.Kind = s.text()
	s.want(`,"id":`)
	c.ID = s.text()
	s.want(`,"revision":`)
	c.Revision = s.number()
	if s.has(`,"effective":`) {
		c.Effective = s.text()
	}
	s.want(`,"commitment":`)
	c.Commitment = s.text()
	s.want("}")
	return c
}
