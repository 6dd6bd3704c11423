// Package pdftext takes the text out of a PDF, page by page, in a process of its own that
// is fenced in: what a file of somebody else's makes of a parser must not reach the
// program. It promises an end within the time allowed and an answer that says why there is
// no text: the file is no PDF, is locked by a password, holds pictures of pages only, or
// is larger than is read. It knows nothing of what the text means, and never runs or
// fetches what a file names.
package pdftext

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"reperform/population/sandbox"
)

// What is read at most.
const (
	// MostBytes is the largest file.
	MostBytes = 64 << 20
	// MostPages is how many pages are read of a longer one.
	MostPages = 800
	// mostText is how many bytes of text are taken, mostMemory how much the child may
	// use, mostTime how long it may take.
	mostText   = 8 << 20
	mostMemory = 1 << 30
	mostTime   = 60 * time.Second
)

// Page is the text of one page, in lines.
type Page struct {
	Number int    `json:"page"`
	Text   string `json:"text"`
}

// Text is the text of a document.
type Text struct {
	Pages []Page `json:"pages"`
	// Of is how many pages the document has; Cut says that not all of them were read.
	Of  int  `json:"of"`
	Cut bool `json:"cut,omitempty"`
}

// Why there is no text.
var (
	ErrNotPDF    = errors.New("this is no PDF")
	ErrEncrypted = errors.New("the PDF is locked by a password")
	ErrNoText    = errors.New("the PDF holds pictures of pages and no text")
	ErrTooLarge  = fmt.Errorf("the file is larger than %d MB, which is the most that is read", MostBytes>>20)
	ErrUnread    = errors.New("the PDF cannot be read: it is damaged, or built in a way that is not understood")
)

var reasons = map[string]error{"not_pdf": ErrNotPDF, "encrypted": ErrEncrypted, "no_text": ErrNoText, "too_large": ErrTooLarge, "unread": ErrUnread}

// answer is what the child says.
type answer struct {
	Text   Text   `json:"text"`
	Reason string `json:"reason,omitempty"`
}

// ServeChild reads a PDF from in and writes its text to out. It is what the hidden
// command of the child process calls; nothing else may write to out.
func ServeChild(in io.Reader, out io.Writer) error {
	if err := sandbox.Limit(0, mostMemory); err != nil {
		return err
	}
	b, err := io.ReadAll(io.LimitReader(in, MostBytes+1))
	if err != nil {
		return err
	}
	var a answer
	text, err := extract(b)
	for reason, known := range reasons {
		if errors.Is(err, known) {
			a.Reason = reason
		}
	}
	if err == nil {
		a.Text = text
	}
	return json.NewEncoder(out).Encode(a)
}

// Read has a child process, started by a command, take the text out of a PDF.
func Read(ctx context.Context, command []string, pdf []byte) (Text, error) {
	switch {
	case len(pdf) > MostBytes:
		return Text{}, ErrTooLarge
	case !looksLikePDF(pdf):
		return Text{}, ErrNotPDF
	}
	ctx, cancel := context.WithTimeout(ctx, mostTime)
	defer cancel()
	child, err := sandbox.Start(command, sandbox.Policy{})
	if err != nil {
		return Text{}, err
	}
	go func() {
		_, _ = io.Copy(child.In, bytes.NewReader(pdf))
		child.In.Close()
	}()
	var a answer
	read := make(chan error, 1)
	go func() {
		// The escapes of JSON take up to six bytes for one.
		read <- json.NewDecoder(io.LimitReader(child.Out, 8*mostText)).Decode(&a)
	}()
	select {
	case <-ctx.Done():
		child.Kill()
		<-read
		return Text{}, ErrUnread
	case err := <-read:
		child.Kill()
		if err != nil {
			// The child ended without an answer: the file was more than it could bear.
			return Text{}, ErrUnread
		}
	}
	if err := reasons[a.Reason]; err != nil {
		return Text{}, err
	}
	return a.Text, nil
}

func looksLikePDF(b []byte) bool { return bytes.Contains(b[:min(len(b), 1024)], []byte("%PDF-")) }
