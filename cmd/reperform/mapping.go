package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"reperform/app"
	"reperform/english"
	"reperform/mapping"
	"reperform/soc1"
)

// The forms in which a mapping is printed for machines.
type (
	frameworkLine struct {
		Framework    string `json:"framework"`
		Title        string `json:"title"`
		Requirements int    `json:"requirements"`
		Answered     int    `json:"answered"`
		Elsewhere    int    `json:"elsewhere"`
		Objective    int    `json:"objective_alone"`
		Holes        int    `json:"holes"`
		Percent      int    `json:"percent_answered"`
		Controls     int    `json:"controls_of_the_program"`
		Tied         int    `json:"tied"`
		Proposals    int    `json:"proposals"`
		Alone        int    `json:"controls_without_counterpart"`
	}
	requirementLine struct {
		ID         string   `json:"id"`
		Answer     string   `json:"answer"`
		Controls   []string `json:"controls"`
		Reused     []string `json:"reused_controls"`
		Theirs     []string `json:"controls_of_the_program"`
		Objectives []string `json:"objectives"`
	}
	coverLine struct {
		Control     string                `json:"control_of_the_program"`
		Basis       string                `json:"basis"`
		Strength    soc1.CoverageStrength `json:"strength,omitempty"`
		Why         string                `json:"why,omitempty"`
		Identifiers []string              `json:"shared_identifiers"`
	}
	coveredLine struct {
		Objective string      `json:"objective"`
		Covers    []coverLine `json:"covers"`
	}
	mappingProposal struct {
		ID          string   `json:"id"`
		Code        string   `json:"code"`
		Control     string   `json:"control"`
		ControlCode string   `json:"control_code"`
		Alike       int      `json:"words_alike_percent"`
		Identifiers []string `json:"shared_identifiers"`
		ByObjective bool     `json:"identifiers_of_its_objectives"`
		Words       []string `json:"shared_words"`
	}
)

func lineOfFramework(r *mapping.Register, f *mapping.Framework) frameworkLine {
	return frameworkLine{Framework: f.Name, Title: f.Title, Requirements: len(f.Requirements), Answered: f.Counted(mapping.Answered), Elsewhere: f.Counted(mapping.Elsewhere), Objective: f.Counted(mapping.Aimed),
		Holes: f.Counted(mapping.Hole), Percent: f.Percent(), Controls: len(f.Theirs), Tied: f.Tied(r), Proposals: len(f.Proposals), Alone: len(f.Alone)}
}

func (c *cli) mappingCommand() *cobra.Command {
	var at pointFlags
	cmd := c.command("mapping [FRAMEWORK]", "mapping", func(cmd *cobra.Command, args []string) error {
		if len(args) > 1 {
			return errors.New("name one framework, or none for all of them")
		}
		a, err := c.open(cmd.Context())
		if err != nil {
			return err
		}
		asOf, err := c.point(cmd.Context(), a, app.OrganizationLedger, at.asOf, at.knownAt)
		if err != nil {
			return err
		}
		r, err := a.Mapping(cmd.Context(), c.actor, asOf)
		if err != nil {
			return err
		}
		if len(args) == 1 {
			return c.printFramework(r, args[0])
		}
		lines := []frameworkLine{}
		for i := range r.Frameworks {
			lines = append(lines, lineOfFramework(r, &r.Frameworks[i]))
		}
		return c.print(map[string]any{"frameworks": lines}, func(w io.Writer) {
			for _, l := range lines {
				fmt.Fprintf(w, "%-22s  %3d %%  %4d of %4d answered", l.Framework, l.Percent, l.Answered, l.Requirements)
				if l.Controls > 0 {
					fmt.Fprintf(w, "; %s of its program, %d tied, %s", english.Count(l.Controls, "control"), l.Tied, english.Count(l.Proposals, "proposal"))
				}
				fmt.Fprintln(w)
			}
		})
	})
	cmd.Args = cobra.ArbitraryArgs
	at.clocks(cmd)
	cmd.AddCommand(c.mappingImportCommand(), c.mappingExportCommand(), c.mappingReuseCommand(), c.mappingCoverCommand())
	return cmd
}

