package bundle

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"reperform/ledger"
	"reperform/population"
	"reperform/record"
	"reperform/report"
	"reperform/report/typst"
)

// Status is what became of a claim.
type Status string

// The three states of a claim.
const (
	Holds          Status = "holds"
	Fails          Status = "fails"
	NotReperformed Status = "not re-performed"
)

// Claim is one thing that a bundle claims, and what became of it.
type Claim struct {
	// ID names the claim, such as "population/pay-lines/hash".
	ID     string `json:"id"`
	Text   string `json:"text"`
	Status Status `json:"status"`
	// Detail says what was found or why it was not re-performed.
	Detail string `json:"detail,omitempty"`
}

// Verification is the result of verifying a bundle.
type Verification struct {
	File       string   `json:"file"`
	For        Audience `json:"for"`
	Engagement string   `json:"engagement"`
	Digest     string   `json:"digest"`
	Claims     []Claim  `json:"claims"`
}

// Count is the number of claims with the status.
func (v *Verification) Count(s Status) int {
	n := 0
	for _, c := range v.Claims {
		if c.Status == s {
			n++
		}
	}
	return n
}

// Options are what verification takes from its surroundings.
type Options struct {
	// Checkpoint is a note that left the machine earlier, if there is one.
	Checkpoint []byte
	// Engine re-performs populations, selections and tests; Typst the report.
	// Nil leaves that out, and says so.
	Engine *population.Engine
	Typst  *typst.Engine
	// Scratch is a folder for files that the engine reads; it is the caller's
	// to remove.
	Scratch string
	// Progress, when set, hears of each claim when its turn comes.
	Progress func(id string)
}

// Verify re-performs what a bundle claims, offline. The error tells that the
// file could not be read as a bundle at all; what does not hold is in the
// result.
func Verify(ctx context.Context, path string, opt Options) (*Verification, error) {
	c, err := openContainer(path)
	if errors.Is(err, ErrForm) {
		v := &Verification{File: path}
		v.Claims = []Claim{{ID: "container", Text: "The file is a bundle in canonical form.", Status: Fails, Detail: err.Error()}}
		return v, nil
	}
	if err != nil {
		return nil, err
	}
	defer c.close()
	v := &verifier{ctx: ctx, c: c, opt: opt, used: map[string]bool{}, out: &Verification{File: path, Digest: fmt.Sprintf("%x", c.computed)}}
	v.run()
	return v.out, ctx.Err()
}

type verifier struct {
	ctx  context.Context
	c    *container
	opt  Options
	out  *Verification
	ab   about
	mem  *memory
	used map[string]bool
	// files are parts written out for the engine, by SHA-256.
	files map[string]string
}

func (v *verifier) claim(id, text string, status Status, detail string) {
	v.out.Claims = append(v.out.Claims, Claim{ID: id, Text: text, Status: status, Detail: detail})
	if v.opt.Progress != nil {
		v.opt.Progress(id)
	}
}

// check turns the outcome of a check into a claim: nil holds, a skip is not
// re-performed, anything else fails.
func (v *verifier) check(id, text string, f func() (string, error)) bool {
	if v.opt.Progress != nil {
		v.opt.Progress(id)
	}
	detail, err := f()
	var s skip
	switch {
	case errors.As(err, &s):
		v.claim(id, text, NotReperformed, s.why)
	case err != nil:
		v.claim(id, text, Fails, err.Error())
	default:
		v.claim(id, text, Holds, detail)
		return true
	}
	return false
}

// skip says why something was not re-performed.
type skip struct{ why string }

func (s skip) Error() string { return s.why }

func (v *verifier) read(name string) ([]byte, error) {
	v.used[name] = true
	return v.c.read(name)
}

func (v *verifier) run() {
	whole := v.check("container", "No byte of the file was changed since it was written.", func() (string, error) {
		if !bytes.Equal(v.c.digest, v.c.computed) {
			return "", fmt.Errorf("the file ends with digest %x, its bytes give %x", v.c.digest, v.c.computed)
		}
		return fmt.Sprintf("%x", v.c.computed), nil
	})
	if !v.check("about", "The bundle says what it is.", v.about) {
		return
	}
	v.mem = newMemory()
	v.ledgers()
	if v.ab.For == ForFile {
		v.reperform()
	}
	v.report()
	v.check("container/parts", "The bundle holds nothing that was not checked.", func() (string, error) {
		for _, n := range v.c.names {
			if !v.used[n] {
				return "", fmt.Errorf("part %s belongs to nothing", n)
			}
		}
		return fmt.Sprintf("%d parts", len(v.c.names)), nil
	})
	_ = whole
}

