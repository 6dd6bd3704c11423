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

// Names of the files that the typesetter reads.
const (
	templateFile = "report.typ"
	modelFile    = "model.json"
)

// Job is what the typesetter is given for a model: the template and the data.
func Job(m *Model) (typst.Job, error) {
	data, err := m.JSON()
	if err != nil {
		return typst.Job{}, fmt.Errorf("report: %w", err)
	}
	return typst.Job{Main: templateFile, Files: map[string][]byte{templateFile: template, modelFile: data}}, nil
}

// Typesetter names what turns a model into a PDF: the compiler with its fonts,
// and the template by the beginning of its hash. Two programs that name the same
// give the same bytes for the same model; of another nobody can tell.
var Typesetter = fmt.Sprintf("%s, template %.4x", typst.Version, sha256.Sum256(template))

// Render typesets a model as a tagged PDF. The same model gives the same
// bytes: the file's date is the date of the report, or none while there is no
// such date, and its identifier follows from the model.
func Render(ctx context.Context, e *typst.Engine, m *Model) ([]byte, error) {
	job, err := Job(m)
	if err != nil {
		return nil, err
	}
	pdf, err := e.Compile(ctx, job)
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
	id.Write(job.Files[modelFile])
	copy(meta.ID[:], id.Sum(nil))
	out, err := typst.Finish(pdf, meta)
	if err != nil {
		return nil, fmt.Errorf("report: finishing the file: %w", err)
	}
	return out, nil
}
