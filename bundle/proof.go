package bundle

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"unicode/utf8"

	"reperform/ledger"
)

// proofVersion is the version of the form of a Proof.
const proofVersion = 1

// maxProof bounds the file of a proof in bytes: an entry of the largest size,
// which base64 makes a third longer, and the documents of one command.
const maxProof = 64 << 20

// Proof shows that one entry stands in a ledger, and what the entry says: a
// record's revision for whoever may read it, without the ledger around it.
type Proof struct {
	Version int    `json:"reperform_proof"`
	Ledger  string `json:"ledger"`
	// Key checks the signature of the checkpoint; see ledger.Genesis.
	Key string `json:"key"`
	// Entry leads to the checkpoint; First, of the ledger's first entry, which
	// names the key, to the same one. It is absent for who may not read it.
	Entry ledger.Inclusion  `json:"entry"`
	First *ledger.Inclusion `json:"first,omitempty"`
	// Documents are the reason and the records of the entry that still exist.
	Documents []ProofDocument `json:"documents,omitempty"`
}

// ProofDocument is a text that the entry commits to.
type ProofDocument struct {
	// Slot 0 is the reason, slot n the n-th change of the entry.
	Slot int `json:"slot"`
	// Salt is in unpadded base64url.
	Salt string `json:"salt"`
	Text string `json:"text"`
}

// AddDocuments adds what stands beside the entry.
func (p *Proof) AddDocuments(docs []ledger.Document) error {
	for _, d := range docs {
		if !utf8.Valid(d.Bytes) {
			return fmt.Errorf("document %d of entry %d is no text", d.Slot, p.Entry.Pos)
		}
		p.Documents = append(p.Documents, ProofDocument{Slot: d.Slot, Salt: base64.RawURLEncoding.EncodeToString(d.Salt), Text: string(d.Bytes)})
	}
	return nil
}

// NewProof is a proof without documents.
func NewProof(name, key string, entry ledger.Inclusion) *Proof {
	return &Proof{Version: proofVersion, Ledger: name, Key: key, Entry: entry}
}

// Encode writes the proof as the file that VerifyProof reads.
func (p *Proof) Encode(w io.Writer) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return enc.Encode(p)
}

// IsProof tells whether a file is a proof and no bundle, by its first byte.
func IsProof(path string) (bool, error) {
	f, err := os.Open(path)
	if err != nil {
		return false, err
	}
	defer f.Close()
	var b [1]byte
	if _, err := io.ReadFull(f, b[:]); errors.Is(err, io.EOF) {
		return false, nil
	} else if err != nil {
		return false, err
	}
	return b[0] == '{', nil
}

// readProof reads a proof strictly: it is what Encode writes, but for white space.
func readProof(path string) (*Proof, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxProof+1))
	if err != nil {
		return nil, err
	}
	if len(b) > maxProof {
		return nil, fmt.Errorf("%w: it is larger than %d bytes", ErrForm, maxProof)
	}
	var p Proof
	if err := json.Unmarshal(b, &p); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrForm, err)
	}
	if p.Version != proofVersion {
		return nil, fmt.Errorf("%w: it is of version %d of the form, this program reads version %d", ErrForm, p.Version, proofVersion)
	}
	var given, again bytes.Buffer
	if err := p.Encode(&again); err != nil {
		return nil, err
	}
	if err := json.Compact(&given, b); err != nil || !bytes.Equal(given.Bytes(), bytes.TrimSpace(again.Bytes())) {
		return nil, fmt.Errorf("%w: a field is unknown, given twice, or not as this program writes it", ErrForm)
	}
	return &p, nil
}

// VerifyProof checks a proof offline: signature, place in the tree, and that
// each text is the one that the entry commits to.
func VerifyProof(ctx context.Context, path string, opt Options) (*Verification, error) {
	v := &verifier{ctx: ctx, opt: opt, out: &Verification{File: path, For: "proof"}}
	p, err := readProof(path)
	if errors.Is(err, ErrForm) {
		v.claim("form", "The file is a proof.", Fails, err.Error())
		return v.out, nil
	}
	if err != nil {
		return nil, err
	}
	v.proof(p)
	return v.out, ctx.Err()
}

func (v *verifier) proof(p *Proof) {
	var e ledger.Entry
	inLedger := v.check("entry", fmt.Sprintf("Entry %d stands in the ledger %s.", p.Entry.Pos, p.Ledger), func() (string, error) {
		c, err := p.Entry.CheckInclusion(p.Key)
		if err != nil {
			return "", err
		}
		if own, err := ledger.OwnNote(p.Entry.Checkpoint, p.Key); err != nil || !bytes.Equal(own, p.Entry.Checkpoint) {
			return "", errors.New("the checkpoint is not spelled as it was signed")
		}
		if e, err = ledger.ParseEntry(p.Entry.Entry); err != nil {
			return "", err
		}
		if e.Ledger != p.Ledger {
			return "", fmt.Errorf("the entry is of ledger %q", e.Ledger)
		}
		return fmt.Sprintf("%s by %s at %s; %s at %d entries", e.Action, e.Actor, e.Time, c.Origin, c.Size), nil
	})
	if inLedger {
		v.committed(p, e)
	}
	v.check("first", "The ledger's first entry names the key that signed.", func() (string, error) { return p.first() })
	v.elsewhere(p, inLedger)
	v.out.Limits = append(v.out.Limits, "that no later entry changed the record again: a proof shows one entry")
	if !v.held("checkpoint") {
		v.out.Limits = append(v.out.Limits, "that whoever holds the signing key did not write the ledger anew: only a checkpoint that left the machine earlier shows that (--checkpoint)")
	}
	if !v.held("key") {
		v.out.Limits = append(v.out.Limits, "whose key signed the ledger: only the proof says it (--key, --checkpoint)")
	}
}

