package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"reperform/soc1"
	"reperform/soc1/library"
)

func (c *cli) templatesShow() *cobra.Command {
	var layout bool
	cmd := c.command("show CODE", "templates", func(_ *cobra.Command, args []string) error {
		if !strings.Contains(args[0], ".") {
			s, err := library.ServiceOf(args[0])
			if err != nil {
				return err
			}
			if layout {
				return fmt.Errorf("--csv is for one control, such as %s; name it", s.Objectives[0].Controls[0].Code)
			}
			return c.print(s, func(w io.Writer) { printService(w, s) })
		}
		k, o, err := library.ControlOf(args[0])
		if err != nil {
			return err
		}
		if layout {
			if k.Extract == nil {
				return fmt.Errorf("%s has no extract: a person looks at each of its attributes", k.Code)
			}
			_, err := io.WriteString(c.out, k.Extract.CSV())
			return err
		}
		return c.print(k, func(w io.Writer) { printLibraryControl(w, o, k) })
	})
	cmd.Short = "Show a service type, or a control with its extract and attributes"
	cmd.Args = cobra.ExactArgs(1)
	cmd.Flags().BoolVar(&layout, "csv", false, "of a control, the layout of its extract: a header and one item without exceptions")
	return cmd
}

func printService(w io.Writer, s library.Service) {
	fmt.Fprintf(w, "%s  %s\n", s.Code, s.Name)
	for _, o := range s.Objectives {
		fmt.Fprintf(w, "\n%s  %s\n%s\n", o.Code, o.Title, o.Text)
		for _, r := range o.Risks {
			fmt.Fprintf(w, "  risk: %s\n", r)
		}
		for _, k := range o.Controls {
			rows := 0
			for _, a := range k.Attributes {
				if !a.Manual() {
					rows++
				}
			}
			fmt.Fprintf(w, "  %-9s %s, %s; %d of %d attributes from the rows\n            %s\n", k.Code, label(soc1.ControlNature(k.Nature).Label()), label(soc1.Frequency(k.Frequency).Label()), rows, len(k.Attributes), k.Text)
		}
	}
	fmt.Fprintln(w, "\nComplementary user entity controls")
	for _, x := range s.CUECs {
		fmt.Fprintf(w, "  %-11s %s\n", x.Code, x.Text)
	}
}

// label is a label in the middle of a sentence; an abbreviation stays as it is.
func label(s string) string {
	if strings.HasPrefix(s, "IT-") {
		return s
	}
	return strings.ToLower(s)
}

func printLibraryControl(w io.Writer, o library.Objective, k library.Control) {
	fmt.Fprintf(w, "%s  %s, %s, %s\n%s\n", k.Code, soc1.ControlNature(k.Nature).Label(), label(soc1.ControlType(k.Type).Label()), label(soc1.Frequency(k.Frequency).Label()), k.Text)
	if k.Precision != "" {
		fmt.Fprintf(w, "Precision:  %s\n", k.Precision)
	}
	if k.Segregated {
		fmt.Fprintln(w, "Segregated: needs two different people.")
	}
	fmt.Fprintf(w, "Objective:  %s %s\nPopulation: %s\nTest:       %s\n", o.Code, o.Title, k.Population, k.Test)
	if k.Extract != nil {
		fmt.Fprintf(w, "\nExtract, one row for each %s:\n", strings.Join(k.Extract.Key, ", "))
		for _, col := range k.Extract.Columns {
			fmt.Fprintf(w, "  %-28s %-10s %s\n", col.Name, col.Type, col.Meaning)
		}
	}
	fmt.Fprintln(w, "\nAttributes:")
	for i, a := range k.Attributes {
		fmt.Fprintf(w, "  %s  %s\n", library.Letter(i), a.Text)
		if a.Manual() {
			fmt.Fprintln(w, "     judged by a person")
			continue
		}
		fmt.Fprintf(w, "     passes when  %s\n", a.Pass)
		if a.NotApplicable != "" {
			fmt.Fprintf(w, "     exempt when  %s\n", a.NotApplicable)
		}
	}
}
