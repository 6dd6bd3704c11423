package web

import (
	"encoding/json"
	"strings"
	"sync"

	"reperform/record"
)

// wordCache keeps the words of records, by revision, so that filtering a long
// register reads each record once.
type wordCache struct {
	mu   sync.Mutex
	seen map[wordKey]string
}

type wordKey struct {
	ledger, kind, id string
	revision         int64
}

// mostWords bounds the cache; beyond it is emptied and fills again.
const mostWords = 300_000

// of are all words of a record in lower case, its id among them.
func (c *wordCache) of(r record.Record) string {
	key := wordKey{r.Ledger, r.Kind, r.ID, r.Revision}
	c.mu.Lock()
	s, ok := c.seen[key]
	c.mu.Unlock()
	if ok {
		return s
	}
	var b strings.Builder
	b.WriteString(strings.ToLower(r.ID))
	var v any
	if json.Unmarshal(r.Body, &v) == nil {
		gather(&b, v)
	}
	s = b.String()
	c.mu.Lock()
	if c.seen == nil || len(c.seen) > mostWords {
		c.seen = map[wordKey]string{}
	}
	c.seen[key] = s
	c.mu.Unlock()
	return s
}

func gather(b *strings.Builder, v any) {
	switch x := v.(type) {
	case string:
		b.WriteByte(' ')
		b.WriteString(strings.ToLower(x))
	case []any:
		for _, e := range x {
			gather(b, e)
		}
	case map[string]any:
		for _, e := range x {
			gather(b, e)
		}
	}
}

// valuesOf are the values of a field, one or a list of them.
func valuesOf(raw json.RawMessage) []string {
	if len(raw) == 0 {
		return nil
	}
	var list []string
	if json.Unmarshal(raw, &list) == nil {
		return list
	}
	if s := text(raw); s != "" && s != "null" && s != "false" {
		return []string{s}
	}
	return nil
}

func holds(raw json.RawMessage, want string) bool {
	for _, v := range valuesOf(raw) {
		if v == want {
			return true
		}
	}
	return false
}
