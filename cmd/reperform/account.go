package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"reperform/account"
	"reperform/record"
	"reperform/soc1"
)

func (c *cli) accountCommand() *cobra.Command {
	cmd := c.command("account", "account", nil)
	cmd.AddCommand(c.accountInvite(), c.accountReset())
	return cmd
}

func (c *cli) accountInvite() *cobra.Command {
	var email, address string
	cmd := c.command("invite PERSON", "account", func(cmd *cobra.Command, args []string) error {
		a, err := c.open(cmd.Context())
		if err != nil {
			return err
		}
		sides, _, err := a.Standing(cmd.Context(), args[0])
		if err != nil {
			return err
		}
		if len(sides) != 1 {
			return fmt.Errorf("the ledgers record %q on %d sides; an account needs a person with one: correct the id, or record the person first", args[0], len(sides))
		}
		by, roles, err := a.Standing(cmd.Context(), c.actor)
		if err != nil {
			return err
		}
		name := args[0]
		for _, l := range a.Ledgers(cmd.Context(), c.actor) {
			if v, err := a.View(cmd.Context(), c.actor, l, record.AsOf{}); err == nil {
				if p, err := record.One[soc1.Person](cmd.Context(), v, "person", args[0]); err == nil {
					name = p.Value.Name
				}
			}
		}
		ops, err := openOperations(cmd.Context(), a.Dir(), a, address, nil)
		if err != nil {
			return err
		}
		defer ops.close()
		in := account.Invitee{PersonID: args[0], Email: email, Name: name, Side: account.Side(sides[0])}
		token, link, err := ops.accounts.InviteFirst(cmd.Context(), in)
		// A guest is never the first of a side; who administers accounts invites them.
		if errors.Is(err, account.ErrForbidden) || errors.Is(err, account.ErrSide) {
			r := account.Requester{PersonID: c.actor}
			if len(by) == 1 {
				r.Side = account.Side(by[0])
			}
			for _, x := range roles {
				r.Roles = append(r.Roles, string(x))
			}
			token, link, err = ops.accounts.Invite(cmd.Context(), r, in)
		}
		if err != nil {
			return err
		}
		at := address + "/invite/" + token
		return c.print(map[string]any{"link": at, "expires": link.ExpiresAt}, func(w io.Writer) {
			fmt.Fprintf(w, "%s chooses a password at\n  %s\nThe link works once, until %s. It is a secret: hand it to nobody else.\n", name, at, link.ExpiresAt.Format("2006-01-02 15:04 MST"))
		})
	})
	cmd.Short = "Make the link by which a person chooses a password"
	cmd.Args = cobra.ExactArgs(1)
	cmd.Flags().StringVar(&email, "email", "", "address by which the person signs in (required)")
	cmd.MarkFlagRequired("email")
	cmd.Flags().StringVar(&address, "address", "http://localhost:8740", "address of the site, for the link")
	return cmd
}

func (c *cli) accountReset() *cobra.Command {
	var address string
	var lost bool
	cmd := c.command("reset PERSON", "account", func(cmd *cobra.Command, args []string) error {
		a, err := c.open(cmd.Context())
		if err != nil {
			return err
		}
		ops, err := openOperations(cmd.Context(), a.Dir(), a, address, nil)
		if err != nil {
			return err
		}
		defer ops.close()
		token, link, err := ops.accounts.ResetAtConsole(cmd.Context(), args[0], lost)
		switch {
		case errors.Is(err, account.ErrForbidden):
			return fmt.Errorf("the account of %s is kept by the audit firm; an administrator of the firm resets it", args[0])
		case errors.Is(err, account.ErrNotFound):
			return fmt.Errorf("%s has no account; make one with `reperform account invite %s`", args[0], args[0])
		case err != nil:
			return err
		}
		at := address + "/invite/" + token
		return c.print(map[string]any{"link": at, "expires": link.ExpiresAt}, func(w io.Writer) {
			fmt.Fprintf(w, "%s chooses another password at\n  %s\nThe link works once, until %s. It is a secret: hand it to nobody else.\n", link.Name, at, link.ExpiresAt.Format("2006-01-02 15:04 MST"))
		})
	})
	cmd.Short = "Make the link by which somebody of the service organization comes in again"
	cmd.Args = cobra.ExactArgs(1)
	cmd.Flags().BoolVar(&lost, "lost-devices", false, "take passkeys, authenticator app and recovery codes away as well")
	cmd.Flags().StringVar(&address, "address", "http://localhost:8740", "address of the site, for the link")
	return cmd
}
