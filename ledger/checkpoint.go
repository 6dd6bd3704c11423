package ledger

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// Checkpoint is the state of a ledger that its operator signs: three lines,
// origin, size and root hash, in the form of C2SP tlog-checkpoint.
type Checkpoint struct {
	Origin string
	Size   int64
	Root   tlog.Hash
}

// Text is the body of the signed note.
func (c Checkpoint) Text() string {
	return c.Origin + "\n" + strconv.FormatInt(c.Size, 10) + "\n" + base64.StdEncoding.EncodeToString(c.Root[:]) + "\n"
}

// SignCheckpoint signs the checkpoint as a note.
func SignCheckpoint(c Checkpoint, s note.Signer) ([]byte, error) {
	b, err := note.Sign(&note.Note{Text: c.Text()}, s)
	if err != nil {
		return nil, fmt.Errorf("signing the checkpoint of %s at size %d: %w", c.Origin, c.Size, err)
	}
	return b, nil
}

// ParseCheckpoint checks the signature of a note by the verifier key and reads
// its checkpoint.
func ParseCheckpoint(signed []byte, key string) (Checkpoint, error) {
	n, err := openNote(signed, key)
	if err != nil {
		return Checkpoint{}, err
	}
	return parseCheckpointText(n.Text)
}

// parseStoredCheckpoint is as strict as a store's own notes allow: they carry
// the ledger's signature and nothing else, so that no byte of them is free.
// A checkpoint that came back from a witness may carry more signatures.
func parseStoredCheckpoint(signed []byte, key string) (Checkpoint, error) {
	n, err := openNote(signed, key)
	if err != nil {
		return Checkpoint{}, err
	}
	if len(n.UnverifiedSigs) > 0 {
		return Checkpoint{}, fmt.Errorf("checkpoint carries a signature by %s that nobody here made", n.UnverifiedSigs[0].Name)
	}
	own, err := spelled(n)
	if err != nil {
		return Checkpoint{}, err
	}
	if !bytes.Equal(signed, own) {
		return Checkpoint{}, errors.New("checkpoint is not spelled as it was signed")
	}
	return parseCheckpointText(n.Text)
}

// OwnNote is a checkpoint as the ledger signed it: with its signature and no
// other, in the one spelling that was stored.
func OwnNote(signed []byte, key string) ([]byte, error) {
	n, err := openNote(signed, key)
	if err != nil {
		return nil, err
	}
	return spelled(n)
}

// spelled writes a note with its first known signature. Base64 with padding has
// two spare bits here that note.Open ignores, and decoders skip line breaks: only
// one spelling is the note that was stored.
func spelled(n *note.Note) ([]byte, error) {
	sig, err := base64.StdEncoding.DecodeString(n.Sigs[0].Base64)
	if err != nil {
		return nil, fmt.Errorf("checkpoint: %w", err)
	}
	return []byte(n.Text + "\n\u2014 " + n.Sigs[0].Name + " " + base64.StdEncoding.EncodeToString(sig) + "\n"), nil
}

func openNote(signed []byte, key string) (*note.Note, error) {
	v, err := note.NewVerifier(key)
	if err != nil {
		return nil, fmt.Errorf("verifier key %q: %w", key, err)
	}
	n, err := note.Open(signed, note.VerifierList(v))
	if err != nil {
		return nil, fmt.Errorf("checkpoint: %w", err)
	}
	return n, nil
}

// PeekCheckpoint reads a checkpoint without checking its signature.
func PeekCheckpoint(signed []byte) (Checkpoint, error) {
	text, _, ok := bytes.Cut(signed, []byte("\n\n"))
	if !ok {
		return Checkpoint{}, fmt.Errorf("checkpoint has no blank line before its signature")
	}
	return parseCheckpointText(string(text) + "\n")
}

func parseCheckpointText(text string) (Checkpoint, error) {
	lines := strings.Split(text, "\n")
	if len(lines) != 4 || lines[3] != "" {
		return Checkpoint{}, fmt.Errorf("checkpoint has %d lines, not origin, size and root", len(lines)-1)
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || size < 0 || strconv.FormatInt(size, 10) != lines[1] {
		return Checkpoint{}, fmt.Errorf("checkpoint size %q is not a number of entries", lines[1])
	}
	raw, err := base64.StdEncoding.Strict().DecodeString(lines[2])
	if err != nil || len(raw) != tlog.HashSize {
		return Checkpoint{}, fmt.Errorf("checkpoint root %q is not the base64 of 32 bytes", lines[2])
	}
	c := Checkpoint{Origin: lines[0], Size: size}
	copy(c.Root[:], raw)
	if c.Text() != text {
		return Checkpoint{}, fmt.Errorf("checkpoint root %q has bytes that are not base64", lines[2])
	}
	return c, nil
}
