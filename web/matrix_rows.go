package web

import (
	"context"
	"io"
	"strings"
	"sync"

	"github.com/a-h/templ"

	"reperform/web/ui"
)

// Where a row that is kept gets its id and the address that opens it.
const (
	idMark   = "\x00i\x00"
	openMark = "\x00o\x00"
)

// rowParts is a row as it is sent, in three parts: before its id, up to the
// address that opens it, and the rest.
type rowParts [3]string

// keptRows are the rendered rows of a matrix, for those who may change them and
// for those who may not. A hundred rows are most of a page, and they change
// only with the records.
type keptRows struct {
	mu   sync.RWMutex
	rows map[keptRow]rowParts
}

type keptRow struct {
	at     int
	locked bool
}

func (k *keptRows) of(ctx context.Context, f *ui.Frame, at int, locked bool, x *matrixRow) (rowParts, error) {
	key := keptRow{at, locked}
	k.mu.RLock()
	parts, ok := k.rows[key]
	k.mu.RUnlock()
	if ok {
		return parts, nil
	}
	var b strings.Builder
	if err := matrixRowView(f, idMark, openMark, locked, x).Render(ctx, &b); err != nil {
		return parts, err
	}
	before, rest, _ := strings.Cut(b.String(), idMark)
	middle, after, _ := strings.Cut(rest, openMark)
	parts = rowParts{before, middle, after}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.rows == nil {
		k.rows = map[keptRow]rowParts{}
	}
	k.rows[key] = parts
	return parts, nil
}

// matrixRowOf writes a control's row within a group.
func matrixRowOf(p *matrixPage, group string, at int) templ.Component {
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		x := &p.Data.rows[at]
		locked := !p.Rights.may(&p.Data.o.Controls[at], p.person)
		parts, err := p.Data.kept.of(ctx, p.f, at, locked, x)
		if err != nil {
			return err
		}
		for _, s := range [...]string{parts[0], "m-", templ.EscapeString(group), "-", templ.EscapeString(x.ID), parts[1], templ.EscapeString(p.openAt), templ.EscapeString(x.ID), parts[2]} {
			if _, err := io.WriteString(w, s); err != nil {
				return err
			}
		}
		return nil
	})
}
