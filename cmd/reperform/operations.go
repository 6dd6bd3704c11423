package main

import (
	"context"
	"crypto/rand"
	"errors"
	"net/url"
	"path/filepath"
	"time"

	"reperform/account"
	"reperform/app"
	"reperform/desk"
	"reperform/opsdb"
	"reperform/web"
)

// operations are the users of the operational database of a workspace.
type operations struct {
	db       *opsdb.DB
	accounts *account.Service
	desk     *desk.Service
}

// openOperations opens what a workspace keeps beside its ledgers, for a site
// that people reach at an origin.
func openOperations(ctx context.Context, a *app.App, origin string) (*operations, error) {
	key, err := account.LoadKey(filepath.Join(a.Dir(), "keys", "accounts.key"), rand.Reader)
	if err != nil {
		return nil, err
	}
	u, err := url.Parse(origin)
	if err != nil {
		return nil, err
	}
	db, err := opsdb.Open(ctx, filepath.Join(a.Dir(), opsdb.FileName), account.Schema, desk.Schema)
	if err != nil {
		return nil, err
	}
	o := &operations{db: db}
	o.accounts, err = account.New(db, account.Config{Key: key, Now: time.Now, Random: rand.Reader, Directory: web.Directory{App: a},
		// Passkeys are bound to the name alone.
		RelyingParty: account.RelyingParty{ID: u.Hostname(), Name: "Reperform", Origins: []string{origin}}})
	if err == nil {
		o.desk, err = desk.New(db, desk.Config{Key: key, Now: time.Now, Random: rand.Reader})
	}
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return o, nil
}

func (o *operations) close() { _ = o.db.Close() }