func (v *verifier) about() (string, error) {
	b, err := v.read(partAbout)
	if err != nil {
		return "", err
	}
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&v.ab); err != nil {
		return "", fmt.Errorf("%s: %w", partAbout, err)
	}
	if v.ab.Version != aboutVersion {
		return "", fmt.Errorf("the bundle has version %d, this program reads %d: use a newer program", v.ab.Version, aboutVersion)
	}
	if v.ab.For != ForFile && v.ab.For != ForReport {
		return "", fmt.Errorf("the bundle is for %q, which is neither file nor report", v.ab.For)
	}
	v.out.For, v.out.Engagement = v.ab.For, v.ab.Engagement
	return fmt.Sprintf("for %s, engagement %s, made by version %s", v.ab.For, v.ab.Engagement, v.ab.Program), nil
}

// ledgers checks both ledgers as far as the bundle shows them.
func (v *verifier) ledgers() {
	w := v.ab.Work
	switch v.ab.For {
	case ForReport:
		v.check("ledger/"+w+"/tree", "The ledger's entries give the tree that its operator signed.", func() (string, error) { return v.leaves(w) })
	default:
		v.check("ledger/"+w, "Every entry, document and signature of the ledger "+w+" holds.", func() (string, error) { return v.whole(w) })
	}
	v.external()
	if o := v.ab.Organization; o != w {
		if v.ab.For == ForReport {
			v.check("ledger/"+o+"/checkpoint", "The organization's checkpoint is signed.", func() (string, error) {
				c, err := v.checkpoint(o)
				return fmt.Sprintf("size %d", c.Size), err
			})
			return
		}
		v.check("ledger/"+o, "Every cited entry stands in the organization's ledger.", func() (string, error) { return v.cited(o) })
		v.check("ledger/"+o+"/anchor", "The organization's ledger extends the checkpoint that the auditor recorded.", func() (string, error) { return v.anchor(o) })
	}
}

// checkpoint reads a ledger's checkpoint and checks its signature and name.
func (v *verifier) checkpoint(name string) (ledger.Checkpoint, error) {
	note, err := v.read(partCheckpoint(name))
	if err != nil {
		return ledger.Checkpoint{}, err
	}
	g := v.ab.Genesis[name]
	c, err := ledger.ParseCheckpoint(note, g.Key)
	if err == nil && c.Origin != g.Origin {
		err = fmt.Errorf("the checkpoint is of %q, the ledger is %q", c.Origin, g.Origin)
	}
	if err == nil && c.Size != v.ab.Known[name] {
		err = fmt.Errorf("the checkpoint has size %d, the bundle speaks of %d", c.Size, v.ab.Known[name])
	}
	return c, err
}

func (v *verifier) lines(name string) ([]line, error) {
	v.used[partEntries(name)] = true
	r, ok := v.c.open(partEntries(name))
	if !ok {
		return nil, fmt.Errorf("the bundle has no part %s", partEntries(name))
	}
	return decodeLines(r)
}

// leaves computes the tree over leaf hashes.
func (v *verifier) leaves(name string) (string, error) {
	c, err := v.checkpoint(name)
	if err != nil {
		return "", err
	}
	lines, err := v.lines(name)
	if err != nil {
		return "", err
	}
	var t ledger.Tree
	rows := make([]ledger.Row, len(lines))
	for i, l := range lines {
		if l.Pos != int64(i) || l.Leaf == nil {
			return "", fmt.Errorf("the leaf hash of entry %d is missing", i)
		}
		rows[i] = l.row()
		t.Add(*l.Leaf)
	}
	v.mem.rows[name] = rows
	if t.Size() != c.Size || t.Root() != c.Root {
		return "", fmt.Errorf("%d leaves give root %s; the checkpoint signs %d entries and root %s", t.Size(), t.Root(), c.Size, c.Root)
	}
	return fmt.Sprintf("%d entries, root %s", c.Size, c.Root), nil
}

// whole verifies a ledger of which every entry is there.
func (v *verifier) whole(name string) (string, error) {
	c, err := v.checkpoint(name)
	if err != nil {
		return "", err
	}
	lines, err := v.lines(name)
	if err != nil {
		return "", err
	}
	rows := make([]ledger.Row, len(lines))
	for i, l := range lines {
		if l.Pos != int64(i) || l.Bytes == nil {
			return "", fmt.Errorf("entry %d is missing", i)
		}
		rows[i] = l.row()
	}
	note, err := v.read(partCheckpoint(name))
	if err != nil {
		return "", err
	}
	if err := v.mem.add(name, c.Size, note, rows); err != nil {
		return "", err
	}
	rep, err := ledger.Verify(v.ctx, v.mem, name, ledger.VerifyOptions{Key: v.ab.Genesis[name].Key, SkipIndex: true})
	if err != nil {
		return "", err
	}
	if err := rep.Err(); err != nil {
		return "", err
	}
	return fmt.Sprintf("%d entries, %d documents, %d redacted, root %s", rep.Entries, rep.Documents, rep.Redacted, rep.Root), nil
}