// codes are the codes of controls here by their places.
func codes(r *mapping.Register, at []int) []string {
	out := []string{}
	for _, i := range at {
		out = append(out, r.Controls[i].Value.Code)
	}
	return out
}

func (c *cli) printFramework(r *mapping.Register, name string) error {
	name, err := app.FrameworkNamed(r, name)
	if err != nil {
		return err
	}
	f := r.Framework(name)
	var requirements []requirementLine
	for i := range f.Requirements {
		q := &f.Requirements[i]
		l := requirementLine{ID: q.ID, Answer: q.Answer.Key(), Controls: codes(r, q.Controls), Reused: codes(r, q.Reused), Theirs: []string{}, Objectives: []string{}}
		for _, n := range q.Theirs {
			l.Theirs = append(l.Theirs, r.Theirs[n].Value.Code)
		}
		for _, n := range q.Objectives {
			l.Objectives = append(l.Objectives, r.Objectives[n].Value.Code)
		}
		requirements = append(requirements, l)
	}
	var objectives []coveredLine
	for i := range f.Objectives {
		l := coveredLine{Objective: r.Objectives[i].Value.Code, Covers: []coverLine{}}
		for _, x := range f.Objectives[i].Covers {
			l.Covers = append(l.Covers, coverLine{r.Theirs[x.Their].Value.Code, x.Basis.Key(), x.Strength, x.Why, append([]string{}, x.IDs...)})
		}
		objectives = append(objectives, l)
	}
	proposals := []mappingProposal{}
	for _, p := range f.Proposals {
		t, k := &r.Theirs[p.Their], &r.Controls[p.Control]
		proposals = append(proposals, mappingProposal{t.ID, t.Value.Code, k.ID, k.Value.Code, p.Alike, p.IDs, p.ByObjective, p.Words})
	}
	line := lineOfFramework(r, f)
	return c.print(map[string]any{"framework": line, "requirements": requirements, "objectives": objectives, "proposals": proposals, "controls_without_counterpart": codes(r, f.Alone)}, func(w io.Writer) {
		fmt.Fprintf(w, "%s: %d of %d requirements are answered by a control here (%d %%)\n", f.Title, line.Answered, line.Requirements, line.Percent)
		for _, q := range requirements {
			if q.Answer == mapping.Hole.Key() {
				continue
			}
			fmt.Fprintf(w, "  %-12s  %-10s", q.ID, q.Answer)
			for _, x := range []struct {
				what string
				of   []string
			}{{"here", q.Controls}, {"reused", q.Reused}, {"there", q.Theirs}, {"objectives", q.Objectives}} {
				if len(x.of) > 0 {
					fmt.Fprintf(w, "  %s: %s", x.what, strings.Join(x.of, ", "))
				}
			}
			fmt.Fprintln(w)
		}
		fmt.Fprintf(w, "Nothing names %s\n", english.Count(line.Holes, "requirement"))
		for i, o := range objectives {
			if len(o.Covers) == 0 {
				fmt.Fprintf(w, "Objective %s: nothing of that program covers it\n", o.Objective)
			}
			for n, x := range o.Covers {
				fmt.Fprintf(w, "Objective %s: %s: %s\n", o.Objective, x.Control, f.Objectives[i].Covers[n].Says())
			}
		}
		for _, p := range proposals {
			fmt.Fprintf(w, "Proposal: %s (%s) could be %s (%s): %d %% of the words, %s\n", p.Code, p.ID, p.ControlCode, p.Control, p.Alike, strings.Join(p.Identifiers, ", "))
		}
	})
}

