package web

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"reperform/app"
	"reperform/calendar"
	"reperform/identity"
	"reperform/overview"
	"reperform/record"
	"reperform/soc1"
)

// matrixData is a matrix before anything is filtered: the numbers of one side
// about one engagement, with the words of every control. It does not change.
type matrixData struct {
	o *overview.Overview
	// engagements are all of the organization's, the latest first.
	engagements []record.Typed[soc1.Engagement]
	rows        []matrixRow
	// words are what each control is found by, folded.
	words []string
	// facets are the values by which each control can be filtered.
	facets map[string][][]string
	// grids are the evidence calendars, by zoom, with their rows as they are sent, and
	// measures those of the months; each is made when somebody asks.
	grids, calendarRows sync.Map
	measured            sync.Once
	measures            []calendar.Measure
	// kept are its rows as they are sent.
	kept keptRows
	// order are the values of each facet as people expect them, called names.
	order map[string][]string
	names map[string]map[string]string
	// lists are what the records were read from.
	lists []*record.List
}

// matrixKinds are the kinds that the numbers follow from.
var matrixKinds = []string{"organization", "business_calendar", "location", "performance", "engagement", "control_objective", "risk", "control", "person", "policy", "policy_approval", "description_section", "assertion",
	"representation_letter", "management_response", "cuec", "csoc", "subservice_organization", "other_information", "evidence", "test_of_control", "sample",
	"test_run", "result", "exception", "deviation", "conclusion", "walkthrough", "opinion", "examination"}

// matrixKey says whose numbers, about what, and as of when. People who read the
// same share them.
type matrixKey struct {
	work, orgLabel, workLabel string
	org, known                record.AsOf
	engagement                string
	today                     soc1.Date
	// names is the state of people's names where their records are not shown.
	names string
	// sizes are those of both ledgers now where the past is asked for: nothing
	// in the past changes, except that something is redacted, which makes the
	// ledger grow.
	sizes [2]int64
}

// matrixCache keeps matrices until a record changes that they rest on, or the
// day does.
type matrixCache struct {
	mu      sync.Mutex
	readers map[[3]string]*matrixReader
	kept    map[matrixKey]*matrixKept
	clock   int64
}

type matrixKept struct {
	data *matrixData
	used int64
	by   lookedAt
}

// mostMatrices bounds the cache; the one used longest ago goes.
const mostMatrices = 12

// listsOf are the lists behind the numbers: as long as they are the same ones,
// nothing has changed.
func listsOf(ctx context.Context, vs ...*record.View) ([]*record.List, error) {
	var out []*record.List
	for _, v := range vs {
		for _, kind := range matrixKinds {
			if !v.Shows(kind) {
				continue
			}
			l, err := v.Rows(ctx, kind)
			if err != nil {
				return nil, err
			}
			out = append(out, l)
		}
	}
	return out, nil
}

// matrixViews are the organization's ledger and the one that holds the work of
// the side whose statuses are shown, both as of one moment.
func (r *request) matrixViews() (org, work *record.View, err error) {
	if work, err = r.records(); err != nil || r.ledger == app.OrganizationLedger {
		return work, work, err
	}
	asOf := r.asOf
	if asOf.Known > 0 {
		at := r.past.Known
		if _, perr := strconv.ParseInt(at, 10, 64); perr == nil {
			t, err := r.moment(asOf.Known)
			if err != nil {
				return nil, nil, err
			}
			at = t.Format(time.RFC3339)
		}
		if asOf.Known, err = r.site.app.KnownAt(r.Context(), r.actor, app.OrganizationLedger, at); err != nil {
			return nil, nil, badRequest("known", err)
		}
	}
	org, err = r.site.app.View(r.Context(), r.actor, app.OrganizationLedger, asOf)
	return org, work, err
}

// moment is when the ledger of the request had grown to a size.
func (r *request) moment(size int64) (time.Time, error) {
	t, err := r.site.app.GrownAt(r.Context(), r.actor, r.ledger, size)
	var denied *identity.DeniedError
	if err != nil && !errors.As(err, &denied) {
		err = badRequest("known", err)
	}
	return t, err
}

// matrixDay is the day on which the numbers are asked for: today, or the day
// that the time machine stands at.
func (r *request) matrixDay() (soc1.Date, error) {
	today, err := r.site.app.Today(r.Context())
	if err != nil || !r.past.On() {
		return today, err
	}
	if r.asOf.Effective != "" {
		return r.asOf.Effective, nil
	}
	if d, err := soc1.ParseDate(r.past.Known); err == nil {
		return min(d, today), nil
	}
	t, err := r.moment(r.asOf.Known)
	if err != nil {
		return "", err
	}
	return min(today, soc1.Date(t.In(r.zone()).Format(time.DateOnly))), nil
}

