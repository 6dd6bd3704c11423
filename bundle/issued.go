package bundle

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"golang.org/x/mod/sumdb/tlog"

	"reperform/ledger"
	"reperform/record"
	"reperform/soc1"
)

// partIssuance is the part that binds an issued report to its ledger.
const partIssuance = "report/issuance.json"

// issuanceProof shows one entry of a ledger of which nothing else is shown: the
// one that issues the report. Inclusion leads from it to the bundle's
// checkpoint, consistency from the checkpoint that the report prints.
type issuanceProof struct {
	Pos         int64       `json:"pos"`
	Entry       []byte      `json:"entry"`
	Slot        int         `json:"slot"`
	Salt        []byte      `json:"salt"`
	Document    []byte      `json:"document"`
	Inclusion   []tlog.Hash `json:"inclusion"`
	Consistency []tlog.Hash `json:"consistency"`
}

// writeIssued writes the bundle for a report that was issued: the very bytes
// that were sealed when it was, not what would be built today.
func writeIssued(ctx context.Context, out io.Writer, src Source, work, org state, x record.Typed[soc1.Issuance]) ([]byte, error) {
	e := &exporter{ctx: ctx, src: src, parts: map[string][]byte{}, files: map[string]soc1.File{}}
	var err error
	for name, f := range map[string]soc1.File{partModel: x.Value.Content, partPDF: x.Value.Report} {
		if e.parts[name], err = src.sealed(ctx, f); err != nil {
			return nil, fmt.Errorf("%s: %w", f.Name, err)
		}
	}
	if err := e.leaves(work); err != nil {
		return nil, err
	}
	e.parts[partCheckpoint(org.name)] = []byte(x.Value.OrganizationCheckpoint)
	if e.parts[partIssuance], err = e.issuance(work, x); err != nil {
		return nil, err
	}
	ab := about{Version: aboutIssued, For: src.For, Engagement: src.Engagement, Work: src.Work, Organization: src.Organization,
		Genesis: map[string]ledger.Genesis{src.Work: work.genesis, src.Organization: org.genesis},
		Known:   map[string]int64{src.Work: work.point.Size, src.Organization: x.Value.OrganizationPosition},
		Program: x.Value.Program, Engine: src.Engine, Renderer: x.Value.Typesetter}
	if e.parts[partAbout], err = json.Marshal(ab); err != nil {
		return nil, err
	}
	return e.write(out)
}

// sealed reads a sealed file of the work's ledger whole.
func (src *Source) sealed(ctx context.Context, f soc1.File) ([]byte, error) {
	sha, err := hex.DecodeString(f.SHA256)
	if err != nil || len(sha) != sha256.Size {
		return nil, fmt.Errorf("%q is not a SHA-256", f.SHA256)
	}
	r, err := src.Open(ctx, src.Work, [32]byte(sha))
	if err != nil {
		return nil, err
	}
	defer r.Close()
	b, err := io.ReadAll(io.LimitReader(r, f.Size+1))
	if err != nil {
		return nil, err
	}
	return b, sameFile(b, f)
}

// sameFile holds bytes against what a record says of them.
func sameFile(b []byte, f soc1.File) error {
	if sum := sha256.Sum256(b); int64(len(b)) != f.Size || hex.EncodeToString(sum[:]) != f.SHA256 {
		return fmt.Errorf("its %d bytes have SHA-256 %x; recorded are %d bytes and %s", len(b), sum, f.Size, f.SHA256)
	}
	return nil
}

// issuance shows the entry that issues the report and proves where it stands.
func (e *exporter) issuance(work state, x record.Typed[soc1.Issuance]) ([]byte, error) {
	in, err := e.src.Log.ProveAt(e.ctx, work.name, x.Pos, work.note)
	if err != nil {
		return nil, err
	}
	p := issuanceProof{Pos: x.Pos, Entry: in.Entry, Slot: x.Slot, Inclusion: in.Path}
	if p.Consistency, err = e.src.Log.ProveConsistencyAt(e.ctx, work.name, x.Value.Position, work.note); err != nil {
		return nil, err
	}
	err = e.src.Log.Store().Entries(e.ctx, work.name, x.Pos, x.Pos+1, func(r ledger.Row) error {
		for _, d := range r.Documents {
			if d.Slot == x.Slot {
				p.Salt, p.Document = d.Salt, d.Bytes
			}
		}
		return nil
	})
	if err == nil && p.Document == nil {
		err = fmt.Errorf("entry %d of ledger %s no longer holds the issue", x.Pos, work.name)
	}
	if err != nil {
		return nil, err
	}
	return json.Marshal(p)
}

