package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"go.yaml.in/yaml/v3"

	"reperform/app"
	"reperform/ascode"
	"reperform/english"
	"reperform/intake"
	"reperform/intake/pdftext"
	"reperform/soc1"
)

// readPDFCommand is the child process that takes the text out of a PDF; people never call
// it.
func (c *cli) readPDFCommand() *cobra.Command {
	cmd := c.command("read-pdf", "subservice", func(*cobra.Command, []string) error { return pdftext.ServeChild(c.in, c.out) })
	cmd.Short = "Take the text out of a PDF (started by the program itself)"
	cmd.Hidden = true
	return cmd
}

// The forms in which subservice organizations are printed for machines.
type (
	subserviceLine struct {
		ID           string                 `json:"id"`
		Name         string                 `json:"name"`
		Method       soc1.SubserviceMethod  `json:"method"`
		Owner        string                 `json:"owner,omitempty"`
		Latest       *soc1.SubserviceReport `json:"latest_report,omitempty"`
		LatestOf     string                 `json:"latest_report_id,omitempty"`
		Months       []intake.Month         `json:"months"`
		Gaps         int                    `json:"gap_months"`
		BridgeMonths int                    `json:"bridge_months"`
		Bridge       string                 `json:"bridge,omitempty"`
		Reports      []obtainedLine         `json:"reports"`
		Open         []intake.Matter        `json:"open"`
	}
	obtainedLine struct {
		ID          string            `json:"id"`
		Title       string            `json:"title"`
		Kind        soc1.ObtainedKind `json:"kind"`
		State       string            `json:"state"`
		From        soc1.Date         `json:"period_from,omitempty"`
		To          soc1.Date         `json:"period_to,omitempty"`
		AsOf        soc1.Date         `json:"as_of,omitempty"`
		Opinion     soc1.OpinionType  `json:"opinion,omitempty"`
		ConfirmedBy string            `json:"confirmed_by,omitempty"`
		ConfirmedOn soc1.Date         `json:"confirmed_on,omitempty"`
		Conclusion  string            `json:"conclusion,omitempty"`
	}
	// confirmingFile is a report with the word on it, as a file has them.
	confirmingFile struct {
		// ID is that of the record; chosen where it is empty.
		ID string `json:"id,omitempty"`
		// Report is what the report says.
		Report soc1.ObtainedReport `json:"report"`
		// Conclusion is what it means for us.
		Conclusion string `json:"conclusion"`
	}
)

func lineOfSubservice(l *intake.Line) subserviceLine {
	out := subserviceLine{ID: l.ID, Name: l.Value.Name, Method: l.Value.Method, Owner: l.Value.Owner, Months: append([]intake.Month{}, l.Months...), Gaps: l.Gaps, BridgeMonths: l.BridgeMonths,
		Bridge: string(l.Bridge), Reports: []obtainedLine{}, Open: append([]intake.Matter{}, l.Open...)}
	if l.Latest.PeriodTo != "" {
		out.Latest = &l.Latest
	}
	if l.LatestOf != nil {
		out.LatestOf = l.LatestOf.ID
	}
	for i := range l.Reports {
		r := &l.Reports[i]
		x := obtainedLine{ID: r.ID, Title: r.Value.Title, Kind: r.Value.Kind, State: r.State.Key(), From: r.Value.PeriodFrom, To: r.Value.PeriodTo, AsOf: r.Value.AsOf, Opinion: r.Value.Opinion}
		if r.Confirmation != nil {
			x.ConfirmedBy, x.ConfirmedOn, x.Conclusion = r.Confirmation.Value.By, r.Confirmation.Value.On, r.Confirmation.Value.Conclusion
		}
		out.Reports = append(out.Reports, x)
	}
	return out
}

