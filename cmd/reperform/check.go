package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"reperform/app"
	"reperform/ascode"
	"reperform/english"
	"reperform/population"
)

func (c *cli) populationProfile() *cobra.Command {
	var name string
	cmd := c.command("profile ID", "population", func(cmd *cobra.Command, args []string) error {
		a, err := c.open(cmd.Context())
		if err != nil {
			return err
		}
		p, err := a.ProfilePopulation(cmd.Context(), c.actor, name, args[0])
		if err != nil {
			return err
		}
		return c.print(p, func(w io.Writer) { printProfile(w, p) })
	})
	cmd.Short = "Show what a population looks like"
	c.limited(cmd, "the profile")
	cmd.Args = cobra.ExactArgs(1)
	cmd.Flags().StringVar(&name, "ledger", app.OrganizationLedger, "ledger of the population")
	return cmd
}

func (c *cli) populationCheck() *cobra.Command {
	var name, spec, conclusion string
	cmd := c.command("check ID", "population", func(cmd *cobra.Command, args []string) error {
		a, err := c.open(cmd.Context())
		if err != nil {
			return err
		}
		in := app.CheckSpec{Conclusion: conclusion}
		if spec != "" {
			if err := ascode.ReadInto(spec, &in); err != nil {
				return err
			}
		}
		checks, err := a.CheckPopulation(cmd.Context(), c.actor, name, args[0], in)
		if err != nil {
			return err
		}
		bad := 0
		for _, k := range checks {
			if !k.Passed {
				bad++
			}
		}
		err = c.print(checks, func(w io.Writer) {
			for _, k := range checks {
				mark := "passes"
				if !k.Passed {
					mark = "FAILS"
				}
				fmt.Fprintf(w, "%-6s %s", mark, k.Check.Label())
				if k.Column != "" {
					fmt.Fprintf(w, " of %s", k.Column)
				}
				if k.Expected != "" || k.Actual != "" {
					fmt.Fprintf(w, ": expected %s, found %s", k.Expected, k.Actual)
				}
				fmt.Fprintln(w)
				for _, x := range k.Examples {
					fmt.Fprintf(w, "         %s\n", short(x))
				}
			}
		})
		if err == nil && bad > 0 {
			return failed("%s of completeness and accuracy failed", english.Count(bad, "check"))
		}
		return err
	})
	cmd.Short = "Test completeness and accuracy, and record the result"
	c.limited(cmd, "the checks")
	cmd.Args = cobra.ExactArgs(1)
	cmd.Flags().StringVar(&name, "ledger", app.OrganizationLedger, "ledger of the population")
	cmd.Flags().StringVar(&spec, "spec", "", "YAML or JSON file with the checks")
	cmd.Flags().StringVar(&conclusion, "conclusion", "", "what is concluded from the checks")
	return cmd
}

func printProfile(w io.Writer, p *population.Profile) {
	fmt.Fprintln(w, english.Count(p.Rows, "row"))
	for _, c := range p.Columns {
		fmt.Fprintf(w, "%-28s %-16s %d distinct", c.Name, c.Type, c.Distinct)
		if c.Nulls > 0 {
			fmt.Fprintf(w, ", %d without a value", c.Nulls)
		}
		if c.Min != "" || c.Max != "" {
			fmt.Fprintf(w, ", %s to %s", short(c.Min), short(c.Max))
		}
		if c.Total != "" {
			fmt.Fprintf(w, ", total %s", c.Total)
		}
		fmt.Fprintln(w)
		for _, m := range c.Months {
			fmt.Fprintf(w, "    %s %d\n", m.Value, m.Rows)
		}
		if len(c.Months) > 0 {
			continue
		}
		for _, t := range c.Top {
			fmt.Fprintf(w, "    %-40s %d\n", short(t.Value), t.Rows)
		}
	}
}
