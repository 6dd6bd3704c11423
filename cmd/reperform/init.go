package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"reperform/app"
	"reperform/soc1"
)

func (c *cli) initCommand() *cobra.Command {
	var org soc1.Organization
	var name, title, email string
	cmd := c.command("init", "init", func(cmd *cobra.Command, _ []string) error {
		if _, err := time.LoadLocation(org.Timezone); err != nil {
			return fmt.Errorf("--timezone: %q is not known; use an IANA name such as America/Chicago", org.Timezone)
		}
		if c.actor == "" {
			c.actor = "p-" + slug(name)
		}
		person := soc1.Person{Name: name, Title: title, Email: email, Side: soc1.SideServiceOrganization,
			Roles: []soc1.Role{soc1.Administrator, soc1.ComplianceManager}}
		a, err := app.Init(cmd.Context(), c.workspace, org, c.actor, person, c.options())
		if err != nil {
			return err
		}
		c.app = a
		return c.print(map[string]string{"workspace": c.workspace, "actor": c.actor}, func(w io.Writer) {
			fmt.Fprintf(w, "%s is ready for %s. %s (%s) is its administrator and compliance manager.\n", c.workspace, org.Name, name, c.actor)
			fmt.Fprintf(w, "Back up %s/keys apart from the rest: without it the evidence cannot be read and no checkpoint signed.\n", c.workspace)
			fmt.Fprintln(w, "Next: `reperform templates list`, or write records and `reperform apply -f FOLDER`.")
		})
	})
	f := cmd.Flags()
	f.StringVar(&org.Name, "organization", "", "name of the service organization (required)")
	f.StringVar(&org.Timezone, "timezone", "UTC", "IANA time zone that decides which day something happened on")
	f.StringVar(&org.Currency, "currency", "", "ISO 4217 currency of its amounts")
	f.StringVar(&org.Country, "country", "", "country of registration")
	f.StringVar(&name, "name", "", "name of the first person (required)")
	f.StringVar(&title, "title", "", "position of the first person")
	f.StringVar(&email, "email", "", "e-mail of the first person")
	cmd.MarkFlagRequired("organization")
	cmd.MarkFlagRequired("name")
	return cmd
}

// slug makes an id of a name: lower-case letters, digits and single dashes.
func slug(s string) string {
	var b strings.Builder
	dash := false
	for _, r := range strings.ToLower(s) {
		switch {
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
			if dash && b.Len() > 0 {
				b.WriteByte('-')
			}
			dash = false
			b.WriteRune(r)
		default:
			dash = true
		}
	}
	if b.Len() == 0 {
		return "first"
	}
	return b.String()
}
