package app

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"reperform/identity"
	"reperform/record"
	"reperform/report"
	"reperform/soc1"
)

// SignLine is one line of a text that is signed.
type SignLine struct {
	// Style is "heading", "item" or "" for a paragraph.
	Style string `json:"style,omitempty"`
	// Mark stands before an item of a list: "(a)", "1." or "–".
	Mark string `json:"mark,omitempty"`
	// Lead is printed bold before the text.
	Lead string `json:"lead,omitempty"`
	Text string `json:"text"`
}

// Signed is a signature that was given.
type Signed struct {
	By    string    `json:"by"`
	Title string    `json:"title,omitempty"`
	On    soc1.Date `json:"on"`
	// SHA256 is that of the text signed, empty where nobody noted it.
	SHA256 string `json:"sha256,omitempty"`
	// Statement is what the signer wrote, Revision and Pos where it is recorded.
	Statement string `json:"statement,omitempty"`
	Revision  int64  `json:"revision"`
	Pos       int64  `json:"pos"`
}

// Signing is a document of management's as it is signed: its text in full, as
// known at one position of the organization's ledger.
type Signing struct {
	Kind       string `json:"kind"`
	ID         string `json:"id"`
	Engagement string `json:"engagement"`
	// Subservice is the subservice organization whose document it is; empty for
	// the organization's own. Nobody of the organization signs for another one.
	Subservice string `json:"subservice,omitempty"`
	// Revision is that of the record, Known the size of the ledger.
	Revision int64 `json:"revision"`
	Known    int64 `json:"known"`
	// Title and Lines are the text, Text the same as it is hashed, SHA256 its
	// hash in hexadecimal.
	Title  string     `json:"title"`
	Lines  []SignLine `json:"-"`
	Text   string     `json:"text"`
	SHA256 string     `json:"sha256"`
	// Dated is the date that a letter bears, empty where it bears none yet.
	Dated soc1.Date `json:"dated,omitempty"`
	// Signed is the signature under it; nil where it is not signed.
	Signed *Signed `json:"signed,omitempty"`
	// Differs says that it is signed, and reads otherwise now than it did then.
	Differs bool `json:"differs,omitempty"`
	// Earlier is a signature under an earlier revision, where the record was
	// changed since and bears none now.
	Earlier *Signed `json:"earlier,omitempty"`
}

// Signature is what an executive signs, and how.
type Signature struct {
	Kind, ID string
	// On is the day of the signature; empty is today.
	On soc1.Date
	// Dated is the date of a letter that bears none yet; empty leaves it so, and
	// the letter then counts as dated on the day of its signature.
	Dated soc1.Date
	// Statement is recorded as the reason; empty is "Signed."
	Statement string
	// Revision and SHA256 are those of the text that the signer has read: where
	// it reads otherwise by now, a *TextChangedError tells so and nothing is
	// signed. Empty signs the text as it stands.
	Revision int64
	SHA256   string
}

// TextChangedError says that a text reads otherwise than when it was opened to
// be signed.
type TextChangedError struct {
	Kind, ID string
	// Against is the revision that was read, Now the latest.
	Against, Now int64
}

func (e *TextChangedError) Error() string {
	return fmt.Sprintf("the text of %s %s has changed since you opened it; nothing was signed. Read it again and sign what stands there now", words(e.Kind), e.ID)
}

// MaySign refuses who may not sign documents of a kind, in words.
func (a *App) MaySign(ctx context.Context, actor, kind string) error {
	return a.admit(ctx, actor, identity.AssertionSign, identity.Resource{Ledger: OrganizationLedger, Kind: kind})
}

