package soc1

// Organization is the service organization that a workspace belongs to.
type Organization struct {
	// Name is how the organization is called in the report's running text.
	Name string `json:"name" label:"Name" required:"true" help:"As the report's running text calls the organization."`
	// LegalName is the full registered name, used once and in letters.
	LegalName string `json:"legal_name,omitempty" label:"Legal name" help:"The registered name, for the title page and the letters."`
	// Timezone is the IANA zone that decides which day an instant falls on.
	Timezone string `json:"timezone" label:"Time zone" required:"true" help:"IANA name, for example America/Chicago; it decides on which day something happened."`
	// Currency is the ISO 4217 code of the organization's own amounts.
	Currency string `json:"currency,omitempty" label:"Currency" help:"ISO 4217 code, for example USD."`
	// Holidays are the days, besides Saturdays and Sundays, that are no
	// business days.
	Holidays []Date `json:"holidays,omitempty" label:"Holidays" help:"Days besides weekends that are no business days; controls due in business days are tested by them."`
	// City is where the organization signs its assertion.
	City string `json:"city,omitempty" label:"City"`
	// Country is where the organization is registered.
	Country string `json:"country,omitempty" label:"Country"`
	// Description is a paragraph on what the organization does.
	Description string `json:"description,omitempty" label:"Description" multiline:"true" help:"What the organization does and for whom, in measurable terms."`
}

// Validate checks the organization alone.
func (o Organization) Validate() []Problem {
	c := examine(o)
	c.when(o.Currency != "" && !isCurrency(o.Currency), "currency", "This is not a currency code.", currencyRemedy)
	c.when(!blank(o.Timezone) && !zoneName(o.Timezone), "timezone", "This is not the name of a time zone.",
		"Give the IANA name, for example America/Chicago or UTC; abbreviations such as EST are ambiguous.")
	return c.problems
}

// zoneName reports whether a text has the shape of an IANA zone name; whether
// the zone exists is known to the time zone database only.
func zoneName(s string) bool {
	if s == "UTC" {
		return true
	}
	slash := false
	for i, r := range s {
		switch {
		case r == '/':
			if i == 0 || i == len(s)-1 {
				return false
			}
			slash = true
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '_', r == '-', r == '+':
		default:
			return false
		}
	}
	return slash
}

// SystemType says what kind of thing a system is.
type SystemType string

// The kinds of system that a description distinguishes.
const (
	SystemApplication    SystemType = "application"
	SystemDatabase       SystemType = "database"
	SystemOperating      SystemType = "operating_system"
	SystemNetwork        SystemType = "network"
	SystemIdentity       SystemType = "identity"
	SystemInfrastructure SystemType = "infrastructure"
	SystemTool           SystemType = "tool"
	SystemOther          SystemType = "other"
)

var systemTypes = enumeration{
	{"application", "Application"}, {"database", "Database"}, {"operating_system", "Operating system"},
	{"network", "Network"}, {"identity", "Identity provider"}, {"infrastructure", "Infrastructure"},
	{"tool", "Tool"}, {"other", "Other"},
}

// Values lists the stored spellings.
func (SystemType) Values() []string { return systemTypes.values() }

// Label is the word a person reads.
func (t SystemType) Label() string { return systemTypes.label(string(t)) }

// System is an application or a part of the infrastructure that the service
// runs on.
type System struct {
	// Name is what people call the system.
	Name string `json:"name" label:"Name" required:"true"`
	// Purpose says what the system does for the service.
	Purpose string `json:"purpose,omitempty" label:"Purpose" multiline:"true" help:"What the system does for the in-scope services."`
	// SystemType is the kind of system.
	SystemType SystemType `json:"system_type,omitempty" label:"Type"`
	// Supplier is who makes it, or "in-house".
	Supplier string `json:"supplier,omitempty" label:"Supplier" help:"Who makes the system, or in-house."`
	// Locations are the sites the system runs at.
	Locations []string `json:"locations,omitempty" label:"Locations" ref:"location"`
	// Services are the services that depend on the system.
	Services []string `json:"services,omitempty" label:"Services" ref:"service"`
	// SubserviceOrganization is who operates the system when that is not the
	// service organization itself.
	SubserviceOrganization string `json:"subservice_organization,omitempty" label:"Operated by" ref:"subservice_organization" help:"Leave empty when the organization operates the system itself."`
	// InScope says whether the system belongs to the description.
	InScope bool `json:"in_scope" label:"In scope" help:"Whether the system belongs to the system described in the report."`
	// Objectives are the general IT control objectives that protect the
	// system; without one, Exclusion says why no reliance is needed.
	Objectives []string `json:"objectives,omitempty" label:"General IT control objectives" ref:"control_objective" help:"The objectives on access, change and operations that cover this system."`
	// Exclusion says why the system is out of scope or needs no general IT
	// controls.
	Exclusion string `json:"exclusion,omitempty" label:"Reason for exclusion" multiline:"true"`
}

// Validate checks the system alone.
func (s System) Validate() []Problem { return examine(s).problems }

// Location is a site at which the service is performed or its systems stand.
type Location struct {
	// Name is what people call the site.
	Name string `json:"name" label:"Name" required:"true"`
	// Address is the postal address.
	Address string `json:"address,omitempty" label:"Address" multiline:"true"`
	// City is the site's city.
	City string `json:"city,omitempty" label:"City"`
	// Country is the site's country.
	Country string `json:"country,omitempty" label:"Country"`
	// Purpose says what happens there.
	Purpose string `json:"purpose,omitempty" label:"Purpose" help:"What happens at this site."`
	// InScope says whether the site belongs to the description.
	InScope bool `json:"in_scope" label:"In scope" help:"Whether the site belongs to the system described in the report."`
	// Exclusion says why the site is out of scope.
	Exclusion string `json:"exclusion,omitempty" label:"Reason for exclusion" multiline:"true"`
	// Calendar says which days are business days there; empty takes the
	// organization's.
	Calendar string `json:"calendar,omitempty" label:"Business calendar" ref:"business_calendar" help:"Leave empty to work by the organization's."`
}

