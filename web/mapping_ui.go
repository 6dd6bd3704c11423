package web

// madeCode is the code under which a control is to be made, as it was typed.
func madeCode(p *frameworkPage, x *theirRow) string {
	if x.Open && p.Typed.Get("code") != "" {
		return p.Typed.Get("code")
	}
	return x.Value.Code
}

// madeWhy is the reason of a judgement, as it was typed.
func madeWhy(p *frameworkPage, x *theirRow) string {
	if x.Open {
		return p.Typed.Get("why")
	}
	return ""
}

func planned(catalogue bool) string {
	if catalogue {
		return "requirement"
	}
	return "control"
}