// Signing is a document as it is signed, as known at a size of the ledger; 0 is
// now. It is for whoever reads the whole ledger: the text is made of many kinds.
func (a *App) Signing(ctx context.Context, actor, kind, id string, known int64) (*Signing, error) {
	if err := a.wholly(ctx, actor, OrganizationLedger); err != nil {
		return nil, err
	}
	if err := signable(kind); err != nil {
		return nil, err
	}
	s, err := a.signingAt(ctx, kind, id, known)
	if err != nil {
		return nil, err
	}
	events, err := a.History(ctx, actor, OrganizationLedger, kind, id)
	if err != nil {
		return nil, err
	}
	var last *Signed
	standing := false
	for _, e := range events {
		if e.Pos >= s.Known {
			break
		}
		g := signedIn(e)
		// What is filed again under its signature keeps it.
		if g != nil && (!standing || e.Action == "sign") {
			last = g
		}
		standing = g != nil
	}
	if !standing {
		s.Earlier = last
		return s, nil
	}
	s.Signed = last
	then := last.SHA256
	if then == "" {
		// Nobody noted the hash: what it read then is worked out again.
		before, err := a.signingAt(ctx, kind, id, last.Pos+1)
		if err != nil {
			return nil, err
		}
		then = before.SHA256
	}
	s.Differs = then != s.SHA256
	return s, nil
}

// signingAt is the text alone, as known at a size of the ledger.
func (a *App) signingAt(ctx context.Context, kind, id string, known int64) (*Signing, error) {
	v, err := a.view(ctx, OrganizationLedger, record.AsOf{Known: known})
	if err != nil {
		return nil, err
	}
	x, err := v.Get(ctx, kind, id)
	if err != nil {
		return nil, err
	}
	return signing(ctx, v, x)
}

// signedIn is the signature that a revision bears.
func signedIn(e Event) *Signed {
	on := field(e.Body, "signed_on")
	if on == "" {
		return nil
	}
	g := &Signed{By: field(e.Body, "signed_by"), Title: field(e.Body, "signed_title"), On: soc1.Date(on), SHA256: field(e.Body, "signed_sha256"), Revision: e.Revision, Pos: e.Pos}
	if e.Action == "sign" {
		g.Statement = e.Reason
	}
	return g
}

func signable(kind string) error {
	if kind != "assertion" && kind != "representation_letter" {
		return fmt.Errorf("a %s is not signed; assertions and representation letters are", words(kind))
	}
	return nil
}

// signing makes the text of a record as a view knows the rest.
func signing(ctx context.Context, v *record.View, x record.Record) (*Signing, error) {
	s := &Signing{Kind: x.Kind, ID: x.ID, Revision: x.Revision, Known: v.AsOf().Known}
	if x.Redacted || x.Retired {
		return nil, fmt.Errorf("%s %s is no longer in use: %w", words(x.Kind), x.ID, record.ErrNotFound)
	}
	var text report.Statement
	switch x.Kind {
	case "assertion":
		d, err := record.Decode[soc1.ManagementAssertion](x)
		if err != nil {
			return nil, err
		}
		s.Engagement, s.Subservice = d.Engagement, d.SubserviceOrganization
		if text, err = report.Assertion(ctx, v, d); err != nil {
			return nil, err
		}
	case "representation_letter":
		d, err := record.Decode[soc1.RepresentationLetter](x)
		if err != nil {
			return nil, err
		}
		s.Engagement, s.Subservice, s.Dated = d.Engagement, d.SubserviceOrganization, d.Dated
		if text, err = report.Letter(ctx, v, d); err != nil {
			return nil, err
		}
	}
	s.Title, s.Lines, s.Text, s.SHA256 = text.Title, signLines(text.Blocks), text.PlainText(), text.SHA256()
	return s, nil
}

func signLines(blocks []report.Block) []SignLine {
	var out []SignLine
	for _, b := range blocks {
		switch b.Kind {
		case report.KindHeading:
			out = append(out, SignLine{Style: "heading", Text: joinRuns(b.Text)})
		case report.KindList:
			for i, it := range b.Items {
				mark := "–"
				switch b.Style {
				case "letter":
					mark = fmt.Sprintf("(%c)", 'a'+i)
				case "number":
					mark = fmt.Sprintf("%d.", i+1)
				}
				out = append(out, SignLine{Style: "item", Mark: mark, Text: joinRuns(it.Text)})
			}
		default:
			l := SignLine{}
			if len(b.Text) > 1 && b.Text[0].Style == "b" {
				l.Lead, b.Text = b.Text[0].Text, b.Text[1:]
			}
			l.Text = joinRuns(b.Text)
			out = append(out, l)
		}
	}
	return out
}