func (c *cli) mappingExportCommand() *cobra.Command {
	var at pointFlags
	var out, list string
	cmd := c.command("export FRAMEWORK", "mapping", func(cmd *cobra.Command, args []string) error {
		ext := strings.ToLower(filepath.Ext(out))
		switch {
		case ext != ".csv" && ext != ".xlsx":
			return fmt.Errorf("--output %q: name a file that ends in .csv or .xlsx", out)
		case ext == ".xlsx" && cmd.Flags().Changed("list"):
			return errors.New("--list goes with a .csv file; a workbook holds all lists")
		}
		a, err := c.open(cmd.Context())
		if err != nil {
			return err
		}
		asOf, err := c.point(cmd.Context(), a, app.OrganizationLedger, at.asOf, at.knownAt)
		if err != nil {
			return err
		}
		r, err := a.Mapping(cmd.Context(), c.actor, asOf)
		if err != nil {
			return err
		}
		name, err := app.FrameworkNamed(r, args[0])
		if err != nil {
			return err
		}
		f := r.Framework(name)
		tables := r.Tables(f)
		var b []byte
		if ext == ".csv" {
			t := r.Table(f, list)
			if t == nil {
				return fmt.Errorf("--list %q: there are %s", list, strings.Join(mapping.TableNames, ", "))
			}
			tables, b = []mapping.Table{*t}, app.CSV(t.Heads(), t.Rows)
		} else {
			about := f.About(r)
			if at.asOf != "" {
				about = append(about, [2]string{"As of", at.asOf})
			}
			if b, err = mapping.Workbook(tables, about); err != nil {
				return err
			}
		}
		if err := os.WriteFile(out, b, 0o600); err != nil {
			return err
		}
		rows := map[string]int{}
		for _, t := range tables {
			rows[t.Name] = len(t.Rows)
		}
		return c.print(map[string]any{"file": out, "framework": name, "rows": rows}, func(w io.Writer) {
			for _, t := range tables {
				fmt.Fprintf(w, "%s: %s\n", t.Name, english.Count(rows[t.Name], "row"))
			}
			fmt.Fprintf(w, "Written to %s.\n", out)
		})
	})
	cmd.Short = "Write the coverage of a framework, both ways, as CSV or as a workbook"
	cmd.Args = cobra.ExactArgs(1)
	cmd.Flags().StringVarP(&out, "output", "o", "", "file to write, .csv or .xlsx (required)")
	cmd.Flags().StringVar(&list, "list", "requirements", "the list of a .csv file: "+strings.Join(mapping.TableNames, ", "))
	at.clocks(cmd)
	_ = cmd.MarkFlagRequired("output")
	return cmd
}

