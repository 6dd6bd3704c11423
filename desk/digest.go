package desk

import (
	"slices"
	"time"
)

// Rhythm is how often a summary is sent.
type Rhythm string

// The rhythms.
const (
	Off    Rhythm = "off"
	Daily  Rhythm = "daily"
	Weekly Rhythm = "weekly"
)

// MailSettings are a person's wishes about mail.
type MailSettings struct {
	// AtOnce asks for a mail as soon as something is asked of the person.
	AtOnce bool `json:"at_once"`
	// Digest asks for a summary of what waits.
	Digest Rhythm `json:"digest"`
	// Hour is the hour of the day at which it is sent, 0 to 23, and Weekday the
	// day of the week, 0 for Sunday, which matters to a weekly one alone.
	Hour    int          `json:"hour"`
	Weekday time.Weekday `json:"weekday"`
	// Zone is the name of the time zone in which these are meant, such as
	// America/Chicago; empty is the organization's.
	Zone string `json:"zone,omitempty"`
}

// Check holds the settings to their ranges and answers ErrDigest.
func (m MailSettings) Check() error {
	_, err := m.location(time.UTC)
	if err != nil || !slices.Contains([]Rhythm{Off, Daily, Weekly}, m.Digest) || m.Hour < 0 || m.Hour > 23 || m.Weekday < time.Sunday || m.Weekday > time.Saturday {
		return ErrDigest
	}
	return nil
}

// location is the zone in which the settings are meant.
func (m MailSettings) location(organization *time.Location) (*time.Location, error) {
	switch m.Zone {
	case "":
		return organization, nil
	case "Local": // That of the machine, which is nobody's.
		return nil, ErrDigest
	}
	zone, err := time.LoadLocation(m.Zone)
	if err != nil {
		return nil, ErrDigest
	}
	return zone, nil
}

// Next is the first moment after another at which a summary is due, in the
// person's zone; the zero time for somebody who wants none. Where clocks are
// put forward over the hour, it is the moment after the gap; where they are put
// back, the first of the two.
func (m MailSettings) Next(after time.Time, organization *time.Location) time.Time {
	return m.search(after, organization, func(t time.Time) bool { return t.After(after) }, 1)
}

// Last is the latest moment not after another at which a summary was due; the
// zero time for somebody who wants none.
func (m MailSettings) Last(at time.Time, organization *time.Location) time.Time {
	return m.search(at, organization, func(t time.Time) bool { return !t.After(at) }, -1)
}

// search looks from day to day. A week and a day at each end are enough: a day
// that a zone skips as a whole gives the moment after it.
func (m MailSettings) search(from time.Time, organization *time.Location, right func(time.Time) bool, step int) time.Time {
	zone, err := m.location(organization)
	if err != nil || m.Digest != Daily && m.Digest != Weekly {
		return time.Time{}
	}
	y, mon, d := from.In(zone).Date()
	for i := -1; i <= 9; i++ {
		// Noon in UTC names a day without a zone's clocks being asked.
		day := time.Date(y, mon, d+i*step, 12, 0, 0, 0, time.UTC)
		if m.Digest == Weekly && day.Weekday() != m.Weekday {
			continue
		}
		if t := at(day.Year(), day.Month(), day.Day(), m.Hour, zone); right(t) {
			return t
		}
	}
	return time.Time{}
}

// at is the moment at which clocks of a zone show an hour: the first, when they
// show it twice, and the first later one, when they skip it. time.Date leaves
// open which of the possible moments it gives.
func at(year int, month time.Month, day, hour int, zone *time.Location) time.Time {
	t := time.Date(year, month, day, hour, 0, 0, 0, zone)
	start, end := t.ZoneBounds()
	wall := func(t time.Time) time.Time {
		return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), 0, time.UTC)
	}
	switch wanted := time.Date(year, month, day, hour, 0, 0, 0, time.UTC); {
	case wall(t).Before(wanted):
		return end
	case wall(t).After(wanted):
		return start
	}
	if !start.IsZero() {
		_, before := start.Add(-time.Second).Zone()
		_, now := t.Zone()
		if first := t.Add(-time.Duration(before-now) * time.Second); before > now && first.Before(start) {
			return first
		}
	}
	return t
}