// Validate checks the location alone.
func (l Location) Validate() []Problem { return examine(l).problems }

// Service is something the organization does for user entities.
type Service struct {
	// Name is the service's name in the report.
	Name string `json:"name" label:"Name" required:"true"`
	// Description says what is done for user entities.
	Description string `json:"description,omitempty" label:"Description" multiline:"true"`
	// InScope says whether the report covers the service.
	InScope bool `json:"in_scope" label:"In scope" help:"Whether the report covers this service."`
	// Exclusion says why a service is not covered.
	Exclusion string `json:"exclusion,omitempty" label:"Reason for exclusion" multiline:"true"`
	// TemplateCode is the service type of the template library that the
	// service was started from, such as "PAY".
	TemplateCode string `json:"template_code,omitempty" label:"Template" help:"The service type of the template library it was started from."`
	// Order sorts services in the report, the lowest first.
	Order int `json:"order,omitempty" label:"Order"`
}

// Validate checks the service alone.
func (s Service) Validate() []Problem { return examine(s).problems }

// TransactionClass is a class of transactions processed for user entities;
// its five stages are what the description must follow from initiation to
// report (AT-C 320, criteria for a fair description).
type TransactionClass struct {
	// Name is the class, such as "Payroll disbursements".
	Name string `json:"name" label:"Name" required:"true"`
	// Services are the services that process the class.
	Services []string `json:"services" label:"Services" ref:"service" required:"true"`
	// Initiated says how a transaction begins.
	Initiated string `json:"initiated,omitempty" label:"How initiated" multiline:"true"`
	// Authorized says who or what authorizes it.
	Authorized string `json:"authorized,omitempty" label:"How authorized" multiline:"true"`
	// Recorded says how it gets into the records.
	Recorded string `json:"recorded,omitempty" label:"How recorded" multiline:"true"`
	// Processed says how it is calculated and corrected.
	Processed string `json:"processed,omitempty" label:"How processed" multiline:"true"`
	// Reported says how it reaches user entities' reports.
	Reported string `json:"reported,omitempty" label:"How reported" multiline:"true"`
	// Corrected says how errors are put right, which criterion D2 asks for.
	Corrected string `json:"corrected,omitempty" label:"How corrected" multiline:"true"`
	// Order sorts classes in the report, the lowest first.
	Order int `json:"order,omitempty" label:"Order"`
}

// Validate checks the transaction class alone.
func (t TransactionClass) Validate() []Problem { return examine(t).problems }

// Statement is the financial statement of a user entity in which an account
// appears.
type Statement string

// The statements an account can belong to.
const (
	BalanceSheet    Statement = "balance_sheet"
	IncomeStatement Statement = "income_statement"
	CashFlow        Statement = "cash_flow"
	Disclosure      Statement = "disclosure"
)

var statements = enumeration{
	{"balance_sheet", "Balance sheet"}, {"income_statement", "Income statement"},
	{"cash_flow", "Statement of cash flows"}, {"disclosure", "Disclosure"},
}

// Values lists the stored spellings.
func (Statement) Values() []string { return statements.values() }

// Label is the word a person reads.
func (s Statement) Label() string { return statements.label(string(s)) }

// Account is an account or a disclosure in user entities' financial
// statements that the service can affect.
type Account struct {
	// Name is the account's usual name.
	Name string `json:"name" label:"Name" required:"true"`
	// Statement is where the account appears.
	Statement Statement `json:"statement,omitempty" label:"Statement"`
}

// Validate checks the account alone.
func (a Account) Validate() []Problem { return examine(a).problems }

// FinancialAssertion is an assertion embodied in user entities' financial
// statements; control objectives exist to serve these.
type FinancialAssertion string

// The assertions of the vocabulary.
const (
	Completeness FinancialAssertion = "completeness"
	Accuracy     FinancialAssertion = "accuracy"
	Validity     FinancialAssertion = "validity"
	Cutoff       FinancialAssertion = "cutoff"
	Existence    FinancialAssertion = "existence"
	Rights       FinancialAssertion = "rights"
	Presentation FinancialAssertion = "presentation"
)

var financialAssertions = enumeration{
	{"completeness", "Completeness"}, {"accuracy", "Accuracy"}, {"validity", "Validity/occurrence"},
	{"cutoff", "Cutoff"}, {"existence", "Existence"}, {"rights", "Rights and obligations"},
	{"presentation", "Presentation"},
}

// Values lists the stored spellings.
func (FinancialAssertion) Values() []string { return financialAssertions.values() }

// Label is the word a person reads.
func (a FinancialAssertion) Label() string { return financialAssertions.label(string(a)) }

// AssertionRelevance says that a transaction class matters to an account, and
// for which assertions: the reason why a service belongs in a SOC 1 report.
type AssertionRelevance struct {
	// TransactionClass is the class meant.
	TransactionClass string `json:"transaction_class" label:"Transaction class" ref:"transaction_class" required:"true"`
	// Account is the account affected.
	Account string `json:"account" label:"Account" ref:"account" required:"true"`
	// Assertions are the assertions that the class bears on.
	Assertions []FinancialAssertion `json:"assertions" label:"Assertions" required:"true"`
	// Why explains the connection.
	Why string `json:"why,omitempty" label:"Why" multiline:"true" help:"How an error in this class would reach the account."`
}

// Validate checks the relevance alone.
func (a AssertionRelevance) Validate() []Problem { return examine(a).problems }
