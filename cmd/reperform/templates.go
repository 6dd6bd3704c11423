package main

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"reperform/app"
	"reperform/ascode"
	"reperform/record"
	"reperform/soc1"
	"reperform/soc1/library"
)

func (c *cli) templatesCommand() *cobra.Command {
	cmd := c.command("templates", "templates", nil)
	cmd.AddCommand(c.templatesList(), c.templatesShow(), c.templatesUse(), c.templatesTest())
	return cmd
}

func (c *cli) templatesList() *cobra.Command {
	cmd := c.command("list", "templates", func(*cobra.Command, []string) error {
		type line struct {
			Code       string `json:"code"`
			Name       string `json:"name"`
			Objectives int    `json:"objectives"`
			Controls   int    `json:"controls"`
		}
		var lines []line
		for _, s := range library.Services() {
			l := line{Code: s.Code, Name: s.Name, Objectives: len(s.Objectives)}
			for _, o := range s.Objectives {
				l.Controls += len(o.Controls)
			}
			lines = append(lines, l)
		}
		return c.print(lines, func(w io.Writer) {
			for _, l := range lines {
				fmt.Fprintf(w, "%-5s %2d objectives, %2d controls  %s\n", l.Code, l.Objectives, l.Controls, l.Name)
			}
		})
	})
	cmd.Short = "List the service types of the library"
	return cmd
}

func (c *cli) templatesUse() *cobra.Command {
	var effective string
	var withoutITGC bool
	var opt app.ApplyOptions
	cmd := c.command("use CODE", "templates", func(cmd *cobra.Command, args []string) error {
		if effective != "" {
			d, err := soc1.ParseDate(effective)
			if err != nil {
				return fmt.Errorf("--effective: %w", err)
			}
			opt.Effective = d
		}
		items, err := libraryItems(args[0], !withoutITGC)
		if err != nil {
			return err
		}
		a, err := c.open(cmd.Context())
		if err != nil {
			return err
		}
		opt.Reason = libraryReason(args[0])
		plan, err := a.Apply(cmd.Context(), c.actor, items, opt)
		if err != nil {
			return err
		}
		return c.print(plan, func(w io.Writer) { printPlan(w, plan, opt.DryRun) })
	})
	cmd.Short = "Record the objectives, risks, controls and CUECs of a service type"
	cmd.Args = cobra.ExactArgs(1)
	cmd.Flags().StringVar(&effective, "effective", "", "date from which the records hold (default: today)")
	cmd.Flags().BoolVar(&withoutITGC, "without-itgc", false, "leave out the IT general controls")
	cmd.Flags().BoolVar(&opt.DryRun, "dry-run", false, "show what would be recorded and record nothing")
	return cmd
}

func libraryReason(code string) string {
	return "Started from the library, service type " + code + "."
}

// libraryItems are the records of a service type in the form of a file's.
func libraryItems(code string, withITGC bool) ([]*ascode.Item, error) {
	rs, err := library.Records(code, withITGC)
	if err != nil {
		return nil, err
	}
	items := make([]*ascode.Item, len(rs))
	for i, r := range rs {
		body, err := json.Marshal(r.Value)
		if err != nil {
			return nil, err
		}
		items[i] = &ascode.Item{File: "library/" + code, Line: 1, Kind: r.Kind, ID: r.ID, Body: body}
		kind, err := record.Kinds.Kind(r.Kind)
		if err != nil {
			return nil, err
		}
		items[i].Value = kind.New()
		if err := json.Unmarshal(body, items[i].Value); err != nil {
			return nil, err
		}
	}
	return items, nil
}