func joinRuns(runs []report.Run) string {
	var b strings.Builder
	for _, r := range runs {
		b.WriteString(r.Text)
	}
	return b.String()
}

// Sign puts an executive's name under management's assertion or its
// representation letter, and notes the hash of the text that it stands under.
// What is signed is not signed again: the record is changed first, which takes
// the signature away.
func (a *App) Sign(ctx context.Context, actor string, g Signature) error {
	on, err := a.day(ctx, g.On)
	if err != nil {
		return err
	}
	reason := strings.TrimSpace(g.Statement)
	if reason == "" {
		reason = "Signed."
	}
	req := request{actor: actor, ledger: OrganizationLedger, may: identity.AssertionSign, kind: g.Kind, action: "sign", reason: reason}
	_, err = a.decide(ctx, req, func(tx *Tx) error {
		if err := signable(g.Kind); err != nil {
			return err
		}
		person, err := get[soc1.Person](tx, "person", actor)
		if err != nil {
			return err
		}
		x, ok, err := tx.Get(g.Kind, g.ID)
		if err != nil {
			return err
		}
		if !ok || x.Retired {
			return fmt.Errorf("%s %q does not exist in ledger %s: %w", g.Kind, g.ID, OrganizationLedger, record.ErrNotFound)
		}
		// Whatever the text is made of may not change before the signature stands.
		v := record.NewView(guarding{a.store, tx}, OrganizationLedger, record.AsOf{Known: tx.snap.Size})
		s, err := signing(ctx, v, x)
		if err != nil {
			return err
		}
		switch by := field(x.Body, "signed_by"); {
		case s.Subservice != "":
			return fmt.Errorf("%s %s is that of subservice organization %s, whose own management signs it: record who signed and when, with the signed document", words(g.Kind), g.ID, s.Subservice)
		case field(x.Body, "signed_on") != "":
			return fmt.Errorf("%s %s is signed already, by %s on %s; whoever changes it records it without the signature, and then it is signed again", words(g.Kind), g.ID, by, field(x.Body, "signed_on"))
		case g.Revision > 0 && g.Revision != s.Revision, g.SHA256 != "" && g.SHA256 != s.SHA256:
			return &TextChangedError{Kind: g.Kind, ID: g.ID, Against: g.Revision, Now: s.Revision}
		}
		if d := cmp.Or(g.Dated, s.Dated); d > on {
			return &FieldError{Field: "dated", Text: fmt.Sprintf("The letter would bear the date %s, which comes after the day of its signature, %s. It is dated as of the service auditor’s report and signed on that day, not before.", d, on)}
		}
		return tx.sign(v, x, g.Dated, Signed{By: actor, Title: person.Title, On: on})
	})
	return err
}

// sign records a document with its signature.
func (tx *Tx) sign(v *record.View, x record.Record, dated soc1.Date, g Signed) error {
	if x.Kind == "assertion" {
		d, err := record.Decode[soc1.ManagementAssertion](x)
		if err != nil {
			return err
		}
		text, err := report.Assertion(tx.ctx, v, d)
		if err != nil {
			return err
		}
		d.SignedBy, d.SignedTitle, d.SignedOn, d.SignedSHA256 = g.By, g.Title, g.On, text.SHA256()
		return tx.Put(x.Kind, x.ID, g.On, d)
	}
	d, err := record.Decode[soc1.RepresentationLetter](x)
	if err != nil {
		return err
	}
	switch {
	case dated != "" && d.Dated != "" && dated != d.Dated:
		return fmt.Errorf("%s %s is dated %s; to give it the date %s, change the letter first", words(x.Kind), x.ID, d.Dated, dated)
	case dated != "":
		d.Dated = dated
	}
	text, err := report.Letter(tx.ctx, v, d)
	if err != nil {
		return err
	}
	d.SignedBy, d.SignedTitle, d.SignedOn, d.SignedSHA256 = g.By, g.Title, g.On, text.SHA256()
	return tx.Put(x.Kind, x.ID, g.On, d)
}
