package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"reperform/account"
	"reperform/app"
	"reperform/demo"
	"reperform/demo/play"
	"reperform/english"
	"reperform/soc1"
)

func (c *cli) demoCommand() *cobra.Command {
	var out string
	var small bool
	cmd := c.command("demo", "demo", func(cmd *cobra.Command, _ []string) error {
		size := demo.Full
		if small {
			size = demo.Small
		}
		n := 0
		r, err := play.Run(cmd.Context(), play.Options{Dir: out, Size: size, Engine: engineArgs(), ReadPDF: readPDFArgs(), Until: soc1.Date(time.Now().AddDate(0, 0, -1).Format(time.DateOnly)), Progress: c.showProgress, Step: func(text string) {
			c.endProgress()
			n++
			if !c.json {
				fmt.Fprintf(c.out, "%d. %s.\n", n, text)
			}
		}})
		if err != nil {
			return err
		}
		if err := demoAccounts(cmd.Context(), r.Workspace); err != nil {
			return err
		}
		c.endProgress()
		if err := c.print(r, func(w io.Writer) { printDemo(w, r) }); err != nil {
			return err
		}
		if len(r.Mismatches) > 0 {
			return fmt.Errorf("the engine did not find what was planted:\n%s", strings.Join(r.Mismatches, "\n"))
		}
		return nil
	})
	cmd.Flags().StringVarP(&out, "output", "o", "./reperform-demo", "folder to write: new, empty, or that of an earlier example, which is replaced")
	cmd.Flags().BoolVar(&small, "small", false, "write small extracts, for a quick look")
	return cmd
}

// demoPassword is that of every account of the example, whose people are
// invented and whose records are everybody's to see.
const demoPassword = "grebe plover curlew heron"

// demoPeople are those of the example who can sign in, one for each role.
var demoPeople = []struct{ id, what string }{
	{"amara-osei", "administrator"}, {"daniel-krawczyk", "compliance manager"}, {"fatima-boukhari", "control owner"},
	{"ruth-villanueva", "executive"}, {"elena-petrova", "reader"}, {"helen-marchetti", "engagement partner of the firm"},
}

func demoEmail(id string) string { return id + "@wexmoor.example" }

// demoAccounts makes the accounts of the example.
func demoAccounts(ctx context.Context, dir string) error {
	a, err := app.Open(ctx, dir, app.Options{})
	if err != nil {
		return err
	}
	defer a.Close()
	ops, err := openOperations(ctx, a.Dir(), a, "http://"+defaultListen, nil)
	if err != nil {
		return err
	}
	defer ops.close()
	for _, p := range demoPeople {
		sides, _, err := a.Standing(ctx, p.id)
		if err != nil {
			return err
		}
		if len(sides) != 1 {
			return fmt.Errorf("the example records %s on %d sides", p.id, len(sides))
		}
		by := account.Requester{PersonID: "example", Side: account.Side(sides[0]), Roles: []string{string(soc1.Administrator), string(soc1.FirmAdministrator)}}
		token, _, err := ops.accounts.Invite(ctx, by, account.Invitee{PersonID: p.id, Email: demoEmail(p.id), Name: p.id, Side: account.Side(sides[0])})
		if err != nil {
			return err
		}
		if _, err := ops.accounts.Accept(ctx, token, demoPassword, account.Client{}); err != nil {
			return err
		}
	}
	return nil
}

func printDemo(w io.Writer, r *play.Result) {
	fmt.Fprintf(w, "\nPeople of the example who can sign in, all with the password %q:\n", demoPassword)
	for _, p := range demoPeople {
		fmt.Fprintf(w, "  %-36s %s\n", demoEmail(p.id), p.what)
	}
	fmt.Fprintf(w, `
%s looked at %s; %s decided, %s written up.

  The report       %s
  The auditor's file, to verify elsewhere
                   %s
  What a user of the report may see
                   %s
  The checkpoint that left the machine
                   %s
  The workspace    %s

Try:
  bin/reperform verify %s --checkpoint %s
  bin/reperform --workspace %s --actor helen-marchetti examination status --engagement soc1-2025
  bin/reperform --workspace %s get control pay-5-2
`, english.Count(r.Tests, "test"), english.Count(r.Items, "item"),
		english.Count(r.Exceptions, "exception")+english.Choose(r.Exceptions, " was", " were"), english.Count(r.Deviations, "deviation"),
		r.Report, r.Bundle, r.ForReport, r.Checkpoint, r.Workspace, r.Bundle, r.Checkpoint, r.Workspace, r.Workspace)
}
