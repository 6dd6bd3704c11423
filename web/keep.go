package web

import (
	"encoding/json"
	"errors"
	"maps"
	"net/url"
	"strconv"
	"strings"

	"reperform/app"
	"reperform/record"
	"reperform/soc1"
)

// revisionIn is the revision that a form was made from. A form that names none
// would overwrite what others recorded meanwhile.
func revisionIn(v url.Values) (int64, error) {
	n, err := strconv.ParseInt(v.Get("_revision"), 10, 64)
	if err != nil || n < 1 {
		return 0, badRequest("_revision", errors.New("the form does not say which revision it was made from; open it again"))
	}
	return n, nil
}

// keepFiles puts the files of the revision that a form was made from into what
// the form says: no form offers them.
func (r *request) keepFiles(k *record.Kind, revision int64, body map[string]any) error {
	base, err := r.revision(k, r.PathValue("id"), revision)
	if err != nil {
		return err
	}
	return files(k, base.Body, body)
}

// files copies the files of a stored body.
func files(k *record.Kind, stored json.RawMessage, body map[string]any) error {
	was, err := looseBody(stored)
	if err != nil {
		return err
	}
	for _, f := range k.Fields {
		if x, ok := was[f.Name]; ok && f.File {
			body[f.Name] = x
		}
	}
	return nil
}

// unsign takes the signature off a body in which anything else changed: what was
// signed is another text then. Of a body in which nothing did, it stays, unless
// the text differs from the one that was signed.
func unsign(k *record.Kind, stored record.Record, body map[string]any, differs bool) error {
	was, err := looseBody(stored.Body)
	if err != nil {
		return err
	}
	signature := map[string]any{}
	for _, f := range k.Fields {
		if x, ok := was[f.Name]; ok && f.Signature {
			signature[f.Name] = x
		}
		if f.Signature {
			delete(was, f.Name)
			delete(body, f.Name)
		}
	}
	same, err := reads(was, body)
	if same && !differs {
		maps.Copy(body, signature)
	}
	return err
}

// reads tells whether two bodies read the same: a form takes space off the ends of
// what is typed, which changes nothing.
func reads(a, b any) (bool, error) {
	var both [2]json.RawMessage
	for i, x := range []any{a, b} {
		raw, err := json.Marshal(x)
		if err != nil {
			return false, err
		}
		loose, err := looseBody(raw)
		if err != nil {
			return false, err
		}
		if both[i], err = json.Marshal(trimmed(loose)); err != nil {
			return false, err
		}
	}
	return record.SameBody(both[0], both[1]), nil
}

func trimmed(x any) any {
	switch x := x.(type) {
	case string:
		return strings.TrimSpace(strings.ReplaceAll(x, "\r\n", "\n"))
	case []any:
		for i := range x {
			x[i] = trimmed(x[i])
		}
	case map[string]any:
		for k := range x {
			x[k] = trimmed(x[k])
		}
	}
	return x
}

// differs tells whether a document is signed and reads otherwise now, because of
// what it is made of. Who does not read all of that takes no signature off by it.
func (r *request) differs(kind, id string) bool {
	if kind != "assertion" && kind != "representation_letter" || r.ledger != app.OrganizationLedger {
		return false
	}
	s, err := r.site.app.Signing(r.Context(), r.actor, kind, id, 0)
	return err == nil && s.Differs
}

// unchanged tells whether a form says what is recorded already: a revision in
// which nothing changed is none. Another date from which it holds is a change.
func (r *request) unchanged(k *record.Kind, p *formPage, value any, on soc1.Date) (bool, error) {
	if p.New {
		return false, nil
	}
	now, err := r.present(k)
	if err != nil || now.Revision != p.Revision || now.Redacted || now.Retired || on != "" && string(on) != now.Effective {
		return false, err
	}
	// Read as the kind knows it: a field left out and an empty one are the same.
	was := k.New()
	if err := json.Unmarshal(now.Body, was); err != nil {
		return false, err
	}
	return reads(was, value)
}
