package web

import "fmt"

// stepsText says how many steps are done; nothing where a plan has none.
func stepsText(c *boardCard) string {
	if len(c.Value.Steps) == 0 {
		return ""
	}
	return fmt.Sprintf(" · %d of %s done", c.StepsDone, count(len(c.Value.Steps), "step"))
}

// shows tells whether the board has a plan's form.
func (p *boardPage) shows(plan string) bool {
	for _, c := range p.Columns {
		for i := range c.Cards {
			if c.Cards[i].ID == plan && p.refuses(&c.Cards[i]) && p.Close != "" {
				return true
			}
		}
	}
	return false
}

// refuses tells whether the closing that was refused is of this plan.
func (p *boardPage) refuses(c *boardCard) bool { return p.Refused != nil && p.Refused.Plan == c.ID }

// explanation is what was typed.
func (p *boardPage) explanation(c *boardCard) string {
	if !p.refuses(c) {
		return ""
	}
	return p.Refused.Explanation
}