func (c *cli) subserviceCommand() *cobra.Command {
	var at pointFlags
	var engagement string
	cmd := c.command("subservice", "subservice", func(cmd *cobra.Command, _ []string) error {
		a, err := c.open(cmd.Context())
		if err != nil {
			return err
		}
		asOf, err := c.point(cmd.Context(), a, app.OrganizationLedger, at.asOf, at.knownAt)
		if err != nil {
			return err
		}
		r, err := a.Subservice(cmd.Context(), c.actor, app.SubserviceOptions{Engagement: engagement, AsOf: asOf})
		if err != nil {
			return err
		}
		lines := []subserviceLine{}
		for i := range r.Lines {
			lines = append(lines, lineOfSubservice(&r.Lines[i]))
		}
		return c.print(map[string]any{"today": r.Today, "engagement": r.Engagement.ID, "from": r.From, "to": r.To, "organizations": lines}, func(w io.Writer) { printSubservice(w, r) })
	})
	at.clocks(cmd)
	cmd.Flags().StringVar(&engagement, "engagement", "", "the report whose period is to be covered (default: the one under way)")
	cmd.AddCommand(c.subserviceReadCommand(), c.subserviceConfirmCommand())
	return cmd
}

// monthMarks are the months of a strip of coverage, one letter each.
var monthMarks = map[intake.MonthState]string{intake.MonthReport: "R", intake.MonthBridge: "b", intake.MonthGap: "-", intake.MonthAhead: "."}

func printSubservice(w io.Writer, r *intake.Register) {
	for i := range r.Lines {
		l := &r.Lines[i]
		fmt.Fprintf(w, "%-16s  %s, %s\n", l.ID, l.Value.Name, strings.ToLower(l.Value.Method.Label()))
		if len(l.Months) > 0 {
			fmt.Fprint(w, "  ")
			for _, m := range l.Months {
				fmt.Fprint(w, monthMarks[m.State])
			}
			fmt.Fprintf(w, "  %s to %s: %s in reports, %d by bridge letter, %d open, %d to come\n", r.From, r.To, english.Count(l.Covered, "month"), l.Bridged, l.Gaps, l.Ahead)
		}
		for j := range l.Reports {
			x := &l.Reports[j]
			days := string(x.Value.AsOf)
			if x.Value.PeriodTo != "" {
				days = fmt.Sprintf("%s to %s", x.Value.PeriodFrom, x.Value.PeriodTo)
			}
			fmt.Fprintf(w, "  %s  %s, %s, %s: %s\n", x.ID, x.Value.Title, x.Value.Kind.Label(), days, strings.ToLower(x.State.Label()))
		}
		for _, m := range l.Open {
			fmt.Fprintf(w, "  ! %s\n", m.Text)
		}
	}
	fmt.Fprintln(w, english.Count(len(r.Lines), "subservice organization"))
	if r.From != "" && len(r.Lines) > 0 {
		fmt.Fprintln(w, "R within a report, b by bridge letter, - open, . still to come")
	}
}

func (c *cli) subserviceReadCommand() *cobra.Command {
	var organization, draft string
	cmd := c.command("read FILE.pdf", "subservice", func(cmd *cobra.Command, args []string) error {
		f, err := os.Open(args[0])
		if err != nil {
			return err
		}
		defer f.Close()
		a, err := c.open(cmd.Context())
		if err != nil {
			return err
		}
		p, err := a.ProposeFromPDF(cmd.Context(), c.actor, f)
		if err != nil {
			return err
		}
		if draft != "" {
			v := p.Draft()
			v.SubserviceOrganization, v.Title = organization, strings.TrimSuffix(filepath.Base(args[0]), filepath.Ext(args[0]))
			if err := writeDraft(draft, confirmingFile{Report: v}); err != nil {
				return err
			}
		}
		return c.print(p, func(w io.Writer) {
			printReportProposals(w, p)
			if draft != "" {
				fmt.Fprintf(w, "Written to %s. Correct it against the report, then: reperform subservice confirm -f %s --pdf %s\n", draft, draft, args[0])
			}
		})
	})
	cmd.Short = "Propose what a report says, each with its page; records nothing"
	cmd.Args = cobra.ExactArgs(1)
	cmd.Flags().StringVar(&organization, "for", "", "the subservice organization, for --draft")
	cmd.Flags().StringVar(&draft, "draft", "", "write a file for `confirm -f` with what is proposed")
	return cmd
}

// writeDraft writes a file to be corrected; one that is there already is left alone.
func writeDraft(path string, v confirmingFile) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	// JSON is YAML; read as such it keeps the order of its fields.
	var n yaml.Node
	if err := yaml.Unmarshal(b, &n); err != nil {
		return err
	}
	plainStyle(&n)
	out, err := yaml.Marshal(&n)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(append([]byte("# Proposed from the text of the report. Nothing counts before you have compared it\n# with the report, completed it and confirmed it.\n"), out...))
	return errors.Join(err, f.Close())
}