// citeIssued reads what the issued reports read of the organization, so that
// whoever verifies the file can build them again.
func citeIssued(ctx context.Context, rec ledger.Store, src Source, genesis map[string]ledger.Genesis, issues []record.Typed[soc1.Issuance]) error {
	for _, x := range issues {
		at, err := issuedState(x.Value, src.Work, src.Organization, genesis)
		if err == nil {
			_, err = BuildReportAt(ctx, rec, at, x.Value.Program)
		}
		if err != nil {
			return fmt.Errorf("issuance %d of the report: %w", x.Value.Number, err)
		}
	}
	return nil
}

// citeRelease reads what the released report read, when there is one, so that
// whoever verifies the file sees that the draft reads otherwise.
func citeRelease(ctx context.Context, rec ledger.Store, at State) error {
	ok, _, err := ReleaseStands(ctx, rec, at)
	if err != nil || !ok {
		return err
	}
	_, err = SinceRelease(ctx, rec, at)
	if errors.Is(err, ErrReleaseNotesNoState) {
		return nil
	}
	return err
}

// shown is the issue that a bundle for a report shows.
type shown struct {
	entry ledger.Entry
	pos   int64
	value soc1.Issuance
	state State
}

// issued checks the report of a bundle against the entry that issues it, which
// was looked at with the ledgers.
func (v *verifier) issued() {
	named := func(part string, file func(soc1.Issuance) soc1.File) func() (string, error) {
		return func() (string, error) {
			b, err := v.read(part)
			if err != nil {
				return "", err
			}
			if v.issue == nil {
				return "", errors.New("the entry that issues the report does not hold")
			}
			f := file(v.issue.value)
			return f.SHA256, sameFile(b, f)
		}
	}
	v.check("issue/pdf", "The PDF is, byte for byte, the one that the entry issues.", named(partPDF, func(x soc1.Issuance) soc1.File { return x.Report }))
	v.check("issue/content", "The content is the one that the entry issues.", named(partModel, func(x soc1.Issuance) soc1.File { return x.Content }))
	v.check("issue/partner", "The engagement partner issued the report, after releasing it.", func() (string, error) {
		if v.issue == nil {
			return "", errors.New("the entry that issues the report does not hold")
		}
		if err := issuedWith(v.issue.entry, v.issue.value); err != nil {
			return "", err
		}
		return "", skip{fmt.Sprintf("the entry says that %q issued it, by the command that is the engagement partner's alone; neither that person's record nor the release is shown here, the auditor's file shows both", v.issue.value.By)}
	})
}

