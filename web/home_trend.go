package web

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"reperform/app"
	"reperform/gap"
	"reperform/overview"
	"reperform/record"
	"reperform/soc1"
	"reperform/web/chart"
)

// The forecast: the score at which a program counts as ready, and the days whose
// pace is continued.
const (
	readyAt  = 95
	paceDays = 92
)

// homeKey says whose page, about what, and as of when.
type homeKey struct {
	actor, engagement, ledgers string
	today                      soc1.Date
}

// homeKey names the size of every ledger that the person may read: while none
// grows, the page is the same.
func (r *request) homeKey() (homeKey, error) {
	k := homeKey{actor: r.actor, engagement: r.URL.Query().Get("engagement")}
	var err error
	if k.today, err = r.site.app.Today(r.Context()); err != nil {
		return k, err
	}
	var b strings.Builder
	org, err := r.records()
	if err != nil {
		return k, err
	}
	fmt.Fprint(&b, org.AsOf().Known)
	for _, l := range r.site.app.Ledgers(r.Context(), r.actor) {
		if l == app.OrganizationLedger {
			continue
		}
		v, err := r.site.app.View(r.Context(), r.actor, l, record.AsOf{})
		if err != nil {
			return k, err
		}
		fmt.Fprint(&b, " ", l, " ", v.AsOf().Known)
	}
	k.ledgers = b.String()
	return k, nil
}

// homes keeps the pages of people as long as they hold.
type homes struct {
	mu     sync.Mutex
	pages  map[homeKey][2]string
	trends map[trendKey]*trend
}

// mostHomes bounds the pages kept; a page is some tens of kilobytes.
const mostHomes = 500

func (c *homes) get(k homeKey) (body, actions string, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	x, ok := c.pages[k]
	return x[0], x[1], ok
}

func (c *homes) put(k homeKey, body, actions string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.pages == nil || len(c.pages) >= mostHomes {
		c.pages = map[homeKey][2]string{}
	}
	// An earlier page of the same person is of no use any more.
	for old := range c.pages {
		if old.actor == k.actor && old.engagement == k.engagement {
			delete(c.pages, old)
		}
	}
	c.pages[k] = [2]string{body, actions}
}

// trendKey says whose numbers about what.
type trendKey struct {
	ledger, orgLabel, workLabel, engagement string
}

// trend are the points of days past. They never change, but for what is redacted
// afterwards, and are kept.
type trend struct {
	mu     sync.Mutex
	points map[soc1.Date]*overview.Point
	reader overview.Reader
}

// trendPatience is how long a page waits for the points of days past. Where it
// takes longer, the page comes without and asks again.
const trendPatience = 400 * time.Millisecond

// trend gives the points of the month ends before today since the period began,
// as the records were known and in force on each; ready is false while they are
// being worked out.
func (r *request) trend(d *matrixData) (points []overview.Point, ready bool, err error) {
	if r.past.On() {
		return nil, true, nil
	}
	k := trendKey{ledger: r.ledger, engagement: d.o.Engagement.ID}
	if k.orgLabel, k.workLabel, err = r.labels(); err != nil {
		return nil, false, err
	}
	r.site.homes.mu.Lock()
	t := r.site.homes.trends[k]
	if t == nil {
		if r.site.homes.trends == nil {
			r.site.homes.trends = map[trendKey]*trend{}
		}
		t = &trend{points: map[soc1.Date]*overview.Point{}}
		r.site.homes.trends[k] = t
	}
	r.site.homes.mu.Unlock()
	days := trendDays(d.o)
	type answer struct {
		points []overview.Point
		err    error
	}
	done := make(chan answer, 1)
	later := *r
	later.Request = r.WithContext(context.WithoutCancel(r.Context()))
	go func() {
		points, err := t.of(&later, d, days)
		done <- answer{points, err}
	}()
	select {
	case x := <-done:
		return x.points, true, x.err
	case <-time.After(r.site.patience()):
		return nil, false, nil
	}
}

func (s *Site) patience() time.Duration {
	if s.trendPatience > 0 {
		return s.trendPatience
	}
	return trendPatience
}

// trendDays are the month ends between the beginning of the period and today, and
// no more than three months after its end.
func trendDays(o *overview.Overview) []soc1.Date {
	end := min(o.Question.Today, o.Period.To.AddDays(paceDays))
	var out []soc1.Date
	for _, day := range overview.MonthEnds(end, 16) {
		if day > o.Period.From && day < o.Question.Today {
			out = append(out, day)
		}
	}
	return out
}

// of works out the points that are not known yet, one at a time.
func (t *trend) of(r *request, d *matrixData, days []soc1.Date) ([]overview.Point, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	var out []overview.Point
	for _, day := range days {
		p, ok := t.points[day]
		if !ok {
			var err error
			if p, err = t.point(r, d, day); err != nil {
				return nil, err
			}
			t.points[day] = p
		}
		if p != nil {
			out = append(out, *p)
		}
	}
	return out, nil
}

