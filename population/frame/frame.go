// Package frame reads and writes the messages that a parent process and its
// engine exchange over pipes: a four-byte big-endian length followed by that
// many bytes of JSON. It promises that a reader never allocates more than the
// limit for a frame that lies about its length, and that a truncated stream is
// an error rather than a short message. It knows nothing of what is said.
package frame

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// Limit is the largest frame in bytes that is written or accepted.
const Limit = 16 << 20

// ErrTooLarge reports a frame beyond Limit.
var ErrTooLarge = errors.New("frame is larger than the limit")

// Write marshals v and writes it as one frame in a single call of w.Write.
func Write(w io.Writer, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("frame: cannot marshal: %w", err)
	}
	if len(body) > Limit {
		return fmt.Errorf("frame: %d bytes: %w of %d; ask for less at a time", len(body), ErrTooLarge, Limit)
	}
	buf := make([]byte, 4+len(body))
	binary.BigEndian.PutUint32(buf, uint32(len(body)))
	copy(buf[4:], body)
	_, err = w.Write(buf)
	return err
}

// Read reads one frame into v. It returns io.EOF only if the stream ends
// between two frames; an end inside one is io.ErrUnexpectedEOF.
func Read(r io.Reader, v any) error {
	var head [4]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return err
	}
	n := binary.BigEndian.Uint32(head[:])
	if n > Limit {
		return fmt.Errorf("frame: announces %d bytes: %w of %d", n, ErrTooLarge, Limit)
	}
	// The body grows with what arrives, so that a false length costs nothing.
	body, err := io.ReadAll(io.LimitReader(r, int64(n)))
	if err != nil {
		return err
	}
	if len(body) < int(n) {
		return io.ErrUnexpectedEOF
	}
	if err := json.Unmarshal(body, v); err != nil {
		return fmt.Errorf("frame: body is not the expected JSON: %w", err)
	}
	return nil
}
