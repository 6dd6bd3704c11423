package app

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"reperform/english"
	"reperform/ledger"
	"reperform/record"
	"reperform/soc1"
)

// OwnEvidence is what the program shows about itself for the days of a report. A control
// that is performed here makes the program one of the systems in scope: the auditor asks
// who had access, what was changed that decides what the program shows, and whether its
// lists are complete and accurate.
type OwnEvidence struct {
	Engagement record.Typed[soc1.Engagement]
	// From and To are the days told of: those of the report, as far as they have come.
	From, To soc1.Date
	Tables   []OwnTable
	// About says what each table is, how it is made and how to make it again, as
	// Markdown.
	About string
}

// OwnTable is one list.
type OwnTable struct {
	// Name is that of its file, without an ending.
	Name string
	// What says what it lists.
	What string
	Head []string
	Rows [][]string
}

// CSV is the table as a file.
func (t *OwnTable) CSV() []byte { return CSV(t.Head, t.Rows) }

// ownAccess are the kinds that decide who may do what, ownSettings those that decide
// what the program shows and asks for; of controls the fields that do.
var (
	ownAccess   = []string{"person", "role", "deputy", "invitation"}
	ownSettings = []string{"organization", "location", "business_calendar", "engagement", "control"}
	ownControl  = []string{"objectives", "frequency", "owner", "performer", "reviewer", "segregated", "performed_here", "checklist", "balances", "due_business_days", "business_calendar", "active_from", "active_to"}
)

