package app

import (
	"context"
	"sync"
	"time"
)

// Zone is the organization's time zone, which decides the day of a moment.
func (a *App) Zone(ctx context.Context) (*time.Location, error) { return a.zone(ctx) }

// zones remembers the organization's time zone for as long as no record of it
// changes: every page asks for it, and most ask more than once.
type zones struct {
	mu      sync.Mutex
	version int64
	known   *time.Location
}

func (a *App) zone(ctx context.Context) (*time.Location, error) {
	snap, err := a.log.Snapshot(OrganizationLedger)
	if err != nil {
		return nil, err
	}
	version := snap.Version("organization", "")
	a.zones.mu.Lock()
	defer a.zones.mu.Unlock()
	if a.zones.known != nil && a.zones.version == version {
		return a.zones.known, nil
	}
	org, err := a.organization(ctx)
	if err != nil {
		return nil, err
	}
	z, err := time.LoadLocation(org.Timezone)
	if err != nil {
		return nil, err
	}
	a.zones.version, a.zones.known = version, z
	return z, nil
}
