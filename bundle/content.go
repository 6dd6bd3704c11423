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
	// Known are the sizes of the ledgers as of which the report was built.
	Known map[string]int64 `json:"known"`
	// Program, Engine and Renderer are the versions that made it.
	Program  string `json:"program"`
	Engine   string `json:"engine"`
	Renderer string `json:"renderer"`
	// Omitted lists files left out on purpose, by SHA-256.
	Omitted []string `json:"omitted,omitempty"`
}

const aboutVersion = 1

// line is one entry in a ledger's part: whole, or its leaf hash alone.
type line struct {
	Pos       int64      `json:"pos"`
	Leaf      *tlog.Hash `json:"leaf,omitempty"`
	Bytes     []byte     `json:"bytes,omitempty"`
	Documents []document `json:"documents,omitempty"`
	// Path proves a cited entry in the ledger's checkpoint when the ledger is
	// not included whole.
	Path []tlog.Hash `json:"path,omitempty"`
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

func decodeLines(r io.Reader) ([]line, error) {
	var out []line
	dec := json.NewDecoder(bufio.NewReaderSize(r, 1<<20))
	dec.DisallowUnknownFields()
	for {
		var l line
		err := dec.Decode(&l)
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, fmt.Errorf("entry line %d: %w", len(out)+1, err)
		}
		out = append(out, l)
	}
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
