package main

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"reperform/app"
	"reperform/ascode"
	"reperform/english"
	"reperform/soc1"
)

func (c *cli) populationCommand() *cobra.Command {
	cmd := c.command("population", "population", nil)
	cmd.AddCommand(c.populationImport(), c.populationDerive(), c.populationProfile(), c.populationCheck())
	return cmd
}

// describeFlags are the parts of a description that may be given without a file.
type describeFlags struct {
	spec, id, ledger, title, purpose, zone, source string
	key, controls                                  []string
	from, to                                       string
}

func (d *describeFlags) add(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&d.spec, "spec", "", "YAML or JSON file with the description, the schema and the transforms")
	f.StringVar(&d.id, "id", "", "id of the population")
	f.StringVar(&d.ledger, "ledger", "", "ledger: an examination's, or (default) the organization's for management's own")
	f.StringVar(&d.title, "title", "", "what the items are")
	f.StringVar(&d.purpose, "purpose", "", "auditor_population (default), report_used_in_control or report_sent_to_users")
	f.StringVar(&d.zone, "zone", "", "IANA time zone (default: the organization's)")
	f.StringVar(&d.source, "source-system", "", "system the extract comes from")
	f.StringSliceVar(&d.key, "key", nil, "columns that together identify an item")
	f.StringSliceVar(&d.controls, "controls", nil, "controls it serves to test")
	f.StringVar(&d.from, "from", "", "first day it covers")
	f.StringVar(&d.to, "to", "", "last day it covers")
}

func (d *describeFlags) fill(id, ledger *string, p *soc1.Population) error {
	set := func(into *string, v string) {
		if v != "" {
			*into = v
		}
	}
	set(id, d.id)
	set(ledger, d.ledger)
	set(&p.Title, d.title)
	set(&p.Zone, d.zone)
	set(&p.SourceSystem, d.source)
	if d.purpose != "" {
		p.Purpose = soc1.PopulationPurpose(d.purpose)
	}
	if p.Purpose == "" {
		p.Purpose = soc1.AuditorPopulation
	}
	for _, day := range []struct {
		flag, text string
		into       *soc1.Date
	}{{"from", d.from, &p.PeriodFrom}, {"to", d.to, &p.PeriodTo}} {
		if day.text == "" {
			continue
		}
		parsed, err := soc1.ParseDate(day.text)
		if err != nil {
			return fmt.Errorf("--%s: %w", day.flag, err)
		}
		*day.into = parsed
	}
	if len(d.key) > 0 {
		p.Key = d.key
	}
	if len(d.controls) > 0 {
		p.Controls = d.controls
	}
	if p.Title == "" {
		p.Title = *id
	}
	if len(p.Key) == 0 {
		return errors.New("nothing identifies an item of the population; name the columns that together are different in every row with --key")
	}
	if !slices.Contains(p.Purpose.Values(), string(p.Purpose)) {
		return fmt.Errorf("the purpose %q is not known; say %s", p.Purpose, strings.Join(p.Purpose.Values(), ", "))
	}
	return nil
}

func (c *cli) populationImport() *cobra.Command {
	var d describeFlags
	cmd := c.command("import FILE", "population", func(cmd *cobra.Command, args []string) error {
		var spec app.ImportSpec
		if d.spec != "" {
			if err := ascode.ReadInto(d.spec, &spec); err != nil {
				return err
			}
			if len(args) == 0 && spec.Source.Path != "" && !filepath.IsAbs(spec.Source.Path) {
				spec.Source.Path = filepath.Join(filepath.Dir(d.spec), spec.Source.Path)
			}
		}
		if len(args) == 1 {
			spec.Source.Path = args[0]
		}
		if spec.Source.Path == "" {
			return errors.New("name the file to import")
		}
		if err := d.fill(&spec.ID, &spec.Ledger, &spec.Population); err != nil {
			return err
		}
		a, err := c.open(cmd.Context())
		if err != nil {
			return err
		}
		p, err := a.ImportPopulation(cmd.Context(), c.actor, spec)
		if err != nil {
			return err
		}
		return c.print(p, func(w io.Writer) { printPopulation(w, spec.ID, p) })
	})
	cmd.Short = "Freeze a file as a population"
	c.limited(cmd, "one pass over the file")
	cmd.Args = cobra.MaximumNArgs(1)
	d.add(cmd)
	return cmd
}

func printPopulation(w io.Writer, id string, p soc1.Population) {
	fmt.Fprintf(w, "%s: %s, population hash %s\n", id, english.Count(p.RowCount, "row"), p.PopulationHash)
	for _, col := range p.Columns {
		fmt.Fprintf(w, "  %-28s %-16s", col.Name, col.Type)
		if col.Transform != "" && col.Transform != soc1.Kept {
			fmt.Fprintf(w, " %s", col.Transform)
		}
		if col.Nulls > 0 {
			fmt.Fprintf(w, " %d without a value", col.Nulls)
		}
		fmt.Fprintln(w)
	}
	for _, t := range p.ControlTotals {
		fmt.Fprintf(w, "  total of %s: %s\n", t.Column, t.Total)
	}
	for _, warning := range p.Warnings {
		fmt.Fprintf(w, "  note: %s\n", warning)
	}
}

func (c *cli) populationDerive() *cobra.Command {
	var d describeFlags
	var sql string
	var inputs map[string]string
	cmd := c.command("derive", "population", func(cmd *cobra.Command, _ []string) error {
		var spec app.DeriveSpec
		if d.spec != "" {
			if err := ascode.ReadInto(d.spec, &spec); err != nil {
				return err
			}
		}
		if sql != "" {
			spec.Population.Derived.SQL = sql
		}
		for name, id := range inputs {
			spec.Population.Derived.Inputs = append(spec.Population.Derived.Inputs, soc1.DerivationInput{Name: name, Population: id})
		}
		if err := d.fill(&spec.ID, &spec.Ledger, &spec.Population); err != nil {
			return err
		}
		a, err := c.open(cmd.Context())
		if err != nil {
			return err
		}
		p, err := a.DerivePopulation(cmd.Context(), c.actor, spec)
		if err != nil {
			return err
		}
		return c.print(p, func(w io.Writer) { printPopulation(w, spec.ID, p) })
	})
	cmd.Short = "Freeze the result of a recorded query over populations"
	c.limited(cmd, "the query")
	d.add(cmd)
	cmd.Flags().StringVar(&sql, "sql", "", "the SELECT")
	cmd.Flags().StringToStringVar(&inputs, "input", nil, "name=population, for each population that the query reads")
	return cmd
}