// matrixOf reads the matrix of an engagement; without one, of that which is
// under way or ended last.
func (r *request) matrixOf(engagement string) (*matrixData, error) {
	org, work, err := r.matrixViews()
	if err != nil {
		return nil, err
	}
	side := soc1.ByManagement
	if r.ledger != app.OrganizationLedger {
		side = soc1.ByAuditor
		if !work.Shows("conclusion") || !work.Shows("test_of_control") {
			return nil, errNowhere
		}
	}
	if err := matrixWithheld(org); err != nil {
		return nil, err
	}
	today, err := r.matrixDay()
	if err != nil {
		return nil, err
	}
	engagements, err := record.All[soc1.Engagement](r.Context(), org, "engagement")
	if err != nil {
		return nil, err
	}
	chosen, err := r.engagement(engagements, engagement, today)
	if err != nil {
		return nil, err
	}
	var lists []*record.List
	if r.asOf.Known == 0 {
		if lists, err = listsOf(r.Context(), org, work); err != nil {
			return nil, err
		}
	}
	k := matrixKey{work: r.ledger, org: org.AsOf(), known: work.AsOf(), engagement: chosen.ID, today: today}
	if r.asOf.Known == 0 {
		// The present is told by its lists, not by the ledger's size.
		k.org.Known, k.known.Known = 0, 0
	} else if k.sizes, err = r.sizes(); err != nil {
		return nil, err
	}
	if k.orgLabel, k.workLabel, err = r.labels(); err != nil {
		return nil, err
	}
	if !org.Shows(personKind) {
		if k.names, err = r.rights(); err != nil {
			return nil, err
		}
	}
	d, err := r.site.matrices.get(k, lists, func(reader *overview.Reader, versions *record.Versions) (*matrixData, error) {
		if r.past.On() {
			// A list of a date does not tell of versions that come after it.
			versions = &record.Versions{}
		}
		q := overview.Question{Engagement: chosen.ID, Today: today}
		if chosen.ID == "" {
			q = overview.Ask(nil, today)
		}
		days := q.Days(chosen.Value)
		// What the firm releases to management is not handed over by app, so
		// none of it counts here.
		recs, err := reader.Load(r.Context(), side, keeping{org, versions}, work, days.From, days.To, overview.Released{})
		if err != nil {
			return nil, err
		}
		o, err := recs.Make(q)
		if err != nil {
			return nil, err
		}
		if !org.Shows(personKind) {
			r.nameOwners(o)
		}
		return newMatrixData(o, engagements), nil
	})
	if err == nil && !r.ahead && !r.past.On() {
		r.site.matrices.note(k, lookedAt{r.actor, r.ledger, chosen.ID, r.site.now()})
	}
	return d, err
}

// sizes are those of the organization's ledger and of the request's, now.
func (r *request) sizes() (out [2]int64, err error) {
	for i, name := range []string{app.OrganizationLedger, r.ledger} {
		v, err := r.site.app.View(r.Context(), r.actor, name, record.AsOf{})
		if err != nil {
			return out, err
		}
		out[i] = v.AsOf().Known
	}
	return out, nil
}

// rights names the state of what the person may do.
func (r *request) rights() (string, error) {
	reader, err := r.site.app.Reader(r.Context(), r.actor, app.OrganizationLedger)
	if err != nil {
		return "", err
	}
	return reader.Stamp(), nil
}

func (r *request) labels() (org, work string, err error) {
	a, err := r.site.app.Reader(r.Context(), r.actor, app.OrganizationLedger)
	if err != nil {
		return "", "", err
	}
	b, err := r.site.app.Reader(r.Context(), r.actor, r.ledger)
	if err != nil {
		return "", "", err
	}
	return a.Label(), b.Label(), nil
}

// engagement chooses the report in question. An examination has one.
func (r *request) engagement(all []record.Typed[soc1.Engagement], id string, today soc1.Date) (record.Typed[soc1.Engagement], error) {
	slices.SortFunc(all, func(a, b record.Typed[soc1.Engagement]) int {
		return cmp.Or(-cmp.Compare(a.Value.End(), b.Value.End()), cmp.Compare(a.ID, b.ID))
	})
	var none record.Typed[soc1.Engagement]
	asked := id
	if id == "" && r.ledger == app.OrganizationLedger {
		asked = overview.Ask(all, today).Engagement
	}
	for _, e := range all {
		if r.ledger != app.OrganizationLedger && app.ExaminationLedger(e.ID) == r.ledger || r.ledger == app.OrganizationLedger && e.ID == asked {
			return e, nil
		}
	}
	if id != "" || r.ledger != app.OrganizationLedger {
		return none, badRequest("engagement", fmt.Errorf("there is no engagement %q here", clipped(id, 60)))
	}
	return none, nil
}

// matrixReader loads for one at a time; whoever waits finds what was loaded.
type matrixReader struct {
	mu sync.Mutex
	overview.Reader
	// versions are those of controls, as latest recorded.
	versions record.Versions
	// last is what was made last: most of its rows are those of the next.
	last *matrixData
}

// keeping is a view that reads versions again only where something changed.
type keeping struct {
	*record.View
	kept *record.Versions
}

func (k keeping) Versions(ctx context.Context, kind string, from, to soc1.Date) ([]record.Version, error) {
	if kind != "control" {
		return k.View.Versions(ctx, kind, from, to)
	}
	return k.kept.Of(ctx, k.View, kind, from, to)
}

