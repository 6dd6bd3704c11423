package app

import (
	"context"
	"time"
)

// Zone is the organization's time zone, which decides the day of a moment.
func (a *App) Zone(ctx context.Context) (*time.Location, error) { return a.zone(ctx) }
