package web

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"

	"reperform/app"
	"reperform/calendar"
	"reperform/record"
	"reperform/soc1"
	"reperform/web/chart"
	"reperform/web/ui"
)

// measuresPage are the measures by month, or the records behind one number.
type measuresPage struct {
	f      *ui.Frame
	Trends []measureTrend
	Months []measureMonth
	// Behind lists the records of one number instead.
	Behind *measureBehind
	Back   string
	Period string
	// Own is where the program's own evidence is filed, Owned leads to what was.
	Own, Engagement string
	Owned           ui.Link
}

// measureTrend is one measure over the months.
type measureTrend struct {
	Anchor, Title, Words, How string
	Drawing                   chart.HTML
}

// measureMonth is a line of the table.
type measureMonth struct {
	Month                               string
	Close, Business, Worst              string
	OnTime, Automated, Reused, Links    string
	CloseAt, OnTimeAt, AutoAt, ReusedAt string
}

type measureBehind struct {
	Title, What string
	Rows        []measureRecord
}

type measureRecord struct {
	Link ui.Link
	Note string
	// In says that the record is of the part, where the list is of the whole.
	In bool
}

// halvesText writes a number of halves.
func halvesText(h calendar.Halves) string {
	if h.Whole() {
		return fmt.Sprint(int(h / 2))
	}
	return fmt.Sprintf("%d½", int(h/2))
}

// meanText writes a mean with two places, rounded down, without fractions of ours.
func meanText(n, of int) string {
	if of == 0 {
		return ""
	}
	h := int64(n) * 100 / int64(of)
	return fmt.Sprintf("%d.%02d", h/100, h%100)
}

// shareText writes a share with what it is of.
func shareText(s calendar.Share) string {
	if !s.Known() {
		return "–"
	}
	return fmt.Sprintf("%s (%d of %d)", s.BasisPoints().Percent(), s.N, s.Of)
}

// calendarMeasures shows the measures, or the records behind one of them.
func (r *request) calendarMeasures() error {
	q := r.URL.Query()
	d, err := r.matrixOf(q.Get("engagement"))
	if err != nil {
		return err
	}
	p := &measuresPage{Period: dateText(string(d.o.Period.From)) + " – " + dateText(string(d.o.Period.To))}
	eng := url.Values{}
	if e := d.o.Engagement.ID; e != "" {
		eng.Set("engagement", e)
	}
	at := func(month, what string) string {
		v := url.Values{"month": {month}, "what": {what}}
		if e := eng.Get("engagement"); e != "" {
			v.Set("engagement", e)
		}
		return r.url("/calendar/measures?%s", v.Encode())
	}
	p.Back = r.url("/calendar/measures?%s", eng.Encode())
	if err := r.ownEvidence(p, d.o.Question.Engagement); err != nil {
		return err
	}
	months := d.measuresOf()
	crumbs := []ui.Link{{Text: "Evidence calendar", Href: "/calendar"}}
	title := "How controls are performed"
	if q.Get("month") != "" || q.Get("what") != "" {
		if p.Behind, err = r.measureBehind(d, months, q.Get("month"), q.Get("what")); err != nil {
			return err
		}
		crumbs = append(crumbs, ui.Link{Text: title, Href: "/calendar/measures?" + eng.Encode()})
		title = p.Behind.Title
	} else {
		for _, m := range months {
			key := string(m.Month.From)[:7]
			days, business := m.Days()
			x := measureMonth{Month: monthText(key), Close: "–", Business: "–", Worst: "–", OnTime: shareText(m.OnTime), Automated: shareText(m.Automated), Reused: shareText(m.Reused), Links: "–"}
			if h, ok := calendar.Median(days); ok {
				b, _ := calendar.Median(business)
				x.Close, x.Business = halvesText(h), halvesText(b)
				x.Worst = fmt.Sprintf("%d (%d business)", slices.Max(days), slices.Max(business))
				x.CloseAt = at(key, "close")
			}
			if m.OnTime.Known() {
				x.OnTimeAt = at(key, "on_time")
			}
			if m.Automated.Known() {
				x.AutoAt = at(key, "automation")
			}
			if m.Reused.Known() {
				x.ReusedAt, x.Links = at(key, "reuse"), meanText(m.Links, m.Reused.Of)
			}
			p.Months = append(p.Months, x)
		}
		p.Trends = measureTrends(months)
	}
	if p.f, err = r.frame(title, crumbs); err != nil {
		return err
	}
	p.f.Here = "/calendar"
	return r.write(http.StatusOK, ui.Page(p.f, noActions(), measuresBody(p)))
}

// measureTrends draw the measures and say how they moved.
func measureTrends(months []calendar.Measure) []measureTrend {
	var closing, onTime, automated, reused []chart.Point
	for _, m := range months {
		label := monthShort(m.Month.From)
		days, _ := m.Days()
		if h, ok := calendar.Median(days); ok {
			// Whole days are drawn; the table has the half.
			closing = append(closing, chart.Point{Label: label, Value: int(h) / 2})
		}
		for _, x := range []struct {
			share  calendar.Share
			points *[]chart.Point
		}{{m.OnTime, &onTime}, {m.Automated, &automated}, {m.Reused, &reused}} {
			if x.share.Known() {
				*x.points = append(*x.points, chart.Point{Label: label, Value: int(x.share.BasisPoints()) / 100})
			}
		}
	}
	trend := func(id, title, unit, how string, points []chart.Point, tone chart.Tone) measureTrend {
		t := measureTrend{Anchor: "m-" + id, Title: title, How: how, Words: trendWords(points, unit)}
		if len(points) > 1 {
			t.Drawing = chart.Line{ID: "line-" + id, Title: title, Unit: unit, Points: points, Tone: tone, Width: 520, Height: 150}.Figure()
		}
		return t
	}
	return []measureTrend{
		trend("close", "Close cycle", "days", "Median of the days from the end of each occurrence to its sign-off, of controls performed here.", closing, chart.Info),
		trend("on-time", "Performed in time", "percent", "Occurrences performed here by their day, of those that were due or signed.", onTime, chart.OK),
		trend("automation", "Automation", "percent", "Occurrences of automated controls, of all that have ended.", automated, chart.Info),
		trend("reuse", "Evidence used more than once", "percent", "Records of evidence for more than one control, of all for the month.", reused, chart.Info),
	}
}