func (c *matrixCache) get(k matrixKey, lists []*record.List, load func(*overview.Reader, *record.Versions) (*matrixData, error)) (*matrixData, error) {
	d, reader := c.find(k, lists)
	if d != nil {
		return d, nil
	}
	reader.mu.Lock()
	defer reader.mu.Unlock()
	if d, _ = c.find(k, lists); d != nil {
		return d, nil
	}
	d, err := load(&reader.Reader, &reader.versions)
	if err != nil {
		return nil, err
	}
	d.lists = lists
	d.keepRows(reader.last)
	reader.last = d
	c.keep(k, d)
	return d, nil
}

// find is the matrix if it rests on these very lists, and who loads it if not.
func (c *matrixCache) find(k matrixKey, lists []*record.List) (*matrixData, *matrixReader) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.clock++
	past := k.org.Known > 0
	if x, ok := c.kept[k]; ok && (past || slices.Equal(x.data.lists, lists)) {
		x.used = c.clock
		return x.data, nil
	}
	if c.readers == nil {
		c.readers = map[[3]string]*matrixReader{}
	}
	who := [3]string{k.work, k.orgLabel, k.workLabel}
	if c.readers[who] == nil {
		c.readers[who] = &matrixReader{}
	}
	return nil, c.readers[who]
}

func (c *matrixCache) keep(k matrixKey, d *matrixData) {
	c.mu.Lock()
	defer c.mu.Unlock()
	x := &matrixKept{data: d, used: c.clock}
	if before, ok := c.kept[k]; ok {
		x.by = before.by
	}
	if c.kept == nil {
		c.kept = map[matrixKey]*matrixKept{}
	}
	c.kept[k] = x
	for len(c.kept) > mostMatrices {
		var oldest matrixKey
		at := c.clock
		for k, x := range c.kept {
			if x.used < at {
				oldest, at = k, x.used
			}
		}
		delete(c.kept, oldest)
	}
}

// note keeps who looked at a matrix last.
func (c *matrixCache) note(k matrixKey, by lookedAt) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if x, ok := c.kept[k]; ok {
		x.by = by
	}
}

// wanted are the matrices of the present that somebody looked at since.
func (c *matrixCache) wanted(since time.Time) (out []lookedAt) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, x := range c.kept {
		if x.by.at.After(since) {
			out = append(out, x.by)
		}
	}
	return out
}

// clear forgets all matrices, and what they were made of.
func (c *matrixCache) clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.kept, c.readers = nil, nil
}

// keepRows takes over the rows as they are sent that are the same as before.
func (d *matrixData) keepRows(before *matrixData) {
	if before == nil {
		return
	}
	at := make(map[string]int, len(before.rows))
	for i := range before.rows {
		at[before.rows[i].ID] = i
	}
	before.kept.mu.RLock()
	defer before.kept.mu.RUnlock()
	d.kept.rows = make(map[keptRow]rowParts, len(before.kept.rows))
	for i := range d.rows {
		was, ok := at[d.rows[i].ID]
		if !ok || d.rows[i] != before.rows[was] {
			continue
		}
		for _, locked := range []bool{false, true} {
			if parts, ok := before.kept.rows[keptRow{was, locked}]; ok {
				d.kept.rows[keptRow{i, locked}] = parts
			}
		}
	}
}

// newMatrixData works out what filters and rows need of every control.
func newMatrixData(o *overview.Overview, engagements []record.Typed[soc1.Engagement]) *matrixData {
	d := &matrixData{o: o, engagements: engagements, facets: map[string][][]string{}, order: map[string][]string{}, names: map[string]map[string]string{}}
	for _, f := range matrixFacets {
		d.facets[f.name] = make([][]string, len(o.Controls))
	}
	for i := range o.Controls {
		c := &o.Controls[i]
		d.rows = append(d.rows, newMatrixRow(o, c))
		words := []string{c.Ref.ID, c.Control.Code, c.Statement, c.Owner.Name, c.Control.Frequency.Label(), c.Control.Nature.Label(), c.Status.Label()}
		for _, n := range c.Risks {
			words = append(words, o.Risks[n].Risk.Code, o.Risks[n].Risk.Text)
		}
		for _, n := range c.Objectives {
			words = append(words, o.Objectives[n].Objective.Code, o.Objectives[n].Objective.Title)
		}
		d.words = append(d.words, record.Fold(strings.Join(words, " ")))
		for _, f := range matrixFacets {
			d.facets[f.name][i] = f.of(o, c)
		}
	}
	d.facets["overdue"] = overdueFacet(o)
	for _, f := range matrixFacets {
		names := map[string]string{}
		for _, values := range d.facets[f.name] {
			for _, v := range values {
				if _, ok := names[v]; !ok {
					names[v] = d.facetWord(f.name, v)
				}
			}
		}
		d.names[f.name], d.order[f.name] = names, d.ordered(f.name, names)
	}
	return d
}
