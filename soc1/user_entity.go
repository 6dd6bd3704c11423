package soc1

import "fmt"

// YearEnd is the day on which a fiscal year ends, every year, written month and
// day: "12-31". The last day of February is written "02-28" and stands for
// 29 February in leap years. The empty YearEnd means "not given".
type YearEnd string

// Valid reports whether there is such a day in every year.
func (y YearEnd) Valid() bool {
	message, _ := y.flaw()
	return message == ""
}

// flaw says why a text is no fiscal year end.
func (y YearEnd) flaw() (message, remedy string) {
	const remedyText = "Write month and day, for example 12-31 or 06-30."
	if len(y) != 5 || !Date("2001-"+string(y)).shaped() {
		return fmt.Sprintf("%q is not the end of a fiscal year.", string(y)), remedyText
	}
	if y == "02-29" {
		return "02-29 is a day of leap years only.", "Write 02-28: it stands for the last day of February in every year."
	}
	if !Date("2001-" + string(y)).Valid() {
		return fmt.Sprintf("There is no day %s in the calendar.", string(y)), remedyText
	}
	return "", ""
}

// In is the day on which the fiscal year ends that ends in a calendar year; empty
// when the year end is not one.
func (y YearEnd) In(year int) Date {
	if !y.Valid() {
		return ""
	}
	month, day := digits(string(y[:2])), digits(string(y[3:]))
	if month == 2 && day == 28 {
		day = daysInMonth(year, month)
	}
	return NewDate(year, month, day)
}

// Since is the first end of a fiscal year on or after a day.
func (y YearEnd) Since(d Date) Date {
	if end := y.In(d.Year()); end >= d {
		return end
	}
	return y.In(d.Year() + 1)
}

// Begin is the first day of the fiscal year that ends on a day.
func (y YearEnd) Begin(end Date) Date { return y.In(end.Year() - 1).AddDays(1) }

// Label writes the day as people do, "December 31".
func (y YearEnd) Label() string {
	switch {
	case !y.Valid():
		return string(y)
	case y == "02-28":
		return "End of February"
	}
	return fmt.Sprintf("%s %d", monthNames[digits(string(y[:2]))-1], digits(string(y[3:])))
}

// UserReliance is an account of a user entity that its auditor relies on the
// report for.
type UserReliance struct {
	// Account is the account.
	Account string `json:"account" label:"Account" ref:"account" required:"true"`
	// Assertions are those for which the controls count; empty means all that the
	// service bears on.
	Assertions []FinancialAssertion `json:"assertions,omitempty" label:"Assertions" help:"Leave empty for all that the service bears on."`
}

// UserEntity is a customer that uses the service, or a group of customers that
// are alike: whose fiscal years the report has to serve.
type UserEntity struct {
	// Name is the customer's name, or what the group has in common.
	Name string `json:"name" label:"Name" required:"true" help:"One customer, or a group of customers that are alike."`
	// Code is a short number of the customer list.
	Code string `json:"code,omitempty" label:"Code"`
	// Entities is how many user entities the record stands for; zero means one.
	Entities int64 `json:"entities,omitempty" label:"Stands for" help:"How many user entities the record stands for; empty means one."`
	// FiscalYearEnd is the day on which their fiscal years end.
	FiscalYearEnd YearEnd `json:"fiscal_year_end" label:"Fiscal year ends on" required:"true" help:"Month and day, for example 12-31. The last day of February is 02-28; for a year of 52 or 53 weeks, the nearest end of a month."`
	// Services are the services used; empty means all in scope.
	Services []string `json:"services,omitempty" label:"Services used" ref:"service" help:"Leave empty for all in scope."`
	// ReliesOn are the accounts for which their auditors rely on the report.
	ReliesOn []UserReliance `json:"relies_on,omitempty" label:"Accounts relied on"`
	// Asks is which report their contracts or their auditors ask for.
	Asks []ReportAsked `json:"asks,omitempty" label:"Report asked for" help:"By contract, or by their auditors."`
	// Auditor is the firm that audits them.
	Auditor string `json:"auditor,omitempty" label:"User auditor"`
	// From is the first day on which they used the service.
	From Date `json:"from,omitempty" label:"Customer from"`
	// Until is the last day, where they left.
	Until Date `json:"until,omitempty" label:"Customer until"`
	// Note is anything else that matters for the period.
	Note string `json:"note,omitempty" label:"Note" multiline:"true"`
}

// Weight is how many user entities the record stands for, at least one.
func (u UserEntity) Weight() int64 { return max(u.Entities, 1) }

// Validate checks the user entity alone.
func (u UserEntity) Validate() []Problem {
	c := examine(u)
	c.natural(u.Entities, "entities")
	c.when(u.Entities > 1_000_000, "entities", fmt.Sprintf("One record stands for %d user entities.", u.Entities), "Give at most 1000000.")
	c.ordered(u.From, u.Until, "from", "until")
	seen := map[string]bool{}
	for i, r := range u.ReliesOn {
		c.when(seen[r.Account] && r.Account != "", at("relies_on", i, "account"), fmt.Sprintf("%q is listed twice.", r.Account), "List it once, with all its assertions.")
		seen[r.Account] = true
	}
	return c.problems
}

// LegalEntity is a company or a part of one by which the service is provided.
type LegalEntity struct {
	// Name is how the report calls it.
	Name string `json:"name" label:"Name" required:"true"`
	// LegalName is its registered name.
	LegalName string `json:"legal_name,omitempty" label:"Legal name"`
	// Purpose says what it does for the service.
	Purpose string `json:"purpose,omitempty" label:"What it does" multiline:"true" help:"What it does for the services in scope."`
	// Services are the services that it provides.
	Services []string `json:"services,omitempty" label:"Services" ref:"service"`
	// Locations are the sites it works from.
	Locations []string `json:"locations,omitempty" label:"Locations" ref:"location"`
	// InScope says whether the entity belongs to the description.
	InScope bool `json:"in_scope" label:"In scope" help:"Whether the entity belongs to the system described in the report."`
	// Exclusion says why it is out of scope.
	Exclusion string `json:"exclusion,omitempty" label:"Reason for exclusion" multiline:"true"`
}

// Validate checks the entity alone.
func (e LegalEntity) Validate() []Problem { return examine(e).problems }