// issueEntry reads the entry that issues the report and proves that it stands
// in the tree that the bundle's checkpoint signs.
func (v *verifier) issueEntry() (string, error) {
	b, err := v.read(partIssuance)
	if err != nil {
		return "", err
	}
	var p issuanceProof
	if err := decodeCanonical(b, &p); err != nil {
		return "", fmt.Errorf("%s: %w", partIssuance, err)
	}
	if p.Inclusion != nil && len(p.Inclusion) == 0 || p.Consistency != nil && len(p.Consistency) == 0 {
		return "", fmt.Errorf("%s: a proof without hashes is written as null", partIssuance)
	}
	work, g := v.ab.Work, v.ab.Genesis[v.ab.Work]
	note, err := v.read(partCheckpoint(work))
	if err != nil {
		return "", err
	}
	now, err := v.checkpoint(work)
	if err != nil {
		return "", err
	}
	if _, err := (ledger.Inclusion{Pos: p.Pos, Entry: p.Entry, Path: p.Inclusion, Checkpoint: note}).CheckInclusion(g.Key); err != nil {
		return "", err
	}
	rows := v.mem.rows[work]
	if p.Pos >= int64(len(rows)) || rows[p.Pos].Leaf != tlog.RecordHash(p.Entry) {
		return "", fmt.Errorf("leaf %d of the ledger is not that of the entry shown", p.Pos)
	}
	x := shown{pos: p.Pos}
	if x.entry, err = ledger.ParseEntry(p.Entry); err != nil {
		return "", err
	}
	if x.entry.Ledger != work {
		return "", fmt.Errorf("the entry belongs to ledger %q", x.entry.Ledger)
	}
	if len(x.entry.Changes) != 1 || x.entry.Changes[0].Kind != "issuance" || x.entry.Changes[0].Revision != 1 || p.Slot != 1 {
		return "", errors.New("the entry is not one that issues a report and does nothing else")
	}
	if want, ok := x.entry.Commitment(p.Slot); !ok || len(p.Salt) != ledger.SaltSize || ledger.Commit(p.Salt, p.Document) != want {
		return "", errors.New("the document shown is not the one that the entry commits to")
	}
	alone := newMemory()
	if err := alone.add(work, p.Pos+1, nil, []ledger.Row{{Pos: p.Pos, Bytes: p.Entry, Documents: []ledger.Document{{Slot: p.Slot, Salt: p.Salt, Bytes: p.Document}}}}); err != nil {
		return "", err
	}
	r, err := record.One[soc1.Issuance](v.ctx, record.NewView(alone, work, record.AsOf{Known: p.Pos + 1}), "issuance", x.entry.Changes[0].ID)
	if err != nil {
		return "", err
	}
	if r.Retired {
		return "", errors.New("the issue is withdrawn")
	}
	x.value = r.Value
	if x.value.Engagement != v.ab.Engagement {
		return "", fmt.Errorf("the entry issues a report of engagement %q, the bundle is of %q", x.value.Engagement, v.ab.Engagement)
	}
	if x.value.Program != v.ab.Program || x.value.Typesetter != v.ab.Renderer {
		return "", fmt.Errorf("the bundle names program %s and typesetter %s, the issue %s and %s", v.ab.Program, v.ab.Renderer, x.value.Program, x.value.Typesetter)
	}
	if x.state, err = issuedState(x.value, work, v.ab.Organization, v.ab.Genesis); err != nil {
		return "", err
	}
	if x.value.Position > p.Pos {
		return "", fmt.Errorf("entry %d issues a report built from %d entries, of which it is one", p.Pos, x.value.Position)
	}
	if err := ledger.CheckConsistency(p.Consistency, x.state.Point, now); err != nil {
		return "", err
	}
	v.issue = &x
	return fmt.Sprintf("entry %d of %d, issuance %d of %s", p.Pos, now.Size, x.value.Number, x.value.On), nil
}

// printed checks the states that an issued report prints: that of the
// examination is the one the issue names and the ledger extends it.
func (v *verifier) printed() (string, error) {
	m, err := v.model()
	if err != nil {
		return "", err
	}
	if v.issue == nil {
		return "", errors.New("the entry that issues the report does not hold")
	}
	note, err := v.read(partCheckpoint(v.ab.Organization))
	if err != nil {
		return "", err
	}
	if string(note) != v.issue.value.OrganizationCheckpoint {
		return "", errors.New("the organization's checkpoint in the bundle is not the one that the issue names")
	}
	if m.Engagement != v.ab.Engagement || m.Draft != "" {
		return "", fmt.Errorf("the report is of engagement %q with the mark %q", m.Engagement, m.Draft)
	}
	now, err := v.checkpoint(v.ab.Work)
	if err != nil {
		return "", err
	}
	c := v.issue.state.Point
	if !slices.ContainsFunc(m.Ledgers, prints(c)) {
		return "", fmt.Errorf("the report does not print the state of %s at size %d with root %s, from which the issue says it was built", c.Origin, c.Size, c.Root)
	}
	if err := v.mem.begins(v.ab.Work, c); err != nil {
		return "", err
	}
	return fmt.Sprintf("printed is size %d, root %s; the bundle has size %d", c.Size, c.Root, now.Size), nil
}

