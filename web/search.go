package web

import (
	"net/url"

	"reperform/app"
	"reperform/record"
)

// search finds records by id, code or words, best first.
func (r *request) search(q string, limit int) ([]found, error) {
	hits, err := r.site.app.Search(r.Context(), r.actor, q, limit)
	if err != nil {
		return nil, err
	}
	var out []found
	for _, h := range hits {
		k, err := record.Kinds.Kind(h.Kind)
		if err != nil {
			return nil, err
		}
		at := ""
		if h.Ledger != app.OrganizationLedger {
			at = "/x/" + url.PathEscape(h.Ledger)
		}
		text := clipped(record.Heading{Code: h.Code, Text: h.Title}.String(), 90)
		out = append(out, found{Text: text, What: k.Title, Href: r.site.base + at + "/r/" + url.PathEscape(h.Kind) + "/" + url.PathEscape(h.ID)})
	}
	return out, nil
}
