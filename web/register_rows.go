package web

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"reperform/app"
	"reperform/identity"
	"reperform/record"
	"reperform/soc1"
)

// register is a kind of one ledger with the records that match a query, in its
// order.
type register struct {
	kind  *record.Kind
	query query
	list  *record.List
	order *record.Order
	// up says that the order is read as it stands; otherwise from its end.
	up bool
}

// Len is the number of records that match.
func (g *register) Len() int { return g.order.Len() }

// place is where the i-th row stands in the order.
func (g *register) place(i int) int {
	if g.up {
		return i
	}
	return g.order.Len() - 1 - i
}

// At is the i-th row.
func (g *register) At(i int) *record.Item { return g.order.At(g.place(i)) }

// group is what the key of a row says of its group.
func (g *register) group(i int) string {
	s, _, _ := strings.Cut(g.order.Key(g.place(i)), "\x00")
	return s
}

// span is where the rows of a group stand.
func (g *register) span(group string) (from, to int) {
	return g.order.Seek(group+"\x00", ""), g.order.Seek(group+"\x01", "")
}

// cursor is a row's place in a form that holds when others come and go.
func (g *register) cursor(i int) string {
	at := g.place(i)
	return cursorOf(g.order.Key(at), g.order.At(at).ID)
}

func cursorOf(key, id string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(key + "\x00" + id))
}

// behind is the place of the first row behind a cursor.
func (g *register) behind(cursor string) int {
	b, err := base64.RawURLEncoding.DecodeString(cursor)
	at := strings.LastIndexByte(string(b), 0)
	if err != nil || at < 0 {
		return 0
	}
	key, id := string(b[:at]), string(b[at+1:])
	n := g.order.Seek(key, id)
	if g.up {
		return n
	}
	if n > 0 && g.order.Key(n-1) == key && g.order.At(n-1).ID == id {
		n--
	}
	return g.order.Len() - n
}

// register reads a kind as a query asks for it.
func (r *request) register(kind string, q query) (*register, error) {
	k, err := record.Kinds.Kind(kind)
	if err != nil {
		return nil, errNowhere
	}
	for _, name := range []string{q.Sort, q.Group} {
		if _, ok := k.Field(name); name != "" && name != "heading" && !ok {
			return nil, badRequest("sort", fmt.Errorf("%s have no field %q", k.Plural, clipped(name, 40)))
		}
	}
	for name := range q.Filters {
		if _, ok := k.Field(name); !ok {
			return nil, badRequest("f", fmt.Errorf("%s have no field %q", k.Plural, clipped(name, 40)))
		}
	}
	if q.Group == "heading" {
		q.Group = ""
	}
	g := &register{kind: k, query: q}
	if g.list, err = r.listOf(k.Name); err != nil {
		return nil, err
	}
	name, key := r.orderOf(g)
	g.order = g.list.Where(record.Narrow{Text: q.Words, Values: q.Filters}, name, key)
	return g, nil
}

// listOf reads a kind: from memory for whoever reads all of it, and record by
// record for whoever reads some.
func (r *request) listOf(kind string) (*record.List, error) {
	v, err := r.records()
	var denied *identity.DeniedError
	switch {
	case err == nil && v.Shows(kind):
		return v.Rows(r.Context(), kind)
	case err != nil && !errors.As(err, &denied):
		return nil, err
	}
	some, serr := r.site.app.Records(r.Context(), r.actor, r.ledger, kind, r.asOf)
	switch {
	case serr == nil:
		return record.ListOf(some), nil
	case err != nil:
		return nil, err
	}
	return nil, serr
}

// none sorts behind every text.
const none = "\U0010FFFF"

// longestKey bounds the part of a key that one field gives; what is alike up to
// there is ordered by id.
const longestKey = 120

// orderOf is the order that a query asks for: by the group, then by the field,
// then by heading.
func (r *request) orderOf(g *register) (string, record.Key) {
	q := g.query
	group, gstamp := r.sorter(g.kind, q.Group)
	by, bstamp := r.sorter(g.kind, q.Sort)
	// Downwards within groups that stand upwards is an order of its own; without
	// groups the same one is read from its end.
	inverted := q.Down && q.Group != ""
	g.up = !q.Down || inverted
	name := fmt.Sprintf("register\x00%s@%s\x00%s@%s\x00%v", q.Group, gstamp, q.Sort, bstamp, inverted)
	return name, func(it *record.Item) (string, bool) {
		if !it.Live() {
			return "", false
		}
		var m map[string]json.RawMessage
		if group != nil || by != nil {
			m, _ = it.Fields()
		}
		var b strings.Builder
		rest := natural(record.HeadingOf(it.Record).String())
		if by != nil {
			rest = by(m) + "\x00" + rest
		}
		if group != nil {
			b.WriteString(group(m))
			b.WriteByte(0)
		}
		if inverted {
			for i := range len(rest) {
				b.WriteByte(^rest[i])
			}
			b.WriteByte(0xff)
		} else {
			b.WriteString(rest)
		}
		return b.String(), true
	}
}

