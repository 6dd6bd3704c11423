package record

import (
	"bytes"
	"encoding/json"
	"fmt"

	"reperform/soc1"
)

// document is what the ledger stores of a revision: a small envelope around
// the body, so that what belongs to every record never collides with a
// field of some kind. Fields are only added, and optional.
type document struct {
	// Version of the kind's form when it was written.
	Version int `json:"v"`
	// Retired marks the last revision of a record that is no longer in use.
	Retired bool            `json:"retired,omitempty"`
	Body    json.RawMessage `json:"body"`
}

// Record is one revision of a record as a view gives it.
type Record struct {
	Ledger    string          `json:"ledger"`
	Kind      string          `json:"kind"`
	ID        string          `json:"id"`
	Revision  int64           `json:"revision"`
	Effective string          `json:"effective,omitempty"`
	Pos       int64           `json:"pos"`
	Slot      int             `json:"slot"`
	Retired   bool            `json:"retired,omitempty"`
	Redacted  bool            `json:"redacted,omitempty"`
	Body      json.RawMessage `json:"body,omitempty"`
}

// Ref names this revision.
func (r Record) Ref() soc1.Ref {
	return soc1.Ref{Ledger: r.Ledger, Kind: r.Kind, ID: r.ID, Revision: r.Revision}
}

// TextError refuses a body because of a text in it that no person may write.
type TextError struct {
	Kind    string
	Problem soc1.Problem
}

func (e *TextError) Error() string { return e.Kind + ": " + e.Problem.String() }

// Encode makes the document of a body, a value of the kind's struct or JSON of
// it. It refuses what TextProblems finds, unless the revision retires the record. Fields of the previous body that this program does not know survive, so
// that an older program does not lose what a newer one wrote.
func (k *Kind) Encode(value any, previous json.RawMessage, retired bool) ([]byte, error) {
	body, err := json.Marshal(value)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", k.Name, err)
	}
	// What is taken out of use keeps its words.
	if !retired {
		if ps := k.TextProblems(body, previous); len(ps) > 0 {
			return nil, &TextError{Kind: k.Name, Problem: ps[0]}
		}
	}
	if body, err = k.keepUnknown(body, previous); err != nil {
		return nil, err
	}
	return json.Marshal(document{Version: k.Version, Retired: retired, Body: body})
}

// keepUnknown adds the unknown fields of the previous body to the new one.
func (k *Kind) keepUnknown(body, previous json.RawMessage) (json.RawMessage, error) {
	if len(previous) == 0 {
		return body, nil
	}
	var old map[string]json.RawMessage
	if err := json.Unmarshal(previous, &old); err != nil {
		return nil, fmt.Errorf("%s: the previous revision is not an object: %w", k.Name, err)
	}
	for name := range old {
		if _, known := k.Field(name); known {
			delete(old, name)
		}
	}
	if len(old) == 0 {
		return body, nil
	}
	var cur map[string]json.RawMessage
	if err := json.Unmarshal(body, &cur); err != nil {
		return nil, err
	}
	for name, v := range old {
		if _, ok := cur[name]; !ok {
			cur[name] = v
		}
	}
	return json.Marshal(cur)
}

// decodeDocument opens the envelope.
func decodeDocument(b []byte) (document, error) {
	var d document
	if err := json.Unmarshal(b, &d); err != nil {
		return d, fmt.Errorf("not a record's document: %w", err)
	}
	return d, nil
}

// Writable refuses a record that a newer program has written in a form this
// one does not know: rewriting it could lose meaning.
func (k *Kind) Writable(stored []byte) error {
	d, err := decodeDocument(stored)
	if err != nil {
		return err
	}
	if d.Version > k.Version {
		return fmt.Errorf("%s was written in form %d by a newer program, this one knows form %d: upgrade before changing it", k.Name, d.Version, k.Version)
	}
	return nil
}

// Decode reads a record's body into its struct.
func Decode[T any](r Record) (T, error) {
	var v T
	if r.Redacted {
		return v, fmt.Errorf("%s %s revision %d was redacted", r.Kind, r.ID, r.Revision)
	}
	if err := json.Unmarshal(r.Body, &v); err != nil {
		return v, fmt.Errorf("%s %s revision %d: %w", r.Kind, r.ID, r.Revision, err)
	}
	return v, nil
}

// SameBody compares two bodies by value: order of fields and spacing do not count.
func SameBody(a, b json.RawMessage) bool {
	ca, errA := canonical(a)
	cb, errB := canonical(b)
	return errA == nil && errB == nil && bytes.Equal(ca, cb)
}

func canonical(b json.RawMessage) ([]byte, error) {
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return nil, err
	}
	return json.Marshal(v)
}

// RetiredIn tells whether a stored document retires its record.
func RetiredIn(document []byte) bool {
	d, err := decodeDocument(document)
	return err == nil && d.Retired
}

// Peek decodes the body of a stored document into a part of its kind's struct, for
// whoever needs a field or two of many documents. It tells whether there was one.
func Peek(document []byte, part any) bool {
	d, err := decodeDocument(document)
	return err == nil && json.Unmarshal(d.Body, part) == nil
}