func plainStyle(n *yaml.Node) {
	n.Style = 0
	for _, c := range n.Content {
		plainStyle(c)
	}
}

func printReportProposals(w io.Writer, p *intake.Proposals) {
	fmt.Fprintf(w, "%s read. Proposed, to be compared with the report:\n", english.Count(p.Pages, "page"))
	say := func(name string, x *intake.Proposal) {
		if x == nil {
			fmt.Fprintf(w, "  %-12s  nothing found\n", name)
			return
		}
		fmt.Fprintf(w, "  %-12s  %s\n      page %d: %s\n", name, x.Value, x.Page, x.Passage)
	}
	say("kind", p.Kind)
	say("auditor", p.Auditor)
	say("period from", p.PeriodFrom)
	say("period to", p.PeriodTo)
	if p.AsOf != nil {
		say("as of", p.AsOf)
	}
	say("dated", p.Dated)
	say("opinion", p.Opinion)
	say("scope", p.Scope)
	for i := range p.CarvedOut {
		say("carves out", &p.CarvedOut[i])
	}
	for _, x := range p.Exceptions {
		say("exception", &intake.Proposal{Value: strings.TrimSpace(x.Control + " " + x.Value), Page: x.Page, Passage: x.Passage})
	}
	for i := range p.UserEntityControls {
		say("expected", &p.UserEntityControls[i])
	}
	fmt.Fprintf(w, "%s noted, %s expected of us\n", english.Count(len(p.Exceptions), "exception"), english.Count(len(p.UserEntityControls), "control"))
	for _, d := range p.Doubts {
		fmt.Fprintf(w, "  ? %s\n", d)
	}
}

func (c *cli) subserviceConfirmCommand() *cobra.Command {
	var file, pdf string
	var x app.SubserviceConfirming
	cmd := c.command("confirm [REPORT]", "subservice", func(cmd *cobra.Command, args []string) error {
		if (file == "") == (len(args) == 0) {
			return errors.New("name the report that is recorded, or give one with -f")
		}
		a, err := c.open(cmd.Context())
		if err != nil {
			return err
		}
		if file != "" {
			var in confirmingFile
			if err := ascode.ReadInto(file, &in); err != nil {
				return err
			}
			if in.Report.Owner == "" {
				in.Report.Owner = c.actor
			}
			if pdf != "" {
				f, err := os.Open(pdf)
				if err != nil {
					return err
				}
				defer f.Close()
				kept, err := a.KeepFile(cmd.Context(), c.actor, app.OrganizationLedger, filepath.Base(pdf), f)
				if err != nil {
					return err
				}
				in.Report.Files = append(in.Report.Files, kept.File)
			}
			if missing := in.Report.Wanting(); len(missing) > 0 {
				return fmt.Errorf("%s: report.%s is missing; a report is confirmed with its auditor, its days, its opinion and the day it was received", file, missing[0])
			}
			if strings.TrimSpace(in.Conclusion) == "" {
				return fmt.Errorf("%s: conclusion is missing; say what the report means for us", file)
			}
			// A file given again revises what it recorded before.
			if x.Report, err = a.TakeInSubserviceReport(cmd.Context(), c.actor, in.ID, -1, in.Report, ""); err != nil {
				return err
			}
			x.Conclusion = in.Conclusion
		} else {
			x.Report = args[0]
		}
		id, err := a.ConfirmSubserviceReport(cmd.Context(), c.actor, x)
		if err != nil {
			return err
		}
		return c.print(map[string]string{"id": id, "report": x.Report}, func(w io.Writer) { fmt.Fprintf(w, "Recorded %s: you confirmed report %s.\n", id, x.Report) })
	})
	cmd.Short = "Confirm in your own name what a report says"
	cmd.Args = cobra.MaximumNArgs(1)
	cmd.Flags().StringVarP(&file, "file", "f", "", "a file with the report and your conclusion, as `read --draft` writes it")
	cmd.Flags().StringVar(&pdf, "pdf", "", "the report itself, kept with the record")
	cmd.Flags().StringVar(&x.Conclusion, "conclusion", "", "what the report means for us")
	cmd.Flags().Int64Var(&x.Seen, "revision", 0, "the revision that was read; refused where the record says something else by now")
	return cmd
}
