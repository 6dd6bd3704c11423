package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"reperform/app"
	"reperform/english"
	"reperform/policies"
	"reperform/record"
	"reperform/soc1"
	"reperform/soc1/library"
)

// The forms in which policies are printed for machines.
type (
	policyLine struct {
		ID        string    `json:"id"`
		Title     string    `json:"title"`
		State     string    `json:"state"`
		Owner     string    `json:"owner,omitempty"`
		Approver  string    `json:"approver,omitempty"`
		Version   string    `json:"version_in_force,omitempty"`
		Revision  int64     `json:"revision_in_force,omitempty"`
		Since     soc1.Date `json:"in_force_since,omitempty"`
		ReviewDue soc1.Date `json:"review_due,omitempty"`
		Asked     int       `json:"audience"`
		Confirmed int       `json:"confirmed"`
		Controls  []string  `json:"controls"`
	}
	campaignLine struct {
		ID      string              `json:"id"`
		Title   string              `json:"title"`
		State   string              `json:"state"`
		Opens   soc1.Date           `json:"opens"`
		Due     soc1.Date           `json:"due"`
		Asked   int                 `json:"asked"`
		Given   int                 `json:"given"`
		Missing map[string][]string `json:"missing,omitempty"`
	}
	policyExceptionLine struct {
		ID     string    `json:"id"`
		Policy string    `json:"policy"`
		Title  string    `json:"title"`
		State  string    `json:"state"`
		From   soc1.Date `json:"from"`
		Until  soc1.Date `json:"until"`
	}
)

// stateKey is a label as machines read it.
func stateKey(s string) string {
	return strings.NewReplacer(",", "", " ", "_").Replace(strings.ToLower(s))
}

func lineOfPolicy(l *policies.Line) policyLine {
	out := policyLine{ID: l.ID, Title: l.Value.Title, State: l.State.Key(), Owner: l.Value.Owner, Approver: l.Value.Approver, ReviewDue: l.ReviewDue, Asked: len(l.Audience), Confirmed: l.Confirmed(),
		Controls: append([]string{}, l.Value.Controls...)}
	if d := l.InForce; d != nil {
		out.Version, out.Revision, out.Since = d.Value.Version, d.Value.Revision, l.Began
	}
	return out
}

func lineOfCampaign(c *policies.Campaign) campaignLine {
	out := campaignLine{ID: c.ID, Title: c.Value.Title, State: stateKey(c.State.Label()), Opens: c.Value.Opens, Due: c.Value.Due, Asked: c.Asked, Given: c.Given, Missing: map[string][]string{}}
	for _, p := range c.People {
		for i, a := range p.Answers {
			if a.Asked && a.Given == nil {
				out.Missing[p.Person.ID] = append(out.Missing[p.Person.ID], c.Policies[i].ID)
			}
		}
	}
	return out
}

func (c *cli) policiesCommand() *cobra.Command {
	var at pointFlags
	var state string
	cmd := c.command("policies", "policies", func(cmd *cobra.Command, _ []string) error {
		a, err := c.open(cmd.Context())
		if err != nil {
			return err
		}
		asOf, err := c.point(cmd.Context(), a, app.OrganizationLedger, at.asOf, at.knownAt)
		if err != nil {
			return err
		}
		r, err := a.Policies(cmd.Context(), c.actor, asOf)
		if err != nil {
			return err
		}
		var known []string
		for _, s := range policies.States {
			known = append(known, s.Key())
		}
		if state != "" && !slices.Contains(known, state) {
			return fmt.Errorf("--state: there is no state %q; use one of %s", state, strings.Join(known, ", "))
		}
		lines, campaigns, exceptions := []policyLine{}, []campaignLine{}, []policyExceptionLine{}
		for i := range r.Lines {
			if state == "" || r.Lines[i].State.Key() == state {
				lines = append(lines, lineOfPolicy(&r.Lines[i]))
			}
		}
		for i := range r.Campaigns {
			campaigns = append(campaigns, lineOfCampaign(&r.Campaigns[i]))
		}
		for _, e := range r.Exceptions {
			exceptions = append(exceptions, policyExceptionLine{e.ID, e.Value.Policy, e.Value.Title, stateKey(e.State.Label()), e.Value.From, e.Value.Until})
		}
		return c.print(map[string]any{"today": r.Today, "policies": lines, "campaigns": campaigns, "exceptions": exceptions}, func(w io.Writer) {
			printPolicies(w, r, lines, campaigns, exceptions)
		})
	})
	at.clocks(cmd)
	cmd.Flags().StringVar(&state, "state", "", "show those in one state: overdue, draft, refused, changed, due, coming, in_force")
	cmd.AddCommand(c.policiesStartersCommand(), c.policiesAdoptCommand(), c.policiesDecideCommand(), c.policiesConfirmCommand(), c.policiesFileCommand())
	return cmd
}

