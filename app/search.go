package app

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"sync"

	"reperform/record"
)

// Found is a record that a search found.
type Found struct {
	record.Record
	// Title is what a person knows the record by: its name, title or text.
	Title string `json:"title"`
	// Code is the code printed in the report, where the kind has one.
	Code string `json:"code,omitempty"`
	// Rank is 0 where what was typed is the id or the code, 1 where it begins one,
	// 2 where all words stand in id, code or title, 3 where some stand elsewhere.
	Rank int `json:"rank"`
}

// searches holds an index of words for each kind of each ledger that was
// searched.
type searches struct {
	mu    sync.Mutex
	words map[[2]string]*record.Words
}

func (s *searches) of(name string, kind *record.Kind) *record.Words {
	s.mu.Lock()
	defer s.mu.Unlock()
	k := [2]string{name, kind.Name}
	w, ok := s.words[k]
	if !ok {
		if s.words == nil {
			s.words = map[[2]string]*record.Words{}
		}
		w = record.NewWords(kind)
		s.words[k] = w
	}
	return w
}

// forget drops the words of a ledger, because one that was redacted may be among
// them.
func (s *searches) forget(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	maps.DeleteFunc(s.words, func(k [2]string, _ *record.Words) bool { return k[0] == name })
}

// mostFound bounds the answer to a search.
const mostFound = 200

// Search finds current records by id, code or words, among the ledgers and kinds
// that the actor may read. Every word typed must begin a word of the record,
// without regard to case and accents. The limit is 20 when 0, at most 200.
func (a *App) Search(ctx context.Context, actor, question string, limit int) ([]Found, error) {
	if limit <= 0 {
		limit = 20
	}
	limit = min(limit, mostFound)
	if err := a.log.Refresh(ctx); err != nil {
		return nil, err
	}
	var hits []record.Hit
	// The organization's ledger first, then the examinations by name.
	ledgers := a.log.Ledgers()
	slices.SortFunc(ledgers, func(x, y string) int {
		if (x == OrganizationLedger) != (y == OrganizationLedger) {
			if x == OrganizationLedger {
				return -1
			}
			return 1
		}
		return strings.Compare(x, y)
	})
	for _, name := range ledgers {
		r, err := a.reader(ctx, actor, name)
		if err != nil {
			continue
		}
		v, err := a.present(ctx, name, "")
		if err != nil {
			return nil, err
		}
		for _, kind := range record.Kinds.Names() {
			if !r.Kind(kind) {
				continue
			}
			most := limit
			if kind == "course_completion" && !r.failed {
				// What is left out is no reason to find less.
				most = mostFound
			}
			found, err := a.searchKind(ctx, v, kind, question, most)
			if err != nil {
				return nil, err
			}
			found = slices.DeleteFunc(found, func(h record.Hit) bool { return r.hides(h.Record) })
			hits = append(hits, found...)
		}
	}
	slices.SortStableFunc(hits, func(x, y record.Hit) int { return x.Rank - y.Rank })
	out := make([]Found, 0, min(limit, len(hits)))
	for _, h := range hits[:min(limit, len(hits))] {
		out = append(out, found(h))
	}
	return out, nil
}

func (a *App) searchKind(ctx context.Context, v *record.View, name, question string, limit int) ([]record.Hit, error) {
	l, err := v.Rows(ctx, name)
	if err != nil || l.Live() == 0 {
		return nil, err
	}
	kind, err := record.Kinds.Kind(name)
	if err != nil {
		return nil, err
	}
	return a.searches.of(v.Ledger(), kind).Find(l, question, limit), nil
}

func found(h record.Hit) Found {
	f := Found{Record: h.Record, Rank: h.Rank}
	m, err := h.Fields()
	if err != nil {
		return f
	}
	text := func(name string) (s string) {
		_ = json.Unmarshal(m[name], &s)
		return s
	}
	f.Code = text("code")
	for _, name := range []string{"title", "name", "text", "subject"} {
		if f.Title == "" {
			f.Title = text(name)
		}
	}
	return f
}