// trendWords compare the last month with the one before and with the first.
func trendWords(points []chart.Point, unit string) string {
	value := func(n int) string {
		if unit == "days" {
			return count(n, "day")
		}
		return fmt.Sprintf("%d %s", n, unit)
	}
	switch n := len(points); n {
	case 0:
		return "Nothing to measure yet."
	case 1:
		return fmt.Sprintf("%s: %s.", points[0].Label, value(points[0].Value))
	default:
		first, before, last := points[0], points[n-2], points[n-1]
		moved := func(a, b int) string {
			switch {
			case b > a:
				return fmt.Sprintf("up from %s", value(a))
			case b < a:
				return fmt.Sprintf("down from %s", value(a))
			}
			return "as"
		}
		s := fmt.Sprintf("%s in %s, %s in %s", value(last.Value), last.Label, moved(before.Value, last.Value), before.Label)
		if n > 2 {
			s += fmt.Sprintf("; %s in %s", value(first.Value), first.Label)
		}
		return s + "."
	}
}

// measureBehind lists the records from which one number was counted.
func (r *request) measureBehind(d *matrixData, months []calendar.Measure, month, what string) (*measureBehind, error) {
	i := slices.IndexFunc(months, func(m calendar.Measure) bool { return string(m.Month.From)[:7] == month })
	if i < 0 {
		return nil, badRequest("month", fmt.Errorf("%q is no month of the period that has begun; write it as 2025-01", clipped(month, 20)))
	}
	m := months[i]
	out := &measureBehind{}
	line := func(ref soc1.Ref, note string, in bool) {
		x := r.behindRef(ref)
		text := x.Text
		if x.Code != "" {
			text = x.Code + " " + clipped(x.Text, 80)
		}
		if ref.Kind == "performance" {
			text, x.Href = r.performanceText(d, ref.ID)
		}
		out.Rows = append(out.Rows, measureRecord{Link: ui.Link{Text: text, Href: x.Href}, Note: note, In: in})
	}
	share := func(s calendar.Share, in, not string) {
		for _, ref := range s.OfRefs {
			part := slices.Contains(s.Refs, ref)
			note := not
			if part {
				note = in
			}
			line(ref, note, part)
		}
	}
	switch what {
	case "close":
		out.Title, out.What = "Close cycle, "+monthText(month), "Performances of occurrences that ended in the month, with the days to their sign-off; the slowest first."
		for _, c := range m.Closed {
			line(c.Ref, fmt.Sprintf("%s, %s", count(c.Days, "day"), count(c.Business, "business day")), false)
		}
	case "on_time":
		out.Title, out.What = "Performed in time, "+monthText(month), "Occurrences that ended in the month and are performed here: what was signed, or the control where nothing was. "+shareText(m.OnTime)
		share(m.OnTime, "in time", "late, returned or not performed")
	case "automation":
		out.Title, out.What = "Automation, "+monthText(month), "Controls with occurrences that ended in the month. Occurrences: "+shareText(m.Automated)
		share(m.Automated, "automated", "not automated")
	case "reuse":
		out.Title, out.What = "Evidence used more than once, "+monthText(month), "Records of evidence for the month. "+shareText(m.Reused)
		share(m.Reused, "for more than one control", "for one control")
	default:
		return nil, badRequest("what", fmt.Errorf("%q is no measure: close, on_time, automation and reuse are", clipped(what, 40)))
	}
	return out, nil
}

// performanceText calls a performance by its control and days, and leads to it.
func (r *request) performanceText(d *matrixData, id string) (text, href string) {
	p, ok := record.Find(d.o.Performances(), id)
	if !ok {
		return id, r.recordURL("performance", id)
	}
	code := p.Value.Control
	if line, ok := d.o.Control(p.Value.Control); ok {
		code = line.Control.Code
	}
	return code + ", " + spanText(p.Value.From, p.Value.To), r.url("/calendar/of/%s?from=%s&to=%s", url.PathEscape(p.Value.Control), p.Value.To, p.Value.To)
}

// ownEvidence offers to file what the program shows about itself.
func (r *request) ownEvidence(p *measuresPage, engagement string) error {
	p.Engagement = engagement
	v, err := r.records()
	if err != nil {
		return err
	}
	if e, err := record.One[soc1.Evidence](r.Context(), v, "evidence", "own-"+engagement); err == nil && !e.Retired {
		p.Owned = ui.Link{Text: "Filed up to " + dateText(string(e.Value.PeriodTo)), Href: r.recordURL("evidence", e.ID)}
	}
	if engagement != "" && !r.past.On() && r.site.app.MayPut(r.Context(), r.actor, app.OrganizationLedger, "evidence", "") == nil {
		p.Own = r.url("/calendar/own")
	}
	return nil
}

// fileOwnEvidence records what the program shows about itself as evidence.
func (r *request) fileOwnEvidence() error {
	if err := r.notOfPast(); err != nil {
		return err
	}
	v, err := r.formValues()
	if err != nil {
		return err
	}
	id, err := r.site.app.FileOwnEvidence(r.Context(), r.actor, v.Get("engagement"))
	if err != nil {
		return err
	}
	return r.redirect(r.recordURL("evidence", id))
}
