package report

import (
	"context"
	"crypto/sha256"
	_ "embed"
	"fmt"
	"time"

	"reperform/report/typst"
)

//go:embed template/report.typ
var template []byte

// Render typesets a model as a tagged PDF. The same model gives the same
// bytes: the file's date is the date of the report, or none while there is no
// such date, and its identifier follows from the model.
func Render(ctx context.Context, e *typst.Engine, m *Model) ([]byte, error) {
	data, err := m.JSON()
	if err != nil {
		return nil, fmt.Errorf("report: %w", err)
	}
	pdf, err := e.Compile(ctx, typst.Job{Main: "report.typ", Files: map[string][]byte{"report.typ": template, "model.json": data}})
	if err != nil {
		return nil, fmt.Errorf("report: typesetting: %w", err)
	}
	meta := typst.Meta{Title: m.Title, Author: m.Author, Subject: m.Cover.Kind}
	if m.Draft != "" {
		meta.Subject = m.Draft
	}
	if m.Date.Valid() {
		meta.Created = time.Date(m.Date.Year(), time.Month(m.Date.Month()), m.Date.Day(), 0, 0, 0, 0, time.UTC)
	}
	id := sha256.New()
	id.Write([]byte(typst.Version))
	id.Write(template)
	id.Write(data)
	copy(meta.ID[:], id.Sum(nil))
	out, err := typst.Finish(pdf, meta)
	if err != nil {
		return nil, fmt.Errorf("report: finishing the file: %w", err)
	}
	return out, nil
}
