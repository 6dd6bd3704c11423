package soc1

import "slices"

// Weekday is a day of the week.
type Weekday string

// The days of the week, as ISO 8601 orders them.
const (
	Monday    Weekday = "monday"
	Tuesday   Weekday = "tuesday"
	Wednesday Weekday = "wednesday"
	Thursday  Weekday = "thursday"
	Friday    Weekday = "friday"
	Saturday  Weekday = "saturday"
	Sunday    Weekday = "sunday"
)

var weekdays = enumeration{
	{"monday", "Monday"}, {"tuesday", "Tuesday"}, {"wednesday", "Wednesday"}, {"thursday", "Thursday"},
	{"friday", "Friday"}, {"saturday", "Saturday"}, {"sunday", "Sunday"},
}

// Values lists the stored spellings, Monday first.
func (Weekday) Values() []string { return weekdays.values() }

// Label is the word a person reads.
func (w Weekday) Label() string { return weekdays.label(string(w)) }

// BusinessCalendar says which days are business days where they are not the
// organization's own, Monday to Friday without its holidays: for a site in another
// country, or a desk that works on Saturdays. Controls and locations name it.
type BusinessCalendar struct {
	// Name is what people call the calendar.
	Name string `json:"name" label:"Name" required:"true"`
	// Weekdays are the days of the week that are worked.
	Weekdays []Weekday `json:"weekdays" label:"Working days of the week" required:"true" help:"The days on which people work, holidays left aside."`
	// Holidays are days that would be worked by the week and are not.
	Holidays []Date `json:"holidays,omitempty" label:"Holidays" help:"Days that are no business days although their weekday is worked."`
	// Description says whose calendar it is.
	Description string `json:"description,omitempty" label:"Description" multiline:"true" help:"Who works by it, and where its holidays come from."`
}

// Validate checks the calendar alone.
func (b BusinessCalendar) Validate() []Problem {
	c := examine(b)
	for i, d := range b.Holidays {
		c.when(d != "" && slices.Contains(b.Holidays[:i], d), at("holidays", i, ""), "The holiday "+string(d)+" is named twice.", "Name each day once.")
	}
	return c.problems
}