// point is one day of the past; nil when there was nothing to count yet.
func (t *trend) point(r *request, d *matrixData, day soc1.Date) (*overview.Point, error) {
	var views []*record.View
	for _, l := range []string{app.OrganizationLedger, r.ledger} {
		known, err := r.site.app.KnownAt(r.Context(), r.actor, l, string(day))
		if err != nil {
			if app.IsInternal(err) {
				return nil, err
			}
			return nil, nil // The ledger did not exist yet.
		}
		v, err := r.site.app.View(r.Context(), r.actor, l, record.AsOf{Known: known, Effective: day})
		if err != nil {
			return nil, err
		}
		views = append(views, v)
	}
	recs, err := t.reader.Load(r.Context(), d.o.By, views[0], views[1], d.o.Period.From, d.o.Period.To, overview.Released{})
	if err != nil {
		return nil, err
	}
	q := d.o.Question
	q.Today = day
	o, err := recs.Make(q)
	if err != nil || len(o.Controls) == 0 {
		return nil, nil // The engagement, or what it is about, was not recorded yet.
	}
	findings := 0
	if res, err := r.site.app.Gaps(r.Context(), r.actor, app.GapOptions{Ledger: r.ledger, Engagement: d.o.Engagement.ID, AsOf: views[1].AsOf(), Today: day}); err == nil {
		c := res.Component()
		o.Rules, findings = &c, res.Count(gap.Critical)+res.Count(gap.High)
	}
	p := o.Point()
	p.Findings = findings
	return &p, nil
}

// cards are the numbers at the top, each with its trend.
func (r *request) cards(n *homeNumbers, d *matrixData, f overview.Figures, points []overview.Point) {
	spark := func(of func(overview.Point) int, tone chart.Tone) chart.HTML {
		if len(points) < 2 {
			return ""
		}
		s := chart.Spark{Tone: tone}
		for _, p := range points {
			s.Points = append(s.Points, chart.Point{Label: dateText(string(p.Day)), Value: of(p)})
		}
		return s.SVG()
	}
	delta := func(c *homeCard, of func(overview.Point) int, up bool) {
		if len(points) < 2 {
			return
		}
		before := points[len(points)-2]
		change := of(points[len(points)-1]) - of(before)
		day := strings.TrimSuffix(dateText(string(before.Day)), fmt.Sprintf(" %d", d.o.Question.Today.Year()))
		c.Delta = strings.Replace(fmt.Sprintf("%+d since %s", change, day), "-", "−", 1)
		if change == 0 {
			c.Delta = "as on " + day
		}
		c.Good, c.Bad = change != 0 && (change > 0) == up, change != 0 && (change > 0) != up
	}
	score := func(p overview.Point) int { return p.Readiness }
	tested := func(p overview.Point) int { return p.Tested }
	open := func(p overview.Point) int { return p.OpenExceptions }
	overdue := func(p overview.Point) int { return p.Overdue }

	c := homeCard{Label: "Readiness score", Main: homeLink{N: -1, Text: fmt.Sprint(f.Readiness.Score), Href: "#makeup"}, Of: "/ 100", Spark: spark(score, chart.OK)}
	delta(&c, score, true)
	n.Cards = append(n.Cards, c)

	c = homeCard{Label: "Controls tested", Main: homeLink{N: f.Tested.N, Text: thousands(f.Tested.N), Href: r.toMatrix(d, "status", overview.Effective.Slug()+","+overview.Exception.Slug())}, Of: "of " + thousands(f.Tested.Of), Spark: spark(tested, chart.Info)}
	delta(&c, tested, true)
	n.Cards = append(n.Cards, c)

	c = homeCard{Label: "Open exceptions", Main: homeLink{N: f.OpenExceptions.N, Text: thousands(f.OpenExceptions.N), Href: r.behindURL(d, "exceptions")}, Spark: spark(open, chart.Bad),
		Sub: homeLink{N: f.High.N, Text: fmt.Sprintf("%d high", f.High.N), Href: r.behindURL(d, "exceptions.high")}}
	delta(&c, open, false)
	n.Cards = append(n.Cards, c)

	owing := len(f.Overdue.Refs)
	c = homeCard{Label: "Evidence overdue", Main: homeLink{N: f.Overdue.N, Text: thousands(f.Overdue.N), Href: r.behindURL(d, "overdue")}, Of: "of " + thousands(f.Overdue.Of) + " due", Spark: spark(overdue, chart.Warn)}
	if owing > 0 {
		c.Sub = homeLink{N: owing, Text: count(owing, "control"), Href: r.toMatrix(d, "overdue", anyMonth)}
	}
	delta(&c, overdue, false)
	n.Cards = append(n.Cards, c)
}

// forecastText says when the score would reach the mark, and how that is worked
// out.
func forecastText(f overview.Forecast) string {
	pace := fmt.Sprintf("from %d on %s to %d on %s", f.From.Readiness, dateText(string(f.From.Day)), f.To.Readiness, dateText(string(f.To.Day)))
	const how = " It is a straight line through these two points, and no more than that."
	switch {
	case f.Reached:
		return fmt.Sprintf("The score has reached %d, at which a program counts as ready here.", readyAt)
	case f.Days <= 0:
		return fmt.Sprintf("There is no earlier score to compare with, so nothing is said about when it reaches %d.", readyAt)
	case f.On == "":
		return fmt.Sprintf("The score went %s. It does not rise, so no day can be named on which it reaches %d.", pace, readyAt)
	}
	return fmt.Sprintf("At the pace of the last %s (%s) the score reaches %d on %s.", count(f.Days, "day"), pace, readyAt, dateText(string(f.On))) + how
}
