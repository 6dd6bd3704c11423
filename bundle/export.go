package bundle

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sort"

	"reperform/evaluation"
	"reperform/ledger"
	"reperform/record"
	"reperform/report"
	"reperform/report/typst"
	"reperform/soc1"
)

// Source is where an export reads from.
type Source struct {
	Log *ledger.Log
	// Open opens a sealed file of a ledger.
	Open func(ctx context.Context, ledger string, sha [32]byte) (io.ReadCloser, error)
	// Typst typesets the report.
	Typst *typst.Engine
	// Work is the examination's ledger; equal to Organization when management
	// bundles its own work.
	Work, Organization string
	Engagement         string
	For                Audience
	// Released is the decision of the caller that the partner has released
	// the report.
	Released bool
	// Program and Engine are versions; WithoutBlobs leaves all files out.
	Program, Engine string
	WithoutBlobs    bool
	// Redacted, when set, hears of each document within the engagement that was
	// redacted.
	Redacted func(record.Redaction)
}

// Export writes the bundle to a file, which appears whole or not at all, and
// returns its SHA-256 digest in hexadecimal.
func Export(ctx context.Context, path string, src Source) (string, error) {
	tmp, err := createTemp(filepath.Dir(path))
	if err != nil {
		return "", err
	}
	defer os.Remove(tmp.Name())
	sum, err := write(ctx, tmp, src)
	if err == nil {
		err = tmp.Sync()
	}
	if err == nil {
		err = tmp.Chmod(0o644)
	}
	if err != nil {
		tmp.Close()
		return "", err
	}
	// The lock is held until the file has its name, or another export could
	// take it for what a dead one left behind.
	defer tmp.Close()
	if err := os.Rename(tmp.Name(), path); err != nil {
		return "", err
	}
	return hex.EncodeToString(sum), syncDir(filepath.Dir(path))
}

// state is one ledger at its latest checkpoint.
type state struct {
	name    string
	note    []byte
	point   ledger.Checkpoint
	genesis ledger.Genesis
}

func (src *Source) state(name string) (state, error) {
	s := state{name: name}
	var err error
	if s.note, err = src.Log.Checkpoint(name); err != nil {
		return s, err
	}
	if s.genesis, err = src.Log.Genesis(name); err != nil {
		return s, err
	}
	s.point, err = ledger.ParseCheckpoint(s.note, s.genesis.Key)
	return s, err
}

func write(ctx context.Context, out io.Writer, src Source) ([]byte, error) {
	work, err := src.state(src.Work)
	if err != nil {
		return nil, err
	}
	org, err := src.state(src.Organization)
	if err != nil {
		return nil, err
	}
	var issues []record.Typed[soc1.Issuance]
	if src.Work != src.Organization {
		v := record.NewView(src.Log.Store(), src.Work, record.AsOf{Known: work.point.Size})
		if issues, err = Issuances(ctx, v, src.Engagement); err != nil {
			return nil, err
		}
	}
	if n := len(issues); n > 0 && src.For == ForReport {
		return writeIssued(ctx, out, src, work, org, issues[n-1])
	}
	rec := &recorder{Store: src.Log.Store(), name: src.Organization, cites: map[ledger.DocumentRef]bool{}}
	known := map[string]int64{src.Work: work.point.Size, src.Organization: org.point.Size}
	model, err := buildReport(ctx, rec, reportInput{engagement: src.Engagement, work: src.Work, organization: src.Organization,
		workPoint: work.point, known: known, program: src.Program, released: src.Released})
	if err != nil {
		return nil, err
	}
	pdf, err := report.Render(ctx, src.Typst, model)
	if err != nil {
		return nil, err
	}
	modelJSON, err := model.JSON()
	if err != nil {
		return nil, err
	}
	if err := cite(ctx, rec, src, known); err != nil {
		return nil, err
	}
	genesis := map[string]ledger.Genesis{src.Work: work.genesis, src.Organization: org.genesis}
	if err := citeIssued(ctx, rec, src, genesis, issues); err != nil {
		return nil, err
	}
	if model.Draft != "" && src.Work != src.Organization {
		at := State{Engagement: src.Engagement, Work: src.Work, Organization: src.Organization, Point: work.point, OrganizationSize: org.point.Size}
		if err := citeRelease(ctx, rec, at); err != nil {
			return nil, err
		}
	}
	gone, err := redactions(ctx, src.Log.Store(), src.Work, src.Organization, known, rec.cites)
	if err != nil {
		return nil, err
	}
	for _, r := range gone {
		if src.Redacted != nil {
			src.Redacted(r)
		}
		if r.Ledger == src.Organization {
			// Why a document is missing belongs to what is shown of it.
			rec.cites[ledger.DocumentRef{Pos: r.At}] = true
		}
	}
	e := &exporter{ctx: ctx, src: src, parts: map[string][]byte{partModel: modelJSON, partPDF: pdf}, files: map[string]soc1.File{}}
	if err := e.ledgers(work, org, rec.cites); err != nil {
		return nil, err
	}
	ab := about{Version: aboutVersion, For: src.For, Engagement: src.Engagement, Work: src.Work, Organization: src.Organization,
		Genesis: genesis, Known: known,
		Program: src.Program, Engine: src.Engine, Renderer: model.Typesetter}
	if src.WithoutBlobs {
		for sha := range e.files {
			ab.Omitted = append(ab.Omitted, sha)
		}
		sort.Strings(ab.Omitted)
	}
	if e.parts[partAbout], err = json.Marshal(ab); err != nil {
		return nil, err
	}
	return e.write(out)
}