func (c *cli) mappingImportCommand() *cobra.Command {
	var o app.FrameworkImport
	var f app.FrameworkFile
	var columns []string
	var effective string
	cmd := c.command("import FILE", "mapping", func(cmd *cobra.Command, args []string) error {
		o.Columns, o.Effective, f.Name = map[string]string{}, soc1.Date(effective), filepath.Base(args[0])
		for _, s := range columns {
			heading, field, ok := strings.Cut(s, "=")
			if !ok {
				return fmt.Errorf("--column %q: write HEADING=FIELD, or HEADING= to leave the column out", s)
			}
			o.Columns[heading] = field
		}
		if effective != "" && !o.Effective.Valid() {
			return fmt.Errorf("--effective: %q is no date; write it as 2025-01-31", effective)
		}
		b, err := readBounded(args[0], app.MostOSCALBytes)
		if err != nil {
			return err
		}
		f.Bytes = b
		a, err := c.open(cmd.Context())
		if err != nil {
			return err
		}
		p, err := a.ImportFramework(cmd.Context(), c.actor, f, o)
		if errors.Is(err, app.ErrFrameworkRows) {
			var all []string
			for _, r := range p.Rows {
				for _, x := range r.Problems {
					all = append(all, x.String())
				}
			}
			const most = 50
			n := len(all)
			if all = all[:min(n, most)]; n > most {
				all = append(all, fmt.Sprintf("and %d more", n-most))
			}
			return fmt.Errorf("%s\n%w", strings.Join(all, "\n"), err)
		}
		if err != nil {
			return err
		}
		type row struct {
			Line   int64             `json:"line,omitempty"`
			Path   string            `json:"path,omitempty"`
			Code   string            `json:"code"`
			ID     string            `json:"id"`
			Change string            `json:"change"`
			Tied   string            `json:"tied_to,omitempty"`
			Fields []app.FieldChange `json:"fields,omitempty"`
		}
		var rows []row
		for _, r := range p.Rows {
			rows = append(rows, row{r.Line, r.Path, r.Code, r.ID, string(r.Change), r.Tied, r.Fields})
		}
		return c.print(map[string]any{"file": p.File, "framework": p.Framework, "catalogue": p.Catalogue, "rows": rows, "warnings": p.Warnings, "ignored": p.Ignored, "absent": p.Absent, "recorded": !o.DryRun}, func(w io.Writer) {
			what := "control"
			if p.Catalogue {
				what = "requirement"
			}
			for _, s := range p.Warnings {
				fmt.Fprintln(w, s)
			}
			if len(p.Ignored) > 0 {
				fmt.Fprintf(w, "Not taken over: %s\n", strings.Join(p.Ignored, ", "))
			}
			for _, r := range p.Rows {
				if r.Change == app.Change {
					fmt.Fprintf(w, "%s changes\n", r.Code)
					for _, f := range r.Fields {
						if len(f.Old) > 0 {
							fmt.Fprintf(w, "    - %s: %s\n", f.Path, short(f.Old))
						}
						if len(f.New) > 0 {
							fmt.Fprintf(w, "    + %s: %s\n", f.Path, short(f.New))
						}
					}
				}
				if r.Tied != "" {
					fmt.Fprintf(w, "%s changes and is tied to %s: look whether they are still one control\n", r.Code, r.Tied)
				}
			}
			if len(p.Absent) > 0 {
				fmt.Fprintf(w, "Recorded and not in the file, and left as they are: %s\n", strings.Join(p.Absent, ", "))
			}
			done := "Recorded"
			if o.DryRun {
				done = "Would record"
			}
			fmt.Fprintf(w, "%s of %s in %s. %s %d new and %d changed; %d say what is recorded already.\n", english.Count(len(p.Rows), what), p.Framework, p.File, done, p.Count(app.Create), p.Count(app.Change), p.Count(app.Unchanged))
		})
	})
	cmd.Short = "Import the controls or the catalogue of another framework"
	cmd.Args = cobra.ExactArgs(1)
	fl := cmd.Flags()
	fl.StringVar(&o.Framework, "framework", "", "the framework, such as TSC-2017 or TSC")
	fl.BoolVar(&o.New, "new", false, "the framework is one that nothing names yet")
	fl.BoolVar(&o.Catalogue, "catalogue", false, "the table holds requirements, and not controls")
	fl.StringVar(&o.Version, "source-version", "", "what the file says of its version")
	fl.StringArrayVar(&columns, "column", nil, "what a column holds: HEADING=FIELD, or HEADING= to leave it out")
	fl.BoolVar(&o.LeaveOut, "leave-out", false, "leave out the columns whose headings are not known")
	fl.StringVar(&f.Options.Sheet, "sheet", "", "the sheet of a workbook")
	fl.Int64Var(&f.Options.HeaderRow, "header-row", 0, "the row with the headings, where it is not the first that holds something")
	fl.StringVar(&f.Options.Encoding, "encoding", "", "how a text is written: utf-8, latin-1, windows-1252, utf-16")
	fl.StringVar(&effective, "effective", "", "the day from which the records hold (default: today)")
	fl.StringVar(&o.Reason, "reason", "", "why, as the ledger keeps it")
	fl.BoolVar(&o.DryRun, "dry-run", false, "say what would be recorded, and record nothing")
	return cmd
}

// readBounded reads a file that is no larger than a number of bytes.
func readBounded(path string, most int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, most+1))
	if err == nil && int64(len(b)) > most {
		err = fmt.Errorf("%s: the file has more than %d bytes", path, most)
	}
	return b, err
}

