package web

// narrowed is a filter that is on, as a narrow screen shows it: with the address
// of the page without it.
type narrowed struct {
	Text, Clear string
}

// narrowed are the filters of a register that are on.
func (p *registerPage) narrowed() []narrowed {
	var out []narrowed
	for _, f := range p.Filters {
		if f.On != "" {
			out = append(out, narrowed{f.Field.Label + ": " + f.On, f.Clear})
		}
	}
	return out
}

// narrowed are the filters of the matrix that are on.
func (p *matrixPage) narrowed() []narrowed {
	var out []narrowed
	for _, c := range p.Chips {
		if c.On != "" {
			out = append(out, narrowed{c.Label + ": " + c.On, c.Clear})
		}
	}
	if p.KeyOn {
		out = append(out, narrowed{"Key controls", p.KeyURL})
	}
	return out
}

// filtersName is what the button of the filters is called.
func filtersName(on int) string {
	if on == 0 {
		return "Filters"
	}
	return "Filters, " + count(on, "filter") + " on"
}

// on is how many of the filters of the activity's sheet are on.
func (p *activityPage) on() int { return boolInt(p.Actor != "") + boolInt(p.Kind != "") }
