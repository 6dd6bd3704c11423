package bundle

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"reperform/english"
	"reperform/ledger"
	"reperform/record"
)

// Classes of ledgers, as their first entries name them.
const (
	classOrganization = "organization"
	classExamination  = "examination"
)

// ledgers checks both ledgers as far as the bundle shows them.
func (v *verifier) ledgers() {
	w, o := v.ab.Work, v.ab.Organization
	if v.ab.For == ForReport {
		v.check("ledger/"+w+"/tree", "The ledger's entries give the tree that its operator signed.", func() (string, error) { return v.leaves(w) })
		if o != w {
			v.check("ledger/"+o+"/checkpoint", "The organization's checkpoint is signed.", func() (string, error) {
				c, err := v.checkpoint(o)
				return fmt.Sprintf("size %d", c.Size), err
			})
		}
		if v.ab.Version == aboutIssued {
			// The issue names the organization's checkpoint, as the opening of the
			// examination does in a file.
			v.anchored = v.check("issue", "The entry that issues the report is in the ledger that its operator signed.", v.issueEntry)
		}
	} else {
		v.check("ledger/"+w, "Every entry, document and signature of the ledger "+w+" holds.", func() (string, error) { return v.whole(w) })
		if o != w {
			v.check("ledger/"+o, "Every entry of the organization's ledger holds, and so does every document read from it.", func() (string, error) { return v.cited(o) })
			v.anchored = v.check("ledger/"+o+"/anchor", "The organization's ledger extends the checkpoint that the auditor recorded.", func() (string, error) { return v.anchor(o) })
		}
		v.check("engagement", "The ledgers are those of the engagement.", v.engagement)
	}
	v.external()
	v.check("key", "The keys that signed the ledgers are known from elsewhere than the bundle.", v.keys)
}

// keys says whose signatures these are, as far as anybody can tell: by a key
// given, by a checkpoint given that the key signed, or, for the organization's,
// by the checkpoint of it that the auditor recorded.
func (v *verifier) keys() (string, error) {
	var unknown, known []string
	for _, name := range v.names() {
		g := v.ab.Genesis[name]
		if slices.Contains(v.opt.Keys, g.Key) || v.bound == name || v.bound == v.ab.Work && v.anchored {
			known = append(known, name)
		} else {
			unknown = append(unknown, fmt.Sprintf("%s (%s) by %s", name, g.Origin, g.Key))
		}
	}
	switch {
	case len(unknown) == 0:
		return strings.Join(known, ", "), nil
	case len(v.opt.Keys) > 0:
		return "", fmt.Errorf("not signed by a key given: %s", strings.Join(unknown, "; "))
	}
	return "", skip{"neither a key nor a checkpoint tells whose they are; the bundle itself says: " + strings.Join(unknown, "; ")}
}

