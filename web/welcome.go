package web

import (
	"net/http"

	"reperform/app"
	"reperform/record"
	"reperform/web/ui"
)

// welcomePage is what somebody does first: who has just come in by a link, or
// has made the workspace.
type welcomePage struct {
	f     *ui.Frame
	Steps []firstStep
	Agent string
}

// firstStep is something to do first, done or not.
type firstStep struct {
	Title, Text, Action, Href, Icon string
	Done                            bool
	// Passkey offers to add one here.
	Passkey bool
}

func (r *request) welcome() error {
	accounts := r.site.opt.Accounts
	_, a, err := accounts.Authenticate(r.Context(), r.token())
	if err != nil {
		return err
	}
	keys, err := accounts.Passkeys(r.Context(), r.token())
	if err != nil {
		return err
	}
	p := &welcomePage{Agent: agentText(r.UserAgent())}
	safe := firstStep{Title: "Make signing in safe", Text: "A passkey on this device signs you in by finger, face or PIN, and cannot be guessed or given away.",
		Passkey: true, Action: "Authenticator app instead", Href: "/settings/security"}
	switch {
	case len(keys) > 0:
		safe = firstStep{Title: "Signing in is safe", Text: "You have a passkey. Add a second one on another device, for the day on which this one is lost.", Done: true, Action: "Signing in", Href: "/settings/security"}
	case a.HasTOTP:
		safe = firstStep{Title: "Signing in is safe", Text: "An authenticator app is asked for after your password.", Done: true, Action: "Signing in", Href: "/settings/security"}
	}
	p.Steps = append(p.Steps, safe)
	more, err := r.welcomeSteps()
	if err != nil {
		return err
	}
	p.Steps = append(p.Steps, more...)
	if p.f, err = r.frame("Welcome", nil); err != nil {
		return err
	}
	return r.write(http.StatusOK, ui.Page(p.f, noActions(), welcomeBody(p)))
}

// welcomeSteps are those that follow from what the person may do.
func (r *request) welcomeSteps() ([]firstStep, error) {
	may, err := r.site.app.PeopleRights(r.Context(), r.actor, app.OrganizationLedger)
	if err != nil {
		return nil, err
	}
	v, err := r.site.app.View(r.Context(), r.actor, app.OrganizationLedger, record.AsOf{})
	if err != nil {
		// Guests and the firm's administrator read no registers.
		to := r.landing(r.actor)
		return []firstStep{{Title: "Begin", Text: "What you may see and do follows from your roles.", Action: "Go on", Href: to}}, nil
	}
	people, err := v.List(r.Context(), "person")
	if err != nil {
		return nil, err
	}
	controls, err := v.List(r.Context(), "control")
	if err != nil {
		return nil, err
	}
	if r.partly() {
		return []firstStep{{Title: "Begin", Text: "What you may see and do follows from your roles.", Action: "Go on", Href: "/"}}, nil
	}
	var out []firstStep
	if may.Invite {
		step := firstStep{Title: "Invite those who work with you", Text: "Control owners, executives and readers come in by a link and see what their role allows.", Action: "Invite somebody", Href: "/people/new"}
		if len(people) > 1 {
			step.Done, step.Text, step.Action, step.Href = true, count(len(people), "person")+" recorded.", "People", "/people"
			if len(people) != 1 {
				step.Text = thousands(len(people)) + " people are recorded."
			}
		}
		out = append(out, step)
	}
	step := firstStep{Title: "Look at the controls", Text: count(len(controls), "control") + " in the risk-control matrix: who does what, how often, and which evidence it leaves.", Action: "Risk-control matrix", Href: "/matrix"}
	if len(controls) == 0 {
		step = firstStep{Title: "Describe what you control", Text: "Start with one control objective for each class of transactions that you process, then the risks to it, then the controls.", Action: "First control objective", Href: "/r/control_objective/new"}
	}
	if may.Invite && len(controls) > 0 && len(people) == 1 {
		step.Title, step.Text = "Adapt the starter records", count(len(controls), "control")+" came from the library. They are a start: say who does what in your house, and retire what you do not do."
	}
	return append(out, step), nil
}

func firstLead(n int) string {
	switch n {
	case 1:
		return "One thing to do first."
	case 2:
		return "Two things to do first."
	}
	return "Three things to do first."
}
