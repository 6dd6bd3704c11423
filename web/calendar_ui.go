package web

import (
	"fmt"

	"reperform/calendar"
)

func calendarCount(p *calendarPage) string {
	if p.Shown == p.Total {
		return count(p.Total, "control")
	}
	return fmt.Sprintf("%d of %s", p.Shown, count(p.Total, "control"))
}

// calendarKey says what the signs mean.
func calendarKey() []calendarCell {
	var out []calendarCell
	for _, s := range []calendar.State{calendar.Present, calendar.Late, calendar.Missing, calendar.NotYetDue, calendar.NotOperating} {
		sign := cellSigns[s]
		out = append(out, calendarCell{Class: "cal-" + sign[0], Sign: sign[1], Text: s.Label()})
	}
	return out
}

// calendarTotalText says what the last row adds up.
func calendarTotalText(p *calendarPage) string {
	if p.Left > 0 || p.Filtered {
		return fmt.Sprintf("All %s that match", count(p.Shown, "control"))
	}
	return "All " + count(p.Shown, "control")
}