// external compares with a checkpoint that left the machine earlier.
func (v *verifier) external() {
	const id, text = "checkpoint", "The ledger extends the checkpoint that left the machine earlier."
	if v.opt.Checkpoint == nil {
		v.claim(id, text, NotReperformed, "no checkpoint was given; without one, nothing here proves anything against whoever holds the signing key")
		return
	}
	v.check(id, text, func() (string, error) {
		given, err := ledger.PeekCheckpoint(v.opt.Checkpoint)
		if err != nil {
			return "", err
		}
		for name, g := range v.ab.Genesis {
			if g.Origin == given.Origin {
				return v.extends(name, g)
			}
		}
		return "", fmt.Errorf("the checkpoint given is of %q, which is no ledger of this bundle", given.Origin)
	})
}

func (v *verifier) extends(name string, g ledger.Genesis) (string, error) {
	older, err := ledger.ParseCheckpoint(v.opt.Checkpoint, g.Key)
	if err != nil {
		return "", fmt.Errorf("the checkpoint given is not signed by the key of this ledger: %w", err)
	}
	if name != v.ab.Work {
		now, err := v.checkpoint(name)
		if err != nil {
			return "", err
		}
		if older == now {
			return fmt.Sprintf("the same, size %d", now.Size), nil
		}
		cons, err := v.consistencyOf(name)
		if err != nil {
			return "", err
		}
		at, err := ledger.ParseCheckpoint(cons.Older, g.Key)
		if err != nil {
			return "", err
		}
		if older == at {
			return fmt.Sprintf("it is the checkpoint that the auditor recorded, size %d", at.Size), nil
		}
		return "", skip{fmt.Sprintf("the bundle shows the organization's ledger in part, and can compare with size %d or %d only", at.Size, now.Size)}
	}
	rows := v.mem.rows[name]
	if older.Size > int64(len(rows)) {
		return "", fmt.Errorf("the checkpoint given speaks of %d entries, the bundle has %d: entries are gone", older.Size, len(rows))
	}
	var t ledger.Tree
	for _, r := range rows[:older.Size] {
		t.Add(r.Leaf)
	}
	if t.Root() != older.Root {
		return "", fmt.Errorf("at %d entries the root is %s, the checkpoint given says %s: the ledger was rewritten", older.Size, t.Root(), older.Root)
	}
	return fmt.Sprintf("size %d", older.Size), nil
}

// cited checks the organization's entries that the report read.
func (v *verifier) cited(name string) (string, error) {
	c, err := v.checkpoint(name)
	if err != nil {
		return "", err
	}
	note, err := v.read(partCheckpoint(name))
	if err != nil {
		return "", err
	}
	lines, err := v.lines(name)
	if err != nil {
		return "", err
	}
	documents := 0
	last := int64(-1)
	rows := make([]ledger.Row, len(lines))
	for i, l := range lines {
		if l.Pos <= last || l.Bytes == nil {
			return "", fmt.Errorf("the cited entries are not in order")
		}
		last = l.Pos
		if _, err := (ledger.Inclusion{Pos: l.Pos, Entry: l.Bytes, Path: l.Path, Checkpoint: note}).CheckInclusion(v.ab.Genesis[name].Key); err != nil {
			return "", err
		}
		e, err := ledger.ParseEntry(l.Bytes)
		if err != nil {
			return "", fmt.Errorf("entry %d: %w", l.Pos, err)
		}
		if e.Ledger != name {
			return "", fmt.Errorf("entry %d belongs to ledger %q", l.Pos, e.Ledger)
		}
		for _, d := range l.Documents {
			want, ok := e.Commitment(d.Slot)
			if !ok || len(d.Salt) != ledger.SaltSize || ledger.Commit(d.Salt, d.Bytes) != want {
				return "", fmt.Errorf("document %d of entry %d is not the one the entry commits to", d.Slot, l.Pos)
			}
			documents++
		}
		rows[i] = l.row()
	}
	if err := v.mem.add(name, c.Size, note, rows); err != nil {
		return "", err
	}
	return fmt.Sprintf("%d entries with %d documents, of a ledger of size %d", len(lines), documents, c.Size), nil
}