// names are the ledgers of the bundle.
func (v *verifier) names() []string {
	if v.ab.Work == v.ab.Organization {
		return []string{v.ab.Work}
	}
	return []string{v.ab.Work, v.ab.Organization}
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

// lines reads the entries of a ledger, of which every one must be there, in
// order, and no byte more.
func (v *verifier) lines(name string, size int64) ([]line, error) {
	v.used[partEntries(name)] = true
	r, ok := v.c.open(partEntries(name))
	if !ok {
		return nil, fmt.Errorf("the bundle has no part %s", partEntries(name))
	}
	lines, err := decodeLines(r)
	if err != nil {
		return nil, err
	}
	for i, l := range lines {
		if l.Pos != int64(i) {
			return nil, fmt.Errorf("where entry %d should stand stands entry %d", i, l.Pos)
		}
	}
	if int64(len(lines)) != size {
		return nil, fmt.Errorf("the checkpoint signs %s, %d are there", english.Count(size, "entry"), len(lines))
	}
	return lines, nil
}

// rows are the lines of a ledger that is shown by its entries.
func rows(lines []line) ([]ledger.Row, error) {
	out := make([]ledger.Row, len(lines))
	for i, l := range lines {
		if l.Bytes == nil || l.Leaf != nil {
			return nil, fmt.Errorf("entry %d is not shown by its bytes", i)
		}
		last := -1
		for _, d := range l.Documents {
			if d.Slot <= last {
				return nil, fmt.Errorf("entry %d: document %d stands after document %d", i, d.Slot, last)
			}
			last = d.Slot
		}
		out[i] = l.row()
	}
	return out, nil
}

// leaves computes the tree over leaf hashes.
func (v *verifier) leaves(name string) (string, error) {
	c, err := v.checkpoint(name)
	if err != nil {
		return "", err
	}
	lines, err := v.lines(name, c.Size)
	if err != nil {
		return "", err
	}
	var t ledger.Tree
	rows := make([]ledger.Row, len(lines))
	for i, l := range lines {
		if l.Leaf == nil || l.Bytes != nil || l.Documents != nil {
			return "", fmt.Errorf("entry %d is not shown by its leaf hash alone", i)
		}
		rows[i] = l.row()
		t.Add(*l.Leaf)
	}
	if t.Root() != c.Root {
		return "", fmt.Errorf("%s %s root %s; the checkpoint signs %s", english.Count(t.Size(), "leaf"), english.Choose(t.Size(), "gives", "give"), t.Root(), c.Root)
	}
	v.mem.rows[name] = rows
	return fmt.Sprintf("%s, root %s", english.Count(c.Size, "entry"), c.Root), nil
}

// whole verifies a ledger of which every entry and document is there.
func (v *verifier) whole(name string) (string, error) {
	c, err := v.load(name)
	if err != nil {
		return "", err
	}
	rep, err := ledger.Verify(v.ctx, v.mem, name, ledger.VerifyOptions{Key: v.ab.Genesis[name].Key, SkipIndex: true})
	if err != nil {
		return "", err
	}
	if err := rep.Err(); err != nil {
		return "", err
	}
	if err := v.first(name); err != nil {
		return "", err
	}
	return fmt.Sprintf("%s, %s, %d redacted, root %s", english.Count(rep.Entries, "entry"), english.Count(rep.Documents, "document"), rep.Redacted, c.Root), nil
}

// load reads a ledger that is shown by its entries.
func (v *verifier) load(name string) (ledger.Checkpoint, error) {
	c, err := v.checkpoint(name)
	if err != nil {
		return c, err
	}
	lines, err := v.lines(name, c.Size)
	if err != nil {
		return c, err
	}
	rows, err := rows(lines)
	if err != nil {
		return c, err
	}
	note, err := v.read(partCheckpoint(name))
	if err != nil {
		return c, err
	}
	return c, v.mem.add(name, c.Size, note, rows)
}

// first holds the ledger's first entry against what the bundle says of it.
func (v *verifier) first(name string) error {
	if len(v.mem.rows[name]) == 0 {
		return errors.New("the ledger has no entries")
	}
	e, err := ledger.ParseEntry(v.mem.rows[name][0].Bytes)
	if err != nil {
		return err
	}
	if e.Genesis == nil || *e.Genesis != v.ab.Genesis[name] {
		return fmt.Errorf("the first entry of %s names another origin, key or class than the bundle", name)
	}
	class := classExamination
	if name == v.ab.Organization {
		class = classOrganization
	}
	if e.Genesis.Class != class {
		return fmt.Errorf("the ledger %s is of class %q, not %q", name, e.Genesis.Class, class)
	}
	return nil
}

// cited checks the organization's ledger: all entries and their order, and of
// the documents those that are there. One that the report reads and that is
// not there makes the report's claim fail.
func (v *verifier) cited(name string) (string, error) {
	c, err := v.load(name)
	if err != nil {
		return "", err
	}
	rep, err := ledger.Verify(v.ctx, v.mem, name, ledger.VerifyOptions{Key: v.ab.Genesis[name].Key, SkipIndex: true, TreeOnly: true})
	if err != nil {
		return "", err
	}
	if err := rep.Err(); err != nil {
		return "", err
	}
	if err := v.first(name); err != nil {
		return "", err
	}
	documents := 0
	time := ""
	revision := map[[2]string]int64{}
	for _, r := range v.mem.rows[name] {
		e, err := ledger.ParseEntry(r.Bytes)
		switch {
		case err != nil:
			return "", fmt.Errorf("entry %d: %w", r.Pos, err)
		case e.Ledger != name:
			return "", fmt.Errorf("entry %d belongs to ledger %q", r.Pos, e.Ledger)
		case e.Time < time:
			return "", fmt.Errorf("entry %d is of %s, the one before of %s", r.Pos, e.Time, time)
		}
		time = e.Time
		for _, ch := range e.Changes {
			k := [2]string{ch.Kind, ch.ID}
			if revision[k]++; ch.Revision != revision[k] {
				return "", fmt.Errorf("entry %d records revision %d of %s %s where %d follows", r.Pos, ch.Revision, ch.Kind, ch.ID, revision[k])
			}
		}
		for _, d := range r.Documents {
			want, ok := e.Commitment(d.Slot)
			if !ok || len(d.Salt) != ledger.SaltSize || ledger.Commit(d.Salt, d.Bytes) != want {
				return "", fmt.Errorf("document %d of entry %d is not the one the entry commits to", d.Slot, r.Pos)
			}
			documents++
		}
	}
	return fmt.Sprintf("%s, of which %s shown, root %s", english.Count(c.Size, "entry"), english.Are(documents, "document"), c.Root), nil
}

func (v *verifier) consistencyOf(name string) (consistency, error) {
	var cons consistency
	b, err := v.read(partConsistency(name))
	if err != nil {
		return cons, err
	}
	return cons, decodeCanonical(b, &cons)
}

// opened is what the examination's own record says of what it examines.
type opened struct {
	Engagement struct {
		Ledger string `json:"ledger"`
		ID     string `json:"id"`
	} `json:"engagement"`
	Checkpoint string `json:"organization_checkpoint"`
}

func (v *verifier) opened() (opened, error) {
	var o opened
	exams, err := record.NewView(v.mem, v.ab.Work, record.AsOf{Known: v.ab.Known[v.ab.Work]}).List(v.ctx, "examination")
	if err != nil {
		return o, err
	}
	if len(exams) != 1 {
		return o, fmt.Errorf("the ledger %s holds %s, not one", v.ab.Work, english.Count(len(exams), "examination"))
	}
	return o, json.Unmarshal(exams[0].Body, &o)
}

// engagement holds what the bundle says of itself against the records.
func (v *verifier) engagement() (string, error) {
	org := record.NewView(v.mem, v.ab.Organization, record.AsOf{Known: v.ab.Known[v.ab.Organization]})
	if _, err := org.Get(v.ctx, "engagement", v.ab.Engagement); err != nil {
		return "", fmt.Errorf("engagement %q in the organization's ledger: %w", v.ab.Engagement, err)
	}
	if v.ab.Work == v.ab.Organization {
		return v.ab.Engagement + ", management's own work", nil
	}
	o, err := v.opened()
	if err != nil {
		return "", err
	}
	if o.Engagement.ID != v.ab.Engagement || o.Engagement.Ledger != "" && o.Engagement.Ledger != v.ab.Organization {
		return "", fmt.Errorf("ledger %s examines engagement %q, not %q", v.ab.Work, o.Engagement.ID, v.ab.Engagement)
	}
	return v.ab.Engagement + ", examined in " + v.ab.Work, nil
}

func (v *verifier) anchor(name string) (string, error) {
	cons, err := v.consistencyOf(name)
	if err != nil {
		return "", err
	}
	older, err := ledger.ParseCheckpoint(cons.Older, v.ab.Genesis[name].Key)
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
	o, err := v.opened()
	if err != nil {
		return "", err
	}
	if o.Checkpoint != string(cons.Older) {
		return "", errors.New("the older checkpoint is not the one that the examination recorded")
	}
	return fmt.Sprintf("from size %d to %d", older.Size, newer.Size), nil
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
			return "", fmt.Errorf("the checkpoint given: %w", err)
		}
		for _, name := range v.names() {
			if v.ab.Genesis[name].Origin == given.Origin {
				detail, err := v.extends(name, v.ab.Genesis[name])
				if err == nil {
					v.bound, v.boundSize = name, given.Size
				}
				return detail, err
			}
		}
		return "", fmt.Errorf("the checkpoint given is of %q, which is no ledger of this bundle", given.Origin)
	})
}

