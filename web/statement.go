package web

import (
	"bytes"
	"context"
	"strings"

	"reperform/gap"
	"reperform/soc1"
)

// statementHelp tells whoever writes a control how its statement reads, which of the
// four parts it has, and what the rules would find in it.
type statementHelp struct {
	// Statement is the whole as the report prints it; empty while parts are missing.
	Statement string
	Parts     []statementPart
	Remarks   []gap.Remark
}

type statementPart struct {
	Name  string
	There bool
}

func helpWith(c soc1.Control) *statementHelp {
	h := &statementHelp{Statement: c.Statement(), Remarks: gap.OfStatement(c)}
	lacks := map[string]bool{}
	for _, p := range gap.Parts(c) {
		lacks[p] = true
	}
	for _, p := range gap.PartNames() {
		h.Parts = append(h.Parts, statementPart{p, !lacks[p]})
	}
	return h
}

// draftOf is a control as far as a form has its statement.
func draftOf(inputs []input) soc1.Control {
	var c soc1.Control
	for _, in := range inputs {
		switch in.Name {
		case "text":
			c.Text = in.Value
		case "who":
			c.Who = in.Value
		case "what":
			c.What = in.Value
		case "how_often":
			c.HowOften = in.Value
		case "exceptions":
			c.Exceptions = in.Value
		case "evidence":
			c.Evidence = in.Value
		case "precision":
			c.Precision = in.Value
		case "nature":
			c.Nature = soc1.ControlNature(in.Value)
		}
	}
	return c
}

// helps tells whether help stands behind a field of a form.
func (p *formPage) helps(in input) bool {
	return p.Help != nil && in.Name == "evidence"
}

// helpText is the help as the page shows it, for a form that is being filled in.
func helpText(ctx context.Context, value any) string {
	var c soc1.Control
	switch v := value.(type) {
	case soc1.Control:
		c = v
	case *soc1.Control:
		c = *v
	default:
		return ""
	}
	var b bytes.Buffer
	if err := statementBody(helpWith(c)).Render(ctx, &b); err != nil {
		return ""
	}
	return strings.TrimSpace(b.String())
}