func (v *verifier) consistencyOf(name string) (consistency, error) {
	var cons consistency
	b, err := v.read(partConsistency(name))
	if err != nil {
		return cons, err
	}
	return cons, json.Unmarshal(b, &cons)
}

func (v *verifier) anchor(name string) (string, error) {
	cons, err := v.consistencyOf(name)
	if err != nil {
		return "", err
	}
	key := v.ab.Genesis[name].Key
	older, err := ledger.ParseCheckpoint(cons.Older, key)
	if err != nil {
		return "", err
	}
	newer, err := v.checkpoint(name)
	if err != nil {
		return "", err
	}
	if err := ledger.CheckConsistency(cons.Path, older, newer); err != nil {
		return "", err
	}
	exams, err := record.NewView(v.mem, v.ab.Work, record.AsOf{Known: v.ab.Known[v.ab.Work]}).List(v.ctx, "examination")
	if err != nil || len(exams) != 1 {
		return "", errors.Join(err, fmt.Errorf("the ledger %s holds %d examinations", v.ab.Work, len(exams)))
	}
	var body struct {
		Checkpoint string `json:"organization_checkpoint"`
	}
	if err := json.Unmarshal(exams[0].Body, &body); err != nil {
		return "", err
	}
	if body.Checkpoint != string(cons.Older) {
		return "", errors.New("the older checkpoint is not the one that the examination recorded")
	}
	return fmt.Sprintf("from size %d to %d", older.Size, newer.Size), nil
}

// report builds the report again and compares it byte by byte.
func (v *verifier) report() {
	var model *report.Model
	if v.ab.For == ForFile {
		v.check("report/model", "The report's content follows from the records.", func() (string, error) {
			stored, err := v.read(partModel)
			if err != nil {
				return "", err
			}
			if model, err = v.rebuild(); err != nil {
				return "", err
			}
			again, err := model.JSON()
			if err != nil {
				return "", err
			}
			if !bytes.Equal(stored, again) {
				return "", fmt.Errorf("built again it differs, first at byte %d of %d", firstDifference(stored, again), len(stored))
			}
			return fmt.Sprintf("%d computed figures", len(model.Claims)), nil
		})
	}
	v.check("report/pdf", "The report's PDF is byte for byte what its content typesets to.", func() (string, error) { return v.typeset(model) })
}

// rebuild builds the model from the bundle's records alone.
func (v *verifier) rebuild() (*report.Model, error) {
	point, err := v.checkpoint(v.ab.Work)
	if err != nil {
		return nil, err
	}
	released := false
	if v.ab.Work != v.ab.Organization {
		view := record.NewView(v.mem, v.ab.Work, record.AsOf{Known: v.ab.Known[v.ab.Work]})
		if released, err = Released(v.ctx, view, v.ab.Engagement); err != nil {
			return nil, err
		}
	}
	return buildReport(v.ctx, v.mem, reportInput{engagement: v.ab.Engagement, work: v.ab.Work, organization: v.ab.Organization,
		workPoint: point, known: v.ab.Known, program: v.ab.Program, released: released})
}

func (v *verifier) typeset(model *report.Model) (string, error) {
	pdf, err := v.read(partPDF)
	if err != nil {
		return "", err
	}
	stored, err := v.read(partModel)
	if err != nil {
		return "", err
	}
	if model == nil {
		model = &report.Model{}
		if err := json.Unmarshal(stored, model); err != nil {
			return "", err
		}
		again, err := model.JSON()
		if err != nil || !bytes.Equal(again, stored) {
			return "", errors.Join(err, errors.New("the report's content is not in canonical form"))
		}
	}
	if v.opt.Typst == nil {
		return "", skip{"no typesetter was available"}
	}
	if v.ab.Renderer != model.Typesetter || v.ab.Renderer != typst.Version {
		return "", skip{fmt.Sprintf("it was typeset by %s, this program has %s", v.ab.Renderer, typst.Version)}
	}
	again, err := report.Render(v.ctx, v.opt.Typst, model)
	if err != nil {
		return "", err
	}
	if !bytes.Equal(pdf, again) {
		return "", fmt.Errorf("typeset again it differs, first at byte %d of %d", firstDifference(pdf, again), len(pdf))
	}
	return fmt.Sprintf("%d bytes", len(pdf)), nil
}

func firstDifference(a, b []byte) int {
	n := min(len(a), len(b))
	for i := range n {
		if a[i] != b[i] {
			return i
		}
	}
	return n
}
