package web

import (
	"cmp"
	"encoding/csv"
	"fmt"
	"strings"

	"reperform/app"
	"reperform/mapping"
)

// frameworkExported is the framework of the address with its register, and the name of the
// file without an ending.
func (r *request) frameworkExported(list string) (*mapping.Register, *mapping.Framework, string, error) {
	reg, err := r.mappingNow()
	if err != nil {
		return nil, nil, "", err
	}
	name := r.PathValue("framework")
	f := reg.Framework(name)
	if f == nil {
		return nil, nil, "", badRequest("framework", fmt.Errorf("there is no framework %q", clipped(name, 60)))
	}
	today, err := r.site.app.Today(r.Context())
	if err != nil {
		return nil, nil, "", err
	}
	return reg, f, strings.Join([]string{"coverage", cmp.Or(app.IDFrom(name), "framework"), list, cmp.Or(r.past.Effective, string(today))}, "-"), nil
}

// coverageCSV writes one list of a framework as text.
func (r *request) coverageCSV() error {
	list := cmp.Or(r.URL.Query().Get("list"), "requirements")
	reg, f, name, err := r.frameworkExported(app.IDFrom(list))
	if err != nil {
		return err
	}
	t := reg.Table(f, list)
	if t == nil {
		return badRequest("list", fmt.Errorf("there is no list %q; there are %s", clipped(list, 40), strings.Join(mapping.TableNames, ", ")))
	}
	return r.csvFile(name+".csv", func(w *csv.Writer) error {
		_ = w.Write(t.Heads())
		for _, l := range t.Rows {
			for i := range l {
				l[i] = app.PlainCell(l[i])
			}
			_ = w.Write(l)
		}
		return nil
	})
}

// coverageXLSX writes all lists of a framework as a workbook, with a page on what it is.
func (r *request) coverageXLSX() error {
	reg, f, name, err := r.frameworkExported("both-ways")
	if err != nil {
		return err
	}
	v, err := r.records()
	if err != nil {
		return err
	}
	about := append([][2]string{{"Organization", r.organizationName()}}, f.About(reg)...)
	if r.past.On() {
		about = append(about, [2]string{"Point in time", r.past.Text})
	}
	state, err := r.aboutLedger(v)
	if err != nil {
		return err
	}
	b, err := mapping.Workbook(reg.Tables(f), append(about, state...))
	if err != nil {
		return err
	}
	return r.attachment(name+".xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", b)
}