// OwnEvidence makes the lists for a report; empty is the one under way or ended last. It
// is refused to whoever does not read all of the organization's ledger.
func (a *App) OwnEvidence(ctx context.Context, actor, engagement string) (*OwnEvidence, error) {
	o, err := a.Occurrences(ctx, actor, engagement, record.AsOf{})
	if err != nil {
		return nil, err
	}
	if o.Question.Engagement == "" {
		return nil, &FieldError{"engagement", "No report is planned yet, and so no days are asked about. Record an engagement first.", "reperform kinds engagement"}
	}
	zone, err := a.zone(ctx)
	if err != nil {
		return nil, err
	}
	out := &OwnEvidence{Engagement: o.Engagement, From: o.Period.From, To: min(o.Period.To, o.Question.Today)}
	if out.To < out.From {
		return nil, &FieldError{"engagement", fmt.Sprintf("The report begins on %s, and there is nothing to show before.", out.From), ""}
	}
	v, err := a.View(ctx, actor, OrganizationLedger, record.AsOf{})
	if err != nil {
		return nil, err
	}
	changes := owning{app: a, ctx: ctx, actor: actor, view: v, zone: zone, from: out.From, to: out.To}
	access := OwnTable{Name: "access-changes", What: "Each entry of these days by which somebody came to be able to do more, less or otherwise: people and their roles, custom roles, deputies, invitations.", Head: ownHead}
	settings := OwnTable{Name: "settings-changes", What: "Each entry of these days that changed what decides which performances of controls are asked for, of whom and by when: business calendars, locations, the organization, reports with their periods and scope, and of controls their objectives, frequency, people, days and checklists.", Head: ownHead}
	if access.Rows, err = changes.of(ownAccess, nil); err != nil {
		return nil, err
	}
	if settings.Rows, err = changes.of(ownSettings, ownControl); err != nil {
		return nil, err
	}
	end := OwnTable{Name: "access-at-end", What: fmt.Sprintf("Everybody recorded as of %s, with what they may do by their roles.", out.To), Head: []string{"person", "name", "side", "roles", "custom_roles", "active_from", "active_to", "active", "revision", "entry"}}
	last, err := a.View(ctx, actor, OrganizationLedger, record.AsOf{Effective: out.To})
	if err != nil {
		return nil, err
	}
	people, err := record.All[soc1.Person](ctx, last, "person")
	if err != nil {
		return nil, err
	}
	for _, p := range people {
		x := p.Value
		var roles []string
		for _, r := range x.Roles {
			roles = append(roles, string(r))
		}
		end.Rows = append(end.Rows, []string{p.ID, x.Name, string(x.Side), strings.Join(roles, " "), strings.Join(x.CustomRoles, " "), string(x.ActiveFrom), string(x.ActiveTo), strconv.FormatBool(x.ActiveOn(out.To)), fmt.Sprint(p.Revision), fmt.Sprint(p.Pos)})
	}
	expected := OwnTable{Name: "expected-performances", What: "Each time that a control in scope was to be performed in these days, as the evidence calendar counts it, and what is there for it.", Head: []string{"control", "code", "from", "to", "in_time_until", "state", "evidence"}}
	counted := 0
	for i := range o.Controls {
		k := &o.Controls[i]
		if k.Evidence.Counted {
			counted++
		}
		for _, x := range o.Expectations(k.ID()) {
			if x.From > out.To {
				continue
			}
			var evidence []string
			for _, ref := range x.Evidence {
				evidence = append(evidence, ref.ID)
			}
			expected.Rows = append(expected.Rows, []string{k.ID(), k.Control.Code, string(x.From), string(x.To), string(x.By), string(x.State), strings.Join(evidence, " ")})
		}
	}
	signed := OwnTable{Name: "performances", What: "Each performance that was signed in the program for these days.", Head: []string{"performance", "control", "control_revision", "from", "to", "due_on", "performer", "standing_in_for", "performed_at", "outcome", "status", "reviewer", "reviewed_at", "filed_as", "entry"}}
	for _, p := range o.Performances() {
		if x := p.Value; x.To >= out.From && x.From <= out.To {
			signed.Rows = append(signed.Rows, []string{p.ID, x.Control, fmt.Sprint(x.ControlRevision), string(x.From), string(x.To), string(x.DueOn), x.Performer, x.PerformerFor, string(x.PerformedAt), string(x.Outcome), string(x.Status), x.Reviewer, string(x.ReviewedAt), x.FiledAs, fmt.Sprint(p.Pos)})
		}
	}
	slices.SortFunc(signed.Rows, func(a, b []string) int { return cmp.Or(cmp.Compare(a[3], b[3]), cmp.Compare(a[0], b[0])) })
	programs := OwnTable{Name: "program-versions", What: "Each change of the program that serves this workspace, which is the change management of the program itself: version, parts and the digest of its file.", Head: ownHead}
	if programs.Rows, err = changes.of([]string{"program_version"}, nil); err != nil {
		return nil, err
	}
	backups, err := ownBackups(ctx, v, zone, out.From, out.To)
	if err != nil {
		return nil, err
	}
	out.Tables = []OwnTable{access, end, settings, expected, signed, programs, backups}
	note, key, err := a.Checkpoint(ctx, actor, OrganizationLedger)
	if err != nil {
		return nil, err
	}
	out.About = out.about(len(o.Controls), counted, string(note), key)
	return out, nil
}

// ownBackups lists the backups that were made or tried in the days, a line for each and
// for each trial.
func ownBackups(ctx context.Context, v *record.View, zone *time.Location, from, to soc1.Date) (OwnTable, error) {
	t := OwnTable{Name: "backups", What: "Each backup of these days and each attempt to restore one: the organization's entries and sealed files in it, and what was found.", Head: []string{"at", "what", "by", "backup", "program", "entries", "sealed_files", "manifest_sha256", "outcome"}}
	all, err := record.All[soc1.Backup](ctx, v, "backup")
	if err != nil {
		return t, err
	}
	within := func(i soc1.Instant) bool {
		at, err := time.Parse(time.RFC3339, string(i))
		if err != nil {
			return false
		}
		day := soc1.Date(at.In(zone).Format(time.DateOnly))
		return day >= from && day <= to
	}
	for _, b := range all {
		x := b.Value
		if within(x.MadeAt) {
			t.Rows = append(t.Rows, []string{string(x.MadeAt), "made", x.MadeBy, b.ID, x.Program, fmt.Sprint(x.Size), fmt.Sprint(x.Files), x.Manifest, "whole"})
		}
		for _, y := range x.Trials {
			if !within(y.At) {
				continue
			}
			outcome := "can be restored"
			if len(y.Problems) > 0 {
				outcome = strings.Join(y.Problems, "; ")
			}
			t.Rows = append(t.Rows, []string{string(y.At), "tried", y.By, b.ID, y.Program, fmt.Sprint(y.Entries), fmt.Sprint(y.Opened), x.Manifest, outcome})
		}
	}
	slices.SortStableFunc(t.Rows, func(a, b []string) int { return cmp.Compare(a[0], b[0]) })
	return t, nil
}

