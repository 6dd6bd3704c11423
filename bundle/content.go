package bundle

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"golang.org/x/mod/sumdb/tlog"

	"reperform/ledger"
)

// Audience says for whom a bundle is.
type Audience string

// The audiences.
const (
	// ForFile is the service auditor's whole file.
	ForFile Audience = "file"
	// ForReport is what a user of the report may see.
	ForReport Audience = "report"
)

// Part names. Those of one sort share a prefix, so that sorting keeps them
// together.
const (
	partAbout  = "about.json"
	partBlob   = "blob/"
	partModel  = "report/model.json"
	partPDF    = "report/report.pdf"
	partLedger = "ledger/"
)

// about is the first part: what the bundle says of itself.
type about struct {
	Version    int      `json:"version"`
	For        Audience `json:"for"`
	Engagement string   `json:"engagement"`
	// Work is the ledger of the examination, or the organization's when a
	// bundle of management's own work is made.
	Work string `json:"work"`
	// Organization is the organization's ledger.
	Organization string `json:"organization"`
	// Genesis repeats the keys, so that a bundle for a report, which shows no
	// entries, says whose signatures it carries.
	Genesis map[string]ledger.Genesis `json:"genesis"`
	// Known are the sizes of the ledgers' checkpoints in the bundle: as of which
	// the report was built, unless it was issued and names its own.
	Known map[string]int64 `json:"known"`
	// Program, Engine and Renderer are the versions that made it.
	Program  string `json:"program"`
	Engine   string `json:"engine"`
	Renderer string `json:"renderer"`
	// Omitted lists files left out on purpose, by SHA-256.
	Omitted []string `json:"omitted,omitempty"`
}

// Versions of the form. The second is written for a report that was issued
// only: its parts bind the report to one entry of the ledger.
const (
	aboutVersion = 1
	aboutIssued  = 2
)

// line is one entry in a ledger's part: whole, or its leaf hash alone. Of the
// organization's ledger all entries are there and only the documents that the
// report read: who holds an entry sees which records changed, and so can tell
// that no document the report should have read is missing.
type line struct {
	Pos       int64      `json:"pos"`
	Leaf      *tlog.Hash `json:"leaf,omitempty"`
	Bytes     []byte     `json:"bytes,omitempty"`
	Documents []document `json:"documents,omitempty"`
}

type document struct {
	Slot  int    `json:"slot"`
	Salt  []byte `json:"salt"`
	Bytes []byte `json:"bytes"`
}

func (l line) row() ledger.Row {
	r := ledger.Row{Pos: l.Pos, Bytes: l.Bytes}
	if l.Bytes != nil {
		r.Leaf = tlog.RecordHash(l.Bytes)
	} else if l.Leaf != nil {
		r.Leaf = *l.Leaf
	}
	for _, d := range l.Documents {
		r.Documents = append(r.Documents, ledger.Document{Slot: d.Slot, Salt: d.Salt, Bytes: d.Bytes})
	}
	return r
}

func lineOf(r ledger.Row) line {
	l := line{Pos: r.Pos, Bytes: r.Bytes}
	for _, d := range r.Documents {
		l.Documents = append(l.Documents, document{Slot: d.Slot, Salt: d.Salt, Bytes: d.Bytes})
	}
	return l
}

// encodeLines writes one JSON object a line.
func encodeLines(lines []line) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	for _, l := range lines {
		if err := enc.Encode(l); err != nil {
			return nil, err
		}
	}
	return b.Bytes(), nil
}

// maxLine bounds one line; an entry has at most 64 KiB and its documents are
// what a person or a test wrote.
const maxLine = 1 << 28

// decodeLines reads what encodeLines wrote, and nothing else: a line that would
// be written in another way (a field twice, an unknown one, other spacing)
// holds bytes that nobody checks.
func decodeLines(r io.Reader) ([]line, error) {
	var out []line
	sc := bufio.NewScanner(r)
	sc.Buffer(make([]byte, 0, 1<<16), maxLine)
	sc.Split(wholeLines)
	var again bytes.Buffer
	enc := json.NewEncoder(&again)
	for sc.Scan() {
		var l line
		if err := json.Unmarshal(sc.Bytes(), &l); err != nil {
			return nil, fmt.Errorf("entry line %d: %w", len(out)+1, err)
		}
		again.Reset()
		if err := enc.Encode(l); err != nil {
			return nil, fmt.Errorf("entry line %d: %w", len(out)+1, err)
		}
		if !bytes.Equal(again.Bytes(), sc.Bytes()) {
			return nil, fmt.Errorf("entry line %d is not in canonical form", len(out)+1)
		}
		out = append(out, l)
	}
	if err := sc.Err(); err != nil {
		return nil, fmt.Errorf("entry line %d: %w", len(out)+1, err)
	}
	return out, nil
}

// wholeLines splits after each line feed and keeps it, so that a last line
// without one is seen.
func wholeLines(data []byte, atEOF bool) (int, []byte, error) {
	if i := bytes.IndexByte(data, '\n'); i >= 0 {
		return i + 1, data[:i+1], nil
	}
	if atEOF && len(data) > 0 {
		return len(data), data, nil
	}
	return 0, nil, nil
}

// decodeCanonical reads one JSON value that json.Marshal wrote, and refuses any
// other spelling of it.
func decodeCanonical(b []byte, v any) error {
	if err := json.Unmarshal(b, v); err != nil {
		return err
	}
	again, err := json.Marshal(v)
	if err != nil {
		return err
	}
	if !bytes.Equal(again, b) {
		return errors.New("it is not in canonical form")
	}
	return nil
}

// names of the parts of one ledger.
func partCheckpoint(name string) string  { return partLedger + name + "/checkpoint" }
func partConsistency(name string) string { return partLedger + name + "/consistency.json" }
func partEntries(name string) string     { return partLedger + name + "/entries.jsonl" }

// consistency proves that the ledger's checkpoint extends an older one.
type consistency struct {
	Older []byte      `json:"older"`
	Path  []tlog.Hash `json:"path"`
}
