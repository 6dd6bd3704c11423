package soc1

// ControlObjective is the outcome that the organization commits to control;
// management sets it, the auditor judges whether it is reasonable.
type ControlObjective struct {
	// Code is the number printed in the report, such as "PAY-3".
	Code string `json:"code" label:"Code" required:"true"`
	// Title is a short name for tables and headings.
	Title string `json:"title" label:"Title" required:"true"`
	// Text is the whole sentence: "Controls provide reasonable assurance
	// that …", an outcome and never an activity.
	Text string `json:"text" label:"Objective" required:"true" multiline:"true" help:"An outcome, beginning: Controls provide reasonable assurance that …"`
	// Assertions are the financial statement assertions that it serves.
	Assertions []FinancialAssertion `json:"assertions,omitempty" label:"Assertions"`
	// Services are the services it applies to; empty means all in scope.
	Services []string `json:"services,omitempty" label:"Services" ref:"service"`
	// TransactionClasses are the classes whose processing it controls.
	TransactionClasses []string `json:"transaction_classes,omitempty" label:"Transaction classes" ref:"transaction_class"`
	// FrameworkIDs are the identifiers of other frameworks that it answers
	// to, by framework name.
	FrameworkIDs map[string][]string `json:"framework_ids,omitempty" label:"Framework references"`
	// Order sorts objectives in the report, the lowest first.
	Order int `json:"order,omitempty" label:"Order"`
	// ChangeNote says why the objective differs from the prior year's.
	ChangeNote string `json:"change_note,omitempty" label:"Change from the prior report" multiline:"true"`
	// OmittedReason says why an objective of the library does not apply; an
	// objective with such a reason is not part of the report.
	OmittedReason string `json:"omitted_reason,omitempty" label:"Reason for omission" multiline:"true" help:"Only for an objective that is usual for the service and does not apply here."`
}

// Validate checks the objective alone.
func (o ControlObjective) Validate() []Problem {
	c := examine(o)
	c.frameworks(o.FrameworkIDs, "framework_ids")
	return c.problems
}

// Omitted reports whether the objective is kept only to say why it is absent.
func (o ControlObjective) Omitted() bool { return !blank(o.OmittedReason) }

// Risk is what could go wrong and keep an objective from being achieved.
type Risk struct {
	// Code is a short number within the risk register.
	Code string `json:"code" label:"Code" required:"true"`
	// Text says what could go wrong.
	Text string `json:"text" label:"What could go wrong" required:"true" multiline:"true"`
	// Objectives are the objectives it threatens.
	Objectives []string `json:"objectives,omitempty" label:"Control objectives" ref:"control_objective"`
	// Likelihood is 1 (remote) to 5 (almost certain); zero means not rated.
	Likelihood int `json:"likelihood,omitempty" label:"Likelihood" help:"1 remote to 5 almost certain, before controls."`
	// Impact is 1 (negligible) to 5 (severe); zero means not rated.
	Impact int `json:"impact,omitempty" label:"Impact" help:"1 negligible to 5 severe, on user entities' financial statements."`
	// ResidualLikelihood is the likelihood that remains with the controls in
	// operation, 1 to 5; zero means not rated.
	ResidualLikelihood int `json:"residual_likelihood,omitempty" label:"Residual likelihood" help:"1 remote to 5 almost certain, with the controls in operation."`
	// ResidualImpact is the impact that remains, 1 to 5; zero means not rated.
	ResidualImpact int `json:"residual_impact,omitempty" label:"Residual impact" help:"1 negligible to 5 severe, with the controls in operation."`
	// Fraud marks a risk of intentional misstatement or misappropriation.
	Fraud bool `json:"fraud,omitempty" label:"Fraud risk"`
	// Change marks a risk that arises from a change of system or business.
	Change bool `json:"change,omitempty" label:"Arises from change"`
	// Owner is who answers for the risk.
	Owner string `json:"owner,omitempty" label:"Owner" ref:"person"`
	// Response says how the risk is met where no control answers it.
	Response string `json:"response,omitempty" label:"Response" multiline:"true"`
}

// Validate checks the risk alone.
func (r Risk) Validate() []Problem {
	c := examine(r)
	if r.Likelihood != 0 {
		c.within(r.Likelihood, 1, 5, "likelihood")
	}
	if r.Impact != 0 {
		c.within(r.Impact, 1, 5, "impact")
	}
	if r.ResidualLikelihood != 0 {
		c.within(r.ResidualLikelihood, 1, 5, "residual_likelihood")
	}
	if r.ResidualImpact != 0 {
		c.within(r.ResidualImpact, 1, 5, "residual_impact")
	}
	c.when((r.ResidualLikelihood == 0) != (r.ResidualImpact == 0), "residual_impact", "Only one half of the residual rating is given.",
		"Give likelihood and impact as they remain, or neither.")
	return c.problems
}

// Rating is likelihood times impact, 1 to 25; zero when either is not rated.
func (r Risk) Rating() int { return r.Likelihood * r.Impact }

// ResidualRating is the same with the controls in operation; zero when it is
// not rated.
func (r Risk) ResidualRating() int { return r.ResidualLikelihood * r.ResidualImpact }