var ownHead = []string{"entry", "recorded_at", "effective", "by", "action", "kind", "id", "revision", "what", "reason"}

// owning reads the changes of some kinds in some days.
type owning struct {
	app      *App
	ctx      context.Context
	actor    string
	view     *record.View
	zone     *time.Location
	from, to soc1.Date
}

func (o *owning) of(kinds, ofControls []string) ([][]string, error) {
	type row struct {
		pos   int64
		cells []string
	}
	var rows []row
	first, end, err := o.entries()
	if err != nil {
		return nil, err
	}
	for _, kind := range kinds {
		revisions, err := o.view.Revisions(o.ctx, kind)
		if err != nil {
			return nil, err
		}
		// The history of a record is read where one of its revisions is of these days: of
		// most it is not.
		seen := map[string]bool{}
		for _, r := range revisions {
			if seen[r.ID] || r.Pos < first || r.Pos >= end {
				continue
			}
			seen[r.ID] = true
			events, err := o.app.History(o.ctx, o.actor, OrganizationLedger, kind, r.ID)
			if err != nil {
				return nil, err
			}
			for _, e := range events {
				at, err := time.Parse(ledger.TimeFormat, e.Time)
				if err != nil {
					return nil, err
				}
				day := soc1.Date(at.In(o.zone).Format(time.DateOnly))
				if day < o.from || day > o.to {
					continue
				}
				var what []string
				for _, f := range e.Fields {
					if kind == "control" && !slices.Contains(ofControls, f.Path) {
						continue
					}
					what = append(what, fmt.Sprintf("%s: %s > %s", f.Path, plainValue(f.Old), plainValue(f.New)))
				}
				if e.Retired {
					what = append(what, "retired")
				}
				if e.Redacted {
					what = append(what, "redacted")
				}
				if kind == "control" && len(what) == 0 {
					continue
				}
				rows = append(rows, row{e.Pos, []string{fmt.Sprint(e.Pos), e.Time, e.Effective, e.Actor, e.Action, kind, e.ID, fmt.Sprint(e.Revision), strings.Join(what, "; "), e.Reason}})
			}
		}
	}
	slices.SortStableFunc(rows, func(a, b row) int { return cmp.Compare(a.pos, b.pos) })
	out := [][]string{}
	for _, r := range rows {
		out = append(out, r.cells)
	}
	return out, nil
}

// entries are the positions of what was recorded in the days: from the first to before
// the second.
func (o *owning) entries() (from, to int64, err error) {
	if err := o.app.activity.follow(o.ctx, o.app, OrganizationLedger); err != nil {
		return 0, 0, err
	}
	midnight := func(d soc1.Date) (int64, error) {
		t, err := time.ParseInLocation(time.DateOnly, string(d), o.zone)
		return t.UnixMicro(), err
	}
	begin, err := midnight(o.from)
	if err != nil {
		return 0, 0, err
	}
	after, err := midnight(o.to.AddDays(1))
	if err != nil {
		return 0, 0, err
	}
	t := o.app.activity.of(OrganizationLedger)
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.before(begin), t.before(after), nil
}

// plainValue is a value of a record in one line.
func plainValue(b json.RawMessage) string {
	if len(b) == 0 {
		return "-"
	}
	var s string
	if json.Unmarshal(b, &s) == nil {
		return s
	}
	return string(b)
}