func (v *verifier) extends(name string, g ledger.Genesis) (string, error) {
	older, err := ledger.ParseCheckpoint(v.opt.Checkpoint, g.Key)
	if err != nil {
		return "", fmt.Errorf("the checkpoint given is not signed by the key that the bundle names for this ledger: %w", err)
	}
	now, err := v.checkpoint(name)
	if err != nil {
		return "", err
	}
	if older == now {
		return fmt.Sprintf("%s, the same state of size %d", older.Origin, now.Size), nil
	}
	rows := v.mem.rows[name]
	if rows == nil {
		// Of this ledger the bundle shows one state and no entries.
		if older.Size == now.Size {
			return "", fmt.Errorf("both are of %d entries; the checkpoint given has root %s, the bundle's %s: there are two histories", now.Size, older.Root, now.Root)
		}
		return "", skip{fmt.Sprintf("the bundle shows of %s its state of size %d only", older.Origin, now.Size)}
	}
	if older.Size > now.Size {
		return "", fmt.Errorf("the checkpoint given speaks of %s, the bundle has %d: entries are gone, or the bundle is older", english.Count(older.Size, "entry"), now.Size)
	}
	if err := v.mem.begins(name, older); err != nil {
		return "", err
	}
	return fmt.Sprintf("%s, from size %d to %d", older.Origin, older.Size, now.Size), nil
}