func printPolicies(w io.Writer, r *policies.Register, lines []policyLine, campaigns []campaignLine, exceptions []policyExceptionLine) {
	for _, l := range lines {
		fmt.Fprintf(w, "%-24s  %s\n  %s", l.ID, l.Title, r.Line(l.ID).State.Label())
		if l.Since != "" {
			fmt.Fprintf(w, "; version %s in force since %s", l.Version, l.Since)
		}
		if l.ReviewDue != "" {
			fmt.Fprintf(w, "; review by %s", l.ReviewDue)
		}
		if l.Asked > 0 {
			fmt.Fprintf(w, "; confirmed by %d of %d", l.Confirmed, l.Asked)
		}
		fmt.Fprintln(w)
	}
	fmt.Fprintln(w, english.Count(len(lines), "policy"))
	for _, x := range campaigns {
		how := fmt.Sprintf("%d of %d confirmed", x.Given, x.Asked)
		if r.Campaign(x.ID).State == policies.Planned {
			how = fmt.Sprintf("not begun, will ask for %s", english.Count(x.Asked, "confirmation"))
		}
		fmt.Fprintf(w, "Campaign %s  %s, %s to %s: %s, %s\n", x.ID, x.Title, x.Opens, x.Due, r.Campaign(x.ID).State.Label(), how)
	}
	for i, x := range exceptions {
		fmt.Fprintf(w, "Exception %s  %s, from %s, %s to %s: %s\n", x.ID, x.Title, x.Policy, x.From, x.Until, r.Exceptions[i].State.Label())
	}
}

func (c *cli) policiesStartersCommand() *cobra.Command {
	cmd := c.command("starters [ID]", "policies", func(_ *cobra.Command, args []string) error {
		if len(args) > 1 {
			return errors.New("name one policy to read it, or none to list them")
		}
		if len(args) == 1 {
			p, ok := library.PolicyOf(args[0])
			if !ok {
				return fmt.Errorf("the starter set has no policy %q; list them without a name", args[0])
			}
			return c.print(p, func(w io.Writer) { fmt.Fprintf(w, "%s\n\n%s\n\n%s", p.Title, p.Summary, p.Text) })
		}
		type starter struct {
			ID       string   `json:"id"`
			Title    string   `json:"title"`
			Summary  string   `json:"summary"`
			Controls []string `json:"controls"`
		}
		var out []starter
		for _, p := range library.Policies() {
			out = append(out, starter{p.ID, p.Title, p.Summary, p.Controls})
		}
		return c.print(out, func(w io.Writer) {
			for _, p := range out {
				fmt.Fprintf(w, "%-36s  %s\n", p.ID, p.Title)
			}
		})
	})
	cmd.Short = "List the starter set of policies, or read one"
	cmd.Args = cobra.ArbitraryArgs
	return cmd
}

func (c *cli) policiesAdoptCommand() *cobra.Command {
	var effective string
	cmd := c.command("adopt ID…", "policies", func(cmd *cobra.Command, args []string) error {
		a, err := c.open(cmd.Context())
		if err != nil {
			return err
		}
		ids, err := a.AdoptPolicies(cmd.Context(), c.actor, args, soc1.Date(effective))
		if err != nil {
			return err
		}
		return c.print(map[string]any{"ids": ids}, func(w io.Writer) {
			fmt.Fprintf(w, "Recorded %s as drafts that you own: %s. Name who approves each.\n", english.Count(len(ids), "policy"), strings.Join(ids, ", "))
		})
	})
	cmd.Short = "Record policies of the starter set as drafts"
	cmd.Flags().StringVar(&effective, "effective", "", "the day from which the records hold (default: today)")
	cmd.Args = cobra.MinimumNArgs(1)
	return cmd
}

