package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"strings"

	"reperform/account"
	"reperform/app"
	"reperform/soc1/library"
	"reperform/web"
)

// serveFirstRun serves a folder without a workspace: pages that make one, and
// then the workspace.
func (h *house) serveFirstRun(ctx context.Context) error {
	code, err := setupCode(rand.Reader)
	if err != nil {
		return err
	}
	setup, err := web.NewSetup(web.SetupOptions{Code: code, Services: serviceTypes(), Make: h.make(func() {}), Secure: h.tls(), Proxies: h.trusted, Log: h.log})
	if err != nil {
		return err
	}
	return h.serve(ctx, setup.Handler(), code)
}

// make makes the workspace of a first run and opens it. begun is called first.
func (h *house) make(begun func()) func(context.Context, web.FirstRun) (*web.Site, account.SignedIn, error) {
	return func(ctx context.Context, run web.FirstRun) (*web.Site, account.SignedIn, error) {
		begun()
		in, err := h.establish(ctx, run, h.at)
		if err != nil {
			return nil, in, err
		}
		site, err := h.open(ctx)
		return site, in, err
	}
}

// establish makes the workspace of a first run, whole or not at all.
func (c *cli) establish(ctx context.Context, run web.FirstRun, origin string) (in account.SignedIn, err error) {
	err = app.Establish(ctx, c.workspace, func(dir string) error {
		a, err := app.Init(ctx, dir, run.Organization, run.PersonID, run.Person, c.options())
		if err != nil {
			return err
		}
		in, err = c.begin(ctx, dir, a, run, origin)
		return errors.Join(err, a.Close())
	})
	return in, err
}

// begin puts into a new workspace what a first run begins with: the records of
// a service type, and the administrator's account.
func (c *cli) begin(ctx context.Context, dir string, a *app.App, run web.FirstRun, origin string) (in account.SignedIn, err error) {
	if run.Service != "" {
		items, err := libraryItems(run.Service, true)
		if err != nil {
			return in, err
		}
		if _, err := a.Apply(ctx, run.PersonID, items, app.ApplyOptions{Reason: libraryReason(run.Service)}); err != nil {
			return in, err
		}
	}
	ops, err := openOperations(ctx, dir, a, origin, nil)
	if err != nil {
		return in, err
	}
	defer ops.close()
	token, _, err := ops.accounts.InviteFirst(ctx, account.Invitee{PersonID: run.PersonID, Email: run.Person.Email, Name: run.Person.Name, Side: account.ServiceOrganization})
	if err != nil {
		return in, err
	}
	return ops.accounts.Accept(ctx, token, run.Password, run.Client)
}

// serviceTypes are those of the library, as the first run offers them.
func serviceTypes() []web.ServiceType {
	var out []web.ServiceType
	for _, s := range library.Services() {
		t := web.ServiceType{Code: s.Code, Name: s.Name, Objectives: len(s.Objectives)}
		for _, o := range s.Objectives {
			t.Controls += len(o.Controls)
		}
		out = append(out, t)
	}
	return out
}

// setupCode makes the code of a first run: 80 random bits, in an alphabet
// without letters that look like digits, so that it can be typed from another
// screen.
func setupCode(random io.Reader) (string, error) {
	const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
	var raw [16]byte
	if _, err := io.ReadFull(random, raw[:]); err != nil {
		return "", fmt.Errorf("random bytes for a code: %w", err)
	}
	var b strings.Builder
	for i, x := range raw {
		if i > 0 && i%4 == 0 {
			b.WriteByte('-')
		}
		b.WriteByte(alphabet[x&31])
	}
	return b.String(), nil
}
