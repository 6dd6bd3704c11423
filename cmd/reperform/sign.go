package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"reperform/app"
	"reperform/soc1"
)

func (c *cli) signCommand() *cobra.Command {
	var on, dated, statement, text string
	var show bool
	cmd := c.command("sign KIND ID", "sign", func(cmd *cobra.Command, args []string) error {
		a, err := c.open(cmd.Context())
		if err != nil {
			return err
		}
		if show {
			s, err := a.Signing(cmd.Context(), c.actor, args[0], args[1], 0)
			if err != nil {
				return err
			}
			return c.print(s, func(w io.Writer) { printSigning(w, s) })
		}
		g := app.Signature{Kind: args[0], ID: args[1], On: soc1.Date(on), Dated: soc1.Date(dated), Statement: statement, SHA256: text}
		if err := a.Sign(cmd.Context(), c.actor, g); err != nil {
			return err
		}
		return c.print(map[string]string{"kind": args[0], "id": args[1]}, func(w io.Writer) { fmt.Fprintf(w, "%s signed %s %s.\n", c.actor, args[0], args[1]) })
	})
	cmd.Args = cobra.ExactArgs(2)
	f := cmd.Flags()
	f.BoolVar(&show, "show", false, "print the text, its hash and who signed it; sign nothing")
	f.StringVar(&on, "on", "", "date of the signature (default: today)")
	f.StringVar(&dated, "dated", "", "date of a representation letter that bears none yet")
	f.StringVar(&statement, "statement", "", "what you say with your signature; it is recorded as the reason")
	f.StringVar(&text, "text", "", "SHA-256 of the text that you have read: another text is not signed")
	return cmd
}

// printSigning prints the text between lines that are no part of it.
func printSigning(w io.Writer, s *app.Signing) {
	fmt.Fprintf(w, "%s\nSHA-256 of these lines: %s (revision %d)\n", s.Text, s.SHA256, s.Revision)
	switch {
	case s.Signed != nil && s.Differs:
		fmt.Fprintf(w, "Signed by %s on %s, and it reads otherwise since: read it again, and have it signed again.\n", s.Signed.By, s.Signed.On)
	case s.Signed != nil:
		fmt.Fprintf(w, "Signed by %s on %s.\n", s.Signed.By, s.Signed.On)
	case s.Earlier != nil:
		fmt.Fprintf(w, "Not signed. Revision %d was signed by %s on %s, and was changed since.\n", s.Earlier.Revision, s.Earlier.By, s.Earlier.On)
	default:
		fmt.Fprintln(w, "Not signed.")
	}
}