func (c *cli) mappingReuseCommand() *cobra.Command {
	var x app.Reusing
	var m app.MakingControl
	var makes bool
	var nature, kind string
	cmd := c.command("reuse CONTROL", "mapping", func(cmd *cobra.Command, args []string) error {
		x.Their = args[0]
		if makes {
			m.Nature, m.Type = soc1.ControlNature(nature), soc1.ControlType(kind)
			x.Make = &m
		} else if m.Code != "" || m.Owner != "" || len(m.Objectives) > 0 || nature != "" || kind != "" {
			return errors.New("--code, --nature, --type, --owner and --objective go with --make")
		}
		a, err := c.open(cmd.Context())
		if err != nil {
			return err
		}
		id, err := a.ReuseControl(cmd.Context(), c.actor, x)
		if err != nil {
			return err
		}
		return c.print(map[string]string{"their": x.Their, "control": id}, func(w io.Writer) {
			switch {
			case x.Not != "":
				fmt.Fprintf(w, "Recorded: %s is not %s.\n", x.Their, x.Not)
			case id == "":
				fmt.Fprintf(w, "Recorded: %s is tied to no control.\n", x.Their)
			default:
				fmt.Fprintf(w, "Recorded: %s is the control %s.\n", x.Their, id)
			}
		})
	})
	cmd.Short = "Decide that a control of another program is one here, or is not"
	cmd.Args = cobra.ExactArgs(1)
	fl := cmd.Flags()
	fl.StringVar(&x.Control, "as", "", "the control here that it is")
	fl.StringVar(&x.Not, "not", "", "the control here that it is not")
	fl.BoolVar(&x.Untie, "untie", false, "it is none of the controls here after all")
	fl.BoolVar(&makes, "make", false, "make a control of it")
	fl.StringVar(&m.Code, "code", "", "with --make, the control's code (default: that of the other register)")
	fl.StringVar(&nature, "nature", "", "with --make, by whom it is performed")
	fl.StringVar(&kind, "type", "", "with --make, whether it prevents, detects or corrects")
	fl.StringVar(&m.Owner, "owner", "", "with --make, who answers for it")
	fl.StringArrayVar(&m.Objectives, "objective", nil, "with --make, an objective that it serves")
	fl.StringVar(&x.Why, "why", "", "why, as the ledger keeps it")
	fl.Int64Var(&x.Seen, "revision", 0, "the revision that was looked at; refused where another stands by now")
	return cmd
}

func (c *cli) mappingCoverCommand() *cobra.Command {
	var v soc1.ObjectiveCoverage
	var strength string
	var withdraw bool
	cmd := c.command("cover CONTROL", "mapping", func(cmd *cobra.Command, args []string) error {
		if (strength == "") != withdraw {
			return errors.New("say how far with --strength, or --withdraw")
		}
		v.Strength = soc1.CoverageStrength(strength)
		a, err := c.open(cmd.Context())
		if err != nil {
			return err
		}
		if _, err := a.ReuseControl(cmd.Context(), c.actor, app.Reusing{Their: args[0], Covers: &v}); err != nil {
			return err
		}
		return c.print(map[string]string{"their": args[0], "objective": v.Objective, "strength": strength}, func(w io.Writer) {
			if withdraw {
				fmt.Fprintf(w, "Withdrawn: nobody judges how far %s covers %s.\n", args[0], v.Objective)
				return
			}
			fmt.Fprintf(w, "Recorded: %s covers %s, %s.\n", args[0], v.Objective, strings.ToLower(v.Strength.Label()))
		})
	})
	cmd.Short = "Judge how far a control of another program covers an objective"
	cmd.Args = cobra.ExactArgs(1)
	cmd.Flags().StringVar(&v.Objective, "objective", "", "the objective")
	cmd.Flags().StringVar(&strength, "strength", "", "how far: full, partial or supports")
	cmd.Flags().StringVar(&v.Why, "why", "", "why, and for a part of it, which part")
	cmd.Flags().BoolVar(&withdraw, "withdraw", false, "withdraw an earlier judgement")
	return cmd
}
