package notify

import (
	"context"
	"errors"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"reperform/identity"
	"reperform/record"
	"reperform/soc1"

	"reperform/app"
)

// ignoreUnread makes nothing of a record that somebody may not read or that is
// not there.
func ignoreUnread(err error) error {
	var denied *identity.DeniedError
	if errors.As(err, &denied) || errors.Is(err, record.ErrNotFound) {
		return nil
	}
	return err
}

// heading names a record as the person reads it: its kind, code and title. What
// they may not read keeps its kind and id.
func (s *Service) heading(ctx context.Context, person string, ref soc1.Ref) string {
	name := ref.Kind
	if k, err := record.Kinds.Kind(ref.Kind); err == nil {
		name = strings.ToLower(k.Title)
	}
	x, err := s.app.Record(ctx, person, ref.Ledger, ref.Kind, ref.ID, record.AsOf{})
	switch {
	case err != nil:
		return name + " " + ref.ID
	case ref.Kind == "request":
		return headingText(x)
	}
	// A code is enough where there is one: titles of controls are sentences.
	if code := record.HeadingOf(x).Code; code != "" {
		return name + " " + code
	}
	return name + " " + headingText(x)
}

// mostHeading is how much of a record's title stands in a line.
const mostHeading = 90

func headingText(x record.Record) string {
	s := record.HeadingOf(x).String()
	if r := []rune(s); len(r) > mostHeading {
		return strings.TrimRight(string(r[:mostHeading]), " ") + "…"
	}
	return s
}

// nameFor is how somebody is called, where the person may know it.
func (s *Service) nameFor(ctx context.Context, person, id string) string {
	all, err := s.app.Names(ctx, person, app.OrganizationLedger)
	if err == nil {
		for _, n := range all {
			if n.ID == id {
				return n.Name
			}
		}
	}
	return "Somebody"
}

// dateText is a date as people read it: 31 December 2025.
func dateText(d soc1.Date) string {
	t, err := time.Parse(time.DateOnly, string(d))
	if err != nil {
		return string(d)
	}
	return t.Format("2 January 2006")
}

func upperFirst(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(r)) + s[n:]
}