// issues checks every issue of the report that the auditor's file holds.
func (v *verifier) issues() error {
	if v.ab.Work == v.ab.Organization {
		return nil
	}
	all, err := Issuances(v.ctx, record.NewView(v.mem, v.ab.Work, record.AsOf{Known: v.ab.Known[v.ab.Work]}), v.ab.Engagement)
	if err != nil {
		return err
	}
	v.issuances = all
	for i, x := range all {
		id, n := "issue/"+x.ID, x.Value.Number
		v.check(id, fmt.Sprintf("Issuance %d of the report was made by the engagement partner, by the command for it, after the release.", n), func() (string, error) {
			if n != int64(i)+1 || x.ID != IssuanceID(n) || i > 0 && x.Pos <= all[i-1].Pos {
				return "", fmt.Errorf("it is number %d with id %s where issuance %d follows", n, x.ID, i+1)
			}
			if n > 1 && x.Value.Reason == "" {
				return "", errors.New("the report was issued again without a reason")
			}
			return fmt.Sprintf("entry %d, by %s on %s", x.Pos, x.Value.By, x.Value.On), issuedBy(v.ctx, v.mem, v.ab.Work, x)
		})
		var at State
		v.check(id+"/states", fmt.Sprintf("Both ledgers extend the signed states from which issuance %d was built.", n), func() (string, error) {
			var err error
			if at, err = issuedState(x.Value, v.ab.Work, v.ab.Organization, v.ab.Genesis); err != nil {
				return "", err
			}
			org, err := ledger.PeekCheckpoint([]byte(x.Value.OrganizationCheckpoint))
			if err != nil {
				return "", err
			}
			return fmt.Sprintf("sizes %d and %d", at.Point.Size, org.Size), errors.Join(v.mem.begins(v.ab.Work, at.Point), v.mem.begins(v.ab.Organization, org))
		})
		v.check(id+"/content", fmt.Sprintf("The content of issuance %d follows from the records of that state.", n), func() (string, error) { return v.issuedContent(x, at) })
		v.check(id+"/pdf", fmt.Sprintf("The PDF of issuance %d is byte for byte what its content typesets to.", n), func() (string, error) {
			content, err := v.issuedFile(x.Value.Content)
			if err != nil {
				return "", err
			}
			pdf, err := v.issuedFile(x.Value.Report)
			if err != nil {
				return "", err
			}
			return v.typesets(pdf, content, x.Value.Typesetter)
		})
	}
	return nil
}

// given holds a PDF that came by another way against the bundle: against the
// issues where there are any, for a report that was issued is the one that
// counts, else against the report as it is here.
func (v *verifier) given() (string, error) {
	sum := fmt.Sprintf("%x", sha256.Sum256(v.opt.PDF))
	for i, x := range v.issuances {
		if x.Value.Report.SHA256 != sum {
			continue
		}
		if last := len(v.issuances) - 1; i < last {
			return fmt.Sprintf("it is issuance %d; issuance %d followed: %s", x.Value.Number, v.issuances[last].Value.Number, v.issuances[last].Value.Reason), nil
		}
		return fmt.Sprintf("it is issuance %d", x.Value.Number), nil
	}
	b, err := v.read(partPDF)
	if err != nil {
		return "", err
	}
	switch {
	case len(v.issuances) == 0 && bytes.Equal(b, v.opt.PDF):
		return fmt.Sprintf("%d bytes", len(b)), nil
	case len(v.issuances) > 0:
		return "", fmt.Errorf("its SHA-256 is %s, and no issue has that", sum)
	}
	return "", fmt.Errorf("its SHA-256 is %s, that of the report here is %x", sum, sha256.Sum256(b))
}

// issuedFile reads a file that an issue names; whether it is the one named is
// the claim of the file, but what is read on is checked here, too.
func (v *verifier) issuedFile(f soc1.File) ([]byte, error) {
	if slices.Contains(v.ab.Omitted, f.SHA256) {
		return nil, skip{"it was left out of the bundle on purpose"}
	}
	b, err := v.read(partBlob + f.SHA256)
	if err != nil {
		return nil, err
	}
	return b, sameFile(b, f)
}

func (v *verifier) issuedContent(x record.Typed[soc1.Issuance], at State) (string, error) {
	if at.Point.Size == 0 {
		return "", errors.New("the state that it names does not hold")
	}
	stored, err := v.issuedFile(x.Value.Content)
	if err != nil {
		return "", err
	}
	m, err := BuildReportAt(v.ctx, v.mem, at, x.Value.Program)
	if err != nil {
		return "", err
	}
	if m.Draft != "" {
		return "", errors.New("the report of that state is a draft")
	}
	m.Typesetter = x.Value.Typesetter
	again, err := m.JSON()
	if err != nil {
		return "", err
	}
	if bytes.Equal(stored, again) {
		return fmt.Sprintf("%d computed figures", len(m.Claims)), nil
	}
	where := fmt.Sprintf("built again it differs, first at byte %d of %d", firstDifference(stored, again), len(stored))
	switch {
	case v.opt.Program != "" && x.Value.Program != v.opt.Program:
		return "", skip{fmt.Sprintf("it was made by version %s, this is version %s; %s", x.Value.Program, v.opt.Program, where)}
	case v.mem.redactedSince(v.ab.Organization, at.OrganizationSize):
		return "", skip{"documents were redacted since it was issued; " + where}
	}
	return "", errors.New(where)
}
