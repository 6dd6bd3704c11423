package app

import (
	"context"
	"encoding/hex"
)

// LoseSealed removes what is sealed behind a commitment, as a failing disk does.
func LoseSealed(ctx context.Context, a *App, commitment string) error {
	b, err := hex.DecodeString(commitment)
	if err != nil {
		return err
	}
	return a.sealed.Delete(ctx, OrganizationLedger, [32]byte(b))
}
