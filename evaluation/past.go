package evaluation

import (
	"context"
	"fmt"

	"reperform/record"
	"reperform/soc1"
)

// Past is how the records came to be what they are, and who the people are.
// Figures never depend on it: it serves the flags that ask whether something
// was changed, tried twice or done by the wrong person, and a report or a
// re-performance, which shows figures, neither needs nor discloses it.
type Past struct {
	// Results and Exceptions are all revisions of those that have more than
	// one, the oldest first, by id.
	Results    map[string][]record.Typed[soc1.Result]
	Exceptions map[string][]record.Typed[soc1.Exception]
	// First is the position at which a population, a sample, a result or a
	// deviation was first recorded, by kind and id.
	First map[soc1.Ref]int64
	// Recorded tells who recorded an entry of the work ledger and when; it has
	// the entries at which an outcome or a decision was changed.
	Recorded map[int64]Recorded
	// Systems are the organization's, with the general IT control objectives
	// that protect them.
	Systems []record.Typed[soc1.System]
	// Team are the people of the work ledger. Others are the people of the
	// organization's ledger, every revision of each, also of those who left.
	Team   []record.Typed[soc1.Person]
	Others []record.Typed[soc1.Person]
	// Letters are management's representation letters, and those of subservice
	// organizations that the report includes. They are asked about beside the
	// figures because a report shows nothing of them.
	Letters []record.Typed[soc1.RepresentationLetter]
	Subs    []record.Typed[soc1.SubserviceOrganization]
}

// Recorded is who recorded an entry, and when.
type Recorded struct{ By, At string }

// LoadPast reads the past of a file that was loaded from the same two views. It
// fails when a record cannot be read.
func (f *File) LoadPast(ctx context.Context, work, org *record.View) error {
	p := &Past{First: map[soc1.Ref]int64{}, Recorded: map[int64]Recorded{}}
	l := loader{ctx: ctx}
	p.Results = revised[soc1.Result](&l, work, "result", p.First)
	p.Exceptions = revised[soc1.Exception](&l, work, "exception", nil)
	for _, kind := range []string{"population", "sample", "deviation"} {
		l.firsts(work, kind, p.First)
	}
	p.Systems = load(&l, org, "system", all[soc1.System])
	p.Letters = load(&l, org, "representation_letter", all[soc1.RepresentationLetter])
	p.Subs = load(&l, org, "subservice_organization", all[soc1.SubserviceOrganization])
	p.Team = load(&l, work, "person", all[soc1.Person])
	p.Others = revisions[soc1.Person](&l, org, "person")
	recorded(&l, work, p.Results, p.Recorded)
	recorded(&l, work, p.Exceptions, p.Recorded)
	if l.err == nil {
		f.Past = p
	}
	return l.err
}

// first is where a record was first recorded, as far as it is known.
func (f *File) first(r record.Record) int64 {
	if f.Past != nil {
		if pos, ok := f.Past.First[soc1.Ref{Kind: r.Kind, ID: r.ID}]; ok {
			return pos
		}
	}
	return r.Pos
}

// revisions decodes every revision of a kind; one that was redacted keeps its
// place and says nothing.
func revisions[T any](l *loader, v *record.View, kind string) []record.Typed[T] {
	if l.err != nil {
		return nil
	}
	list, err := v.Revisions(l.ctx, kind)
	if err != nil {
		l.err = fmt.Errorf("reading the revisions of %s records of ledger %s: %w", kind, v.Ledger(), err)
		return nil
	}
	var out []record.Typed[T]
	for _, r := range list {
		x := record.Typed[T]{Record: r}
		if !r.Redacted {
			if x.Value, err = record.Decode[T](r); err != nil {
				l.err = err
				return nil
			}
		}
		out = append(out, x)
	}
	return out
}

// revised keeps the revisions of records with more than one, and notes where
// each record began.
func revised[T any](l *loader, v *record.View, kind string, first map[soc1.Ref]int64) map[string][]record.Typed[T] {
	out := map[string][]record.Typed[T]{}
	for _, r := range revisions[T](l, v, kind) {
		out[r.ID] = append(out[r.ID], r)
	}
	for id, list := range out {
		if first != nil {
			first[soc1.Ref{Kind: kind, ID: id}] = list[0].Pos
		}
		if len(list) == 1 {
			delete(out, id)
		}
	}
	return out
}

// firsts notes where each record of a kind began, without decoding any.
func (l *loader) firsts(v *record.View, kind string, first map[soc1.Ref]int64) {
	if l.err != nil {
		return
	}
	list, err := v.Revisions(l.ctx, kind)
	if err != nil {
		l.err = fmt.Errorf("reading the revisions of %s records of ledger %s: %w", kind, v.Ledger(), err)
		return
	}
	for _, r := range list {
		at := soc1.Ref{Kind: kind, ID: r.ID}
		if pos, ok := first[at]; !ok || r.Pos < pos {
			first[at] = r.Pos
		}
	}
}

// recorded reads who recorded the later revisions, and when.
func recorded[T any](l *loader, v *record.View, revised map[string][]record.Typed[T], into map[int64]Recorded) {
	for _, list := range revised {
		for _, r := range list[1:] {
			if _, known := into[r.Pos]; known || l.err != nil {
				continue
			}
			var x Recorded
			x.By, x.At, l.err = v.Recorded(l.ctx, r.Pos)
			into[r.Pos] = x
		}
	}
}