func (c *cli) policiesDecideCommand() *cobra.Command {
	var x app.PolicyDeciding
	var approve, refuse bool
	var from, on string
	cmd := c.command("decide POLICY", "policies", func(cmd *cobra.Command, args []string) error {
		if approve == refuse {
			return errors.New("say --approve or --refuse")
		}
		x.Decision = soc1.PolicyApproved
		if refuse {
			x.Decision = soc1.PolicyRefused
		}
		x.Policy, x.From, x.On = args[0], soc1.Date(from), soc1.Date(on)
		a, err := c.open(cmd.Context())
		if err != nil {
			return err
		}
		id, err := a.DecidePolicy(cmd.Context(), c.actor, x)
		if err != nil {
			return err
		}
		return c.print(map[string]string{"id": id}, func(w io.Writer) { fmt.Fprintf(w, "Recorded %s: %s.\n", id, strings.ToLower(x.Decision.Label())) })
	})
	cmd.Short = "Approve or refuse a policy, or an exception from one"
	cmd.Args = cobra.ExactArgs(1)
	cmd.Flags().BoolVar(&approve, "approve", false, "approve it as it stands")
	cmd.Flags().BoolVar(&refuse, "refuse", false, "refuse it as it stands")
	cmd.Flags().StringVar(&x.Exception, "exception", "", "the exception that is decided on, instead of the policy")
	cmd.Flags().Int64Var(&x.Seen, "revision", 0, "the revision that was read; refused where other words stand by now")
	cmd.Flags().StringVar(&from, "from", "", "the day from which it is in force (default: that of the decision)")
	cmd.Flags().BoolVar(&x.Again, "again", false, "whoever confirmed an earlier version confirms again")
	cmd.Flags().StringVar(&x.Note, "note", "", "what changed, or what has to")
	cmd.Flags().StringVar(&x.By, "by", "", "who decided, where somebody else did")
	cmd.Flags().StringVar(&on, "on", "", "the day on which they did")
	cmd.Flags().StringVar(&x.Minutes, "minutes", "", "where that can be read up")
	return cmd
}

func (c *cli) policiesConfirmCommand() *cobra.Command {
	cmd := c.command("confirm CAMPAIGN [POLICY…]", "policies", func(cmd *cobra.Command, args []string) error {
		a, err := c.open(cmd.Context())
		if err != nil {
			return err
		}
		seen := map[string]int64{}
		for _, id := range args[1:] {
			seen[id] = 0
		}
		if len(seen) == 0 {
			// Nothing is confirmed unnamed: what is asked is told instead.
			r, err := a.Policies(cmd.Context(), c.actor, record.AsOf{})
			if err != nil {
				return err
			}
			var asked []string
			if x := r.Campaign(args[0]); x != nil && x.Of(c.actor) != nil {
				asked = lineOfCampaign(x).Missing[c.actor]
			}
			if len(asked) == 0 {
				return fmt.Errorf("nothing of campaign %s waits for you", args[0])
			}
			return fmt.Errorf("name the policies that you have read; campaign %s asks you to confirm %s", args[0], strings.Join(asked, ", "))
		}
		n, err := a.AcknowledgePolicies(cmd.Context(), c.actor, args[0], seen)
		if err != nil {
			return err
		}
		return c.print(map[string]int{"confirmed": n}, func(w io.Writer) { fmt.Fprintf(w, "You confirmed %s.\n", english.Count(n, "policy")) })
	})
	cmd.Short = "Confirm in your own name that you have read policies and follow them"
	cmd.Args = cobra.MinimumNArgs(1)
	return cmd
}

func (c *cli) policiesFileCommand() *cobra.Command {
	cmd := c.command("file CAMPAIGN", "policies", func(cmd *cobra.Command, args []string) error {
		a, err := c.open(cmd.Context())
		if err != nil {
			return err
		}
		id, err := a.FilePolicyCampaign(cmd.Context(), c.actor, args[0])
		if err != nil {
			return err
		}
		return c.print(map[string]string{"id": id}, func(w io.Writer) { fmt.Fprintf(w, "Recorded as evidence %s.\n", id) })
	})
	cmd.Short = "Record who confirmed in a campaign as evidence"
	cmd.Args = cobra.ExactArgs(1)
	return cmd
}