// cite reads what verification reads of the organization beside the report, so
// that its documents are included.
func cite(ctx context.Context, rec ledger.Store, src Source, known map[string]int64) error {
	org := record.NewView(rec, src.Organization, record.AsOf{Known: known[src.Organization]})
	work := record.NewView(rec, src.Work, record.AsOf{Known: known[src.Work]})
	if _, err := evaluation.Load(ctx, work, org, src.Engagement); err != nil {
		return err
	}
	_, err := org.History(ctx, "organization", "organization")
	return err
}

type exporter struct {
	ctx   context.Context
	src   Source
	parts map[string][]byte
	// files are the sealed files that the work's records name.
	files map[string]soc1.File
}

// ledgers adds what the audience may see of both ledgers.
func (e *exporter) ledgers(work, org state, cites map[ledger.DocumentRef]bool) error {
	own := work.name == org.name
	var err error
	switch {
	case e.src.For == ForReport:
		err = e.leaves(work)
	default:
		err = e.whole(work)
	}
	if err != nil || own {
		return err
	}
	e.parts[partCheckpoint(org.name)] = org.note
	if e.src.For == ForReport {
		return nil
	}
	if err := e.cited(org, cites); err != nil {
		return err
	}
	return e.anchor(work, org)
}

// leaves shows a ledger by its leaf hashes: enough to check the tree and any
// older checkpoint, and nothing of what was recorded.
func (e *exporter) leaves(s state) error {
	var lines []line
	err := e.src.Log.Store().Entries(e.ctx, s.name, 0, s.point.Size, func(r ledger.Row) error {
		h := r.Leaf
		lines = append(lines, line{Pos: r.Pos, Leaf: &h})
		return nil
	})
	return errors.Join(err, e.add(s, lines))
}

func (e *exporter) add(s state, lines []line) error {
	b, err := encodeLines(lines)
	e.parts[partEntries(s.name)] = b
	e.parts[partCheckpoint(s.name)] = s.note
	return err
}

// whole includes every entry with its documents, and notes the files that they
// name.
func (e *exporter) whole(s state) error {
	var lines []line
	err := e.src.Log.Store().Entries(e.ctx, s.name, 0, s.point.Size, func(r ledger.Row) error {
		lines = append(lines, lineOf(r))
		for _, d := range r.Documents {
			if d.Slot > 0 {
				record.Files(d.Bytes, e.files)
			}
		}
		return nil
	})
	return errors.Join(err, e.add(s, lines))
}

// cited includes all entries of the organization's ledger, and of their
// documents those that the report read. Entries hold no personal data; with all
// of them a reader can tell that nothing was left out of what was read.
func (e *exporter) cited(s state, cites map[ledger.DocumentRef]bool) error {
	var lines []line
	err := e.src.Log.Store().Entries(e.ctx, s.name, 0, s.point.Size, func(r ledger.Row) error {
		l := lineOf(r)
		l.Documents = slices.DeleteFunc(l.Documents, func(d document) bool { return !cites[ledger.DocumentRef{Pos: r.Pos, Slot: d.Slot}] })
		if len(l.Documents) == 0 {
			l.Documents = nil
		}
		lines = append(lines, l)
		return nil
	})
	return errors.Join(err, e.add(s, lines))
}

// anchor proves that the organization's ledger still extends the checkpoint
// that the auditor recorded when the examination was opened.
func (e *exporter) anchor(work, org state) error {
	v := record.NewView(e.src.Log.Store(), work.name, record.AsOf{Known: work.point.Size})
	exams, err := record.All[soc1.Examination](e.ctx, v, "examination")
	if err != nil || len(exams) == 0 {
		return err
	}
	older := []byte(exams[0].Value.OrganizationCheckpoint)
	c, err := ledger.ParseCheckpoint(older, org.genesis.Key)
	if err != nil {
		return fmt.Errorf("the organization's checkpoint in the examination: %w", err)
	}
	path, err := e.src.Log.ProveConsistencyAt(e.ctx, org.name, c.Size, org.note)
	if err != nil {
		return err
	}
	e.parts[partConsistency(org.name)], err = json.Marshal(consistency{Older: older, Path: path})
	return err
}

// write puts the parts in order; the files are streamed.
func (e *exporter) write(out io.Writer) ([]byte, error) {
	names := make([]string, 0, len(e.parts)+len(e.files))
	for n := range e.parts {
		names = append(names, n)
	}
	if !e.src.WithoutBlobs {
		for sha := range e.files {
			names = append(names, partBlob+sha)
		}
	}
	sort.Strings(names)
	w, err := newWriter(out)
	if err != nil {
		return nil, err
	}
	for _, n := range names {
		if b, ok := e.parts[n]; ok {
			err = w.bytes(n, b)
		} else {
			err = e.blob(w, n, e.files[n[len(partBlob):]])
		}
		if err != nil {
			return nil, fmt.Errorf("bundle part %s: %w", n, err)
		}
	}
	return w.close()
}

func (e *exporter) blob(w *writer, name string, f soc1.File) error {
	sha, err := hex.DecodeString(f.SHA256)
	if err != nil || len(sha) != 32 {
		return fmt.Errorf("%q is not a SHA-256", f.SHA256)
	}
	r, err := e.src.Open(e.ctx, e.src.Work, [32]byte(sha))
	if err != nil {
		return err
	}
	defer r.Close()
	return w.part(name, f.Size, r)
}

// isSHA256 tells digests from other text. Digests become names of parts and of
// files, so nothing else may pass.
func isSHA256(s string) bool {
	if len(s) != 64 {
		return false
	}
	for i := range len(s) {
		if (s[i] < '0' || s[i] > '9') && (s[i] < 'a' || s[i] > 'f') {
			return false
		}
	}
	return true
}