func (o *OwnEvidence) about(controls, counted int, note, key string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# What the program shows about itself\n\n%s, %s to %s. Made by version %s of the program.\n\n", o.Engagement.Value.Title, o.From, o.To, programVersion)
	b.WriteString("Controls that are performed here make the program one of the systems in scope. These lists answer who had access to it, what was changed that decides what it asks for, and what its calendar rests on.\n\n")
	for i := range o.Tables {
		t := &o.Tables[i]
		fmt.Fprintf(&b, "## %s.csv\n\n%s %s.\n\n", t.Name, t.What, english.Count(len(t.Rows), "row"))
	}
	fmt.Fprintf(&b, `## Completeness and accuracy

- The lists of changes are taken from the organization's ledger, in which every accepted command is one entry and no entry can be changed or left out without the signed checkpoint below failing. Each row names its entry.
- The expected performances follow from each control's frequency, days in operation and business calendar, in the version in force on the last day of each: %s in scope, of which the frequency of %d predicts occurrences. The others are asked for as they arise.
- A performance counts as present where evidence of the control covers its days. The list of performances is what was signed in the program itself.

## Made again

    reperform evidence own --engagement %s
    reperform calendar --engagement %s --json
    reperform ledger verify

The checkpoint of the ledger from which the lists were made:

`, english.Count(controls, "control"), counted, o.Engagement.ID, o.Engagement.ID)
	for line := range strings.Lines(note) {
		b.WriteString("    " + line)
	}
	fmt.Fprintf(&b, "\nChecked by the key `%s`.\n\n## What is not here\n\n", key)
	b.WriteString("Sign-ins and second factors stand in the accounts of the installation (`reperform account list`). Backups are those that `reperform backup` made: copies made by other means, and who may reach the machine and its disk, stand in the records of whoever operates it. A version is recorded when the program first serves the workspace with it.\n")
	return b.String()
}

// FileOwnEvidence records the lists as evidence and returns its id. Filed again, the
// record is revised. It is evidence of no control by itself: it would make the calendar
// take each of that control's performances for shown.
func (a *App) FileOwnEvidence(ctx context.Context, actor, engagement string) (string, error) {
	if err := a.MayPut(ctx, actor, OrganizationLedger, "evidence", ""); err != nil {
		return "", err
	}
	o, err := a.OwnEvidence(ctx, actor, engagement)
	if err != nil {
		return "", err
	}
	at := a.now()
	e := soc1.Evidence{Title: "What the program shows about itself: " + o.Engagement.Value.Title, PeriodFrom: o.From, PeriodTo: o.To, CapturedAt: at, ReceivedAt: at, Source: "Reperform",
		HowObtained: "Made from the ledger by the program; the first file says how, and how to make it again."}
	files := []struct {
		name string
		body []byte
	}{{"about.md", []byte(o.About)}}
	var said []string
	for i := range o.Tables {
		t := &o.Tables[i]
		files = append(files, struct {
			name string
			body []byte
		}{t.Name + ".csv", t.CSV()})
		said = append(said, fmt.Sprintf("%s: %s", t.Name, english.Count(len(t.Rows), "row")))
	}
	e.Description = strings.Join(said, "; ") + "."
	for _, f := range files {
		kept, err := a.KeepFile(ctx, actor, OrganizationLedger, f.name, bytes.NewReader(f.body))
		if err != nil {
			return "", err
		}
		e.Files = append(e.Files, kept.File)
	}
	id := "own-" + o.Engagement.ID
	change := RecordChange{Ledger: OrganizationLedger, Kind: "evidence", ID: id, Effective: o.To, Reason: "The program's own evidence."}
	v, err := a.View(ctx, actor, OrganizationLedger, record.AsOf{})
	if err != nil {
		return "", err
	}
	was, err := record.One[soc1.Evidence](ctx, v, "evidence", id)
	switch {
	case errors.Is(err, record.ErrNotFound):
	case err != nil:
		return "", err
	case was.Value.Source != e.Source:
		return "", &FieldError{"engagement", fmt.Sprintf("The evidence %s is from %q and not from here. Give that one another id by recording it anew, and take it out of use.", id, was.Value.Source), "reperform get evidence " + id}
	default:
		// What somebody said of it stays.
		e.Controls, change.Revision, change.Effective = was.Value.Controls, was.Revision, max(o.To, soc1.Date(was.Effective))
	}
	change.Value = e
	if err := a.PutRecord(ctx, actor, change); err != nil {
		return "", err
	}
	return id, nil
}
