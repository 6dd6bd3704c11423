package ledger

import (
	"encoding/json"
	"strconv"
	"unicode/utf8"
)

// appendEntry appends the same bytes that json.Marshal makes of the entry; a
// test compares them. It exists because the one committer encodes every entry
// of the process and reflection took a good part of its time.
func appendEntry(b []byte, e *Entry) ([]byte, error) {
	b = append(b, `{"v":`...)
	b = strconv.AppendInt(b, int64(e.Version), 10)
	b = appendField(b, `,"ledger":`, e.Ledger)
	b = appendField(b, `,"command":`, e.Command)
	if e.Part != 0 {
		b = appendNumber(b, `,"part":`, int64(e.Part))
	}
	if e.Parts != 0 {
		b = appendNumber(b, `,"parts":`, int64(e.Parts))
	}
	b = appendField(b, `,"time":`, e.Time)
	b = appendField(b, `,"actor":`, e.Actor)
	b = appendField(b, `,"action":`, e.Action)
	if e.Reason != "" {
		b = appendField(b, `,"reason":`, e.Reason)
	}
	for i := range e.Changes {
		if i == 0 {
			b = append(b, `,"changes":[`...)
		} else {
			b = append(b, ',')
		}
		b = appendChange(b, &e.Changes[i])
	}
	if len(e.Changes) > 0 {
		b = append(b, ']')
	}
	for i, r := range e.Redacts {
		if i == 0 {
			b = append(b, `,"redacts":[`...)
		} else {
			b = append(b, ',')
		}
		b = appendNumber(b, `{"pos":`, r.Pos)
		b = appendNumber(b, `,"slot":`, int64(r.Slot))
		b = append(b, '}')
	}
	if len(e.Redacts) > 0 {
		b = append(b, ']')
	}
	if e.Genesis != nil {
		g, err := json.Marshal(e.Genesis)
		if err != nil {
			return nil, err
		}
		b = append(append(b, `,"genesis":`...), g...)
	}
	return append(b, '}'), nil
}

func appendChange(b []byte, c *Change) []byte {
	b = appendField(b, `{"kind":`, c.Kind)
	b = appendField(b, `,"id":`, c.ID)
	b = appendNumber(b, `,"revision":`, c.Revision)
	if c.Effective != "" {
		b = appendField(b, `,"effective":`, c.Effective)
	}
	b = appendField(b, `,"commitment":`, c.Commitment)
	return append(b, '}')
}

func appendNumber(b []byte, name string, n int64) []byte {
	return strconv.AppendInt(append(b, name...), n, 10)
}

func appendField(b []byte, name, s string) []byte {
	b = append(b, name...)
	if !plain(s) {
		// A string always marshals.
		quoted, _ := json.Marshal(s)
		return append(b, quoted...)
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}

// plain reports whether JSON writes the string as it is.
func plain(s string) bool {
	for i := range len(s) {
		c := s[i]
		if c < 0x20 || c >= utf8.RuneSelf || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' {
			return false
		}
	}
	return true
}
