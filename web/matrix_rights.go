package web

import (
	"errors"
	"strings"

	"reperform/app"
	"reperform/identity"
	"reperform/overview"
)

// matrixRights are what somebody may change in a matrix. App decides; this only
// keeps what it said, so that a page offers nothing that will be refused.
type matrixRights struct {
	// All says that any control may be changed, Own those that the person owns;
	// Any is either.
	All, Own, Any bool
	// Why not, where one may not.
	Why string
}

// rightsOf is what rights follow from: who somebody is, the state of what they may do,
// and whether there are controls of their own and of others to ask about.
type rightsOf struct {
	actor, stamp string
	own, others  bool
}

func (m matrixRights) may(c *overview.ControlLine, actor string) bool {
	return m.All || m.Own && actor != "" && c.Control.Owner == actor
}

// matrixRights asks app by trying, without recording: one control of somebody
// else's, and one of the person's own.
func (r *request) matrixRights(d *matrixData) matrixRights {
	if r.past.On() {
		return matrixRights{Why: "The past cannot be changed. Go back to today first."}
	}
	stamp, err := r.rights()
	if err != nil {
		return matrixRights{Why: "Controls cannot be changed at the moment."}
	}
	var out matrixRights
	var own, other *overview.ControlLine
	for i := range d.o.Controls {
		if c := &d.o.Controls[i]; c.Control.Owner == r.actor {
			own = c
		} else {
			other = c
		}
	}
	from := rightsOf{r.actor, stamp, own != nil, other != nil}
	if x, ok := r.site.rights.Get(from); ok {
		return x
	}
	try := func(c *overview.ControlLine) bool {
		if c == nil {
			return false
		}
		change := app.RecordChange{Ledger: app.OrganizationLedger, Kind: "control", ID: c.ID(), Revision: -1, Value: c.Control}
		bulk, err := r.site.app.PutRecords(r.Context(), r.actor, []app.RecordChange{change}, "", true)
		var denied *identity.DeniedError
		switch {
		case errors.As(err, &denied):
			out.Why = stopped(denied.Error())
			return false
		case bulk == nil:
			out.Why = "Controls cannot be changed at the moment."
			return false
		}
		for _, p := range bulk.Items[0].Problems {
			if p.Field == "kind" {
				out.Why = stopped(p.Message)
				return false
			}
		}
		return true
	}
	out.All = try(other)
	out.Own = out.All || try(own)
	if own != nil && other == nil {
		out.All = false
	}
	out.Any = out.All || out.Own
	if out.Any && !out.All && out.Why == "" {
		out.Why = "You may change the controls that you own."
	}
	r.site.rights.Put(from, out)
	return out
}

// stopped makes a message a sentence that somebody reads by itself.
func stopped(s string) string {
	if s == "" {
		return s
	}
	s = strings.ToUpper(s[:1]) + s[1:]
	if s[len(s)-1] != '.' {
		s += "."
	}
	return s
}