// sorter gives the part of a key that a field is ordered by; nil without one.
// What depends on other records has their stamp.
func (r *request) sorter(k *record.Kind, name string) (func(map[string]json.RawMessage) string, string) {
	f, ok := k.Field(name)
	if name == "" || !ok {
		return nil, ""
	}
	switch {
	case f.Ref != "":
		names := map[string]string{}
		n := r.headings()
		return func(m map[string]json.RawMessage) string {
			var b strings.Builder
			for _, id := range valuesOf(m[name]) {
				s, ok := names[id]
				if !ok {
					s = natural(n.called(f.Ref, id))
					names[id] = s
				}
				b.WriteString(s)
				b.WriteByte(' ')
			}
			return orLast(b.String())
		}, n.stamp(f.Ref)
	case f.Type == record.Enum && !f.List:
		return func(m map[string]json.RawMessage) string {
			if i := slices.Index(f.Values, text(m[name])); i >= 0 {
				return fmt.Sprintf("%03d", i)
			}
			return none
		}, ""
	case f.Type == record.Integer && !f.List:
		return func(m map[string]json.RawMessage) string {
			var n int64
			if len(m[name]) == 0 || json.Unmarshal(m[name], &n) != nil {
				return none
			}
			return fmt.Sprintf("%020d", uint64(n)+1<<63)
		}, ""
	}
	return func(m map[string]json.RawMessage) string {
		return orLast(natural(strings.Join(valuesOf(m[name]), " ")))
	}, ""
}

func orLast(s string) string {
	if s == "" {
		return none
	}
	return s
}

// natural makes numbers in a text sort by their value: PAY-3.2 before PAY-3.10.
func natural(s string) string {
	if len(s) > longestKey {
		s = strings.ToValidUTF8(s[:longestKey], "")
	}
	s = record.Fold(s)
	b := make([]byte, 0, len(s)+24)
	for i := 0; i < len(s); {
		j := i
		for j < len(s) && s[j] >= '0' && s[j] <= '9' {
			j++
		}
		switch {
		case j > i && j-i < 12:
			for range 12 - (j - i) {
				b = append(b, '0')
			}
			b = append(b, s[i:j]...)
			i = j
			continue
		case j == i:
			j++
		}
		for _, c := range []byte(s[i:j]) {
			// What parts a key must not occur in its parts.
			b = append(b, max(c, 2))
		}
		i = j
	}
	return string(b)
}

// may keeps what somebody may change, for as long as no record of a person, a
// deputy or a role changes, and for the day.
type mayKey struct{ actor, ledger, kind string }

type mayKept struct {
	stamps string
	today  soc1.Date
	yes    bool
}

// mayChange asks app by trying, without recording: whether the person may change
// any record of the register, their own at least.
func (r *request) mayChange(g *register) bool {
	if g.kind.Decision || r.past.On() {
		return false
	}
	if g.kind.Home == record.Organization && r.ledger != app.OrganizationLedger || g.kind.Home == record.Examination && r.ledger == app.OrganizationLedger {
		return false
	}
	now := mayKept{}
	var err error
	if now.today, err = r.site.app.Today(r.Context()); err != nil {
		return false
	}
	reader, err := r.site.app.Reader(r.Context(), r.actor, r.ledger)
	if err != nil {
		return false
	}
	now.stamps = reader.Stamp() + fmt.Sprint(g.list.Live() > 0)
	key := mayKey{r.actor, r.ledger, g.kind.Name}
	if x, ok := r.site.may.Load(key); ok {
		if kept := x.(mayKept); kept.stamps == now.stamps && kept.today == now.today {
			return kept.yes
		}
	}
	now.yes = r.tryChange(g)
	r.site.may.Store(key, now)
	return now.yes
}

// tryChange rehearses a change that changes nothing: of somebody else's record,
// of one's own, or of a new one where there is none. Most may change either
// any or none, so one's own is looked for last.
func (r *request) tryChange(g *register) bool {
	other, own := someone(g.list, r.actor, false), (*record.Item)(nil)
	if other != nil && r.tryOn(g, other) {
		return true
	}
	if _, ok := g.kind.Field("owner"); ok || other == nil {
		own = someone(g.list, r.actor, true)
	}
	if own == nil && other != nil {
		return false
	}
	return r.tryOn(g, own)
}

// someone is a record in use that the person owns, or one that they do not,
// among the first some thousand.
func someone(l *record.List, person string, own bool) (found *record.Item) {
	n := 0
	l.All(func(it *record.Item) bool {
		if it.Live() {
			n++
			if it.Has("owner", person) == own {
				found = it
			}
		}
		return n < 5000 && found == nil
	})
	return found
}

// tryOn tries to change a record, or to make one, without recording it.
func (r *request) tryOn(g *register, it *record.Item) bool {
	p := g.kind.New()
	c := app.RecordChange{Ledger: r.ledger, Kind: g.kind.Name, ID: "rehearsed", Revision: -1}
	if it != nil {
		c.ID = it.ID
		if json.Unmarshal(it.Body, p) != nil {
			return false
		}
	}
	var ok bool
	if c.Value, ok = g.kind.Deref(p).(interface{ Validate() []soc1.Problem }); !ok {
		return false
	}
	bulk, err := r.site.app.PutRecords(r.Context(), r.actor, []app.RecordChange{c}, "", true)
	if bulk == nil || err != nil && !errors.Is(err, app.ErrBulk) {
		return false
	}
	for _, p := range bulk.Items[0].Problems {
		if p.Field == "kind" {
			return false
		}
	}
	return true
}
