package web

// made is what was typed about a control of another program, where that was refused.
func made(p *frameworkPage, x *theirRow, field string) string {
	if !x.Open {
		return ""
	}
	return p.Typed.Get(field)
}

func planned(catalogue bool) string {
	if catalogue {
		return "requirement"
	}
	return "control"
}