// committed holds each text against the entry, and says which are missing.
func (v *verifier) committed(p *Proof, e ledger.Entry) {
	texts := map[int]ProofDocument{}
	for _, d := range p.Documents {
		if _, twice := texts[d.Slot]; twice {
			v.claim(fmt.Sprintf("document/%d", d.Slot), fmt.Sprintf("Document %d is given once.", d.Slot), Fails, "it is given twice")
		}
		texts[d.Slot] = d
	}
	claim := func(slot int, what string) {
		d, ok := texts[slot]
		delete(texts, slot)
		v.check(fmt.Sprintf("document/%d", slot), what+" is what the entry commits to.", func() (string, error) {
			if !ok {
				return "", skip{"it is not in the proof: it was redacted"}
			}
			want, committed := e.Commitment(slot)
			salt, err := base64.RawURLEncoding.Strict().DecodeString(d.Salt)
			if err != nil || !committed || len(salt) != ledger.SaltSize || ledger.Commit(salt, []byte(d.Text)) != want {
				return "", errors.New("the text is another")
			}
			if slot == 0 {
				return d.Text, nil
			}
			return fmt.Sprintf("%d bytes", len(d.Text)), nil
		})
	}
	if e.Reason != "" {
		claim(0, "The reason")
	}
	for i, c := range e.Changes {
		what := fmt.Sprintf("Revision %d of %s %s", c.Revision, c.Kind, c.ID)
		if c.Effective != "" {
			what += ", in force from " + c.Effective + ","
		}
		claim(i+1, what)
	}
	for slot := range texts {
		v.claim(fmt.Sprintf("document/%d", slot), fmt.Sprintf("Document %d belongs to the entry.", slot), Fails, "the entry commits to none of this number")
	}
}

func (p *Proof) first() (string, error) {
	if p.First == nil {
		return "", skip{"the first entry is not in the proof: whoever asked for it may not read that entry"}
	}
	if p.First.Pos != 0 {
		return "", fmt.Errorf("it is entry %d", p.First.Pos)
	}
	if !bytes.Equal(p.First.Checkpoint, p.Entry.Checkpoint) {
		return "", errors.New("it leads to another checkpoint than the entry")
	}
	c, err := p.First.CheckInclusion(p.Key)
	if err != nil {
		return "", err
	}
	e, err := ledger.ParseEntry(p.First.Entry)
	switch {
	case err != nil:
		return "", err
	case e.Genesis == nil:
		return "", errors.New("it is not the first of a ledger")
	case e.Ledger != p.Ledger || e.Genesis.Key != p.Key || e.Genesis.Origin != c.Origin:
		return "", errors.New("it names another ledger, key or origin")
	}
	return e.Genesis.Origin, nil
}

// elsewhere compares with what came by another way than the proof.
func (v *verifier) elsewhere(p *Proof, inLedger bool) {
	v.check("checkpoint", "The proof leads to the checkpoint that left the machine earlier.", func() (string, error) {
		if v.opt.Checkpoint == nil {
			return "", skip{"no checkpoint was given; without one, nothing here proves anything against whoever holds the signing key"}
		}
		given, err := ledger.ParseCheckpoint(v.opt.Checkpoint, p.Key)
		if err != nil {
			return "", fmt.Errorf("the checkpoint given is not signed by the key of the proof: %w", err)
		}
		own, err := ledger.ParseCheckpoint(p.Entry.Checkpoint, p.Key)
		switch {
		case err != nil:
			return "", err
		case !inLedger:
			return "", errors.New("the entry itself does not hold")
		case given.Origin != own.Origin:
			return "", fmt.Errorf("the checkpoint given is of %q, the proof of %q", given.Origin, own.Origin)
		case given == own:
			return fmt.Sprintf("%d entries", own.Size), nil
		case given.Size == own.Size:
			return "", fmt.Errorf("both are of %d entries and of different content: there are two histories", own.Size)
		}
		return "", skip{fmt.Sprintf("the proof leads to the state of %d entries, the checkpoint given is of %d; ask for a proof that leads to it: `reperform ledger prove %d --ledger %s --checkpoint FILE`",
			own.Size, given.Size, p.Entry.Pos, p.Ledger)}
	})
	v.check("key", "The key that signed is known from elsewhere than the proof.", func() (string, error) {
		switch {
		case slices.Contains(v.opt.Keys, p.Key) || v.held("checkpoint"):
			return p.Key, nil
		case len(v.opt.Keys) > 0:
			return "", fmt.Errorf("it is none of those given: %s", p.Key)
		}
		return "", skip{"neither a key nor a checkpoint tells whose it is; the proof itself says: " + p.Key}
	})
}
