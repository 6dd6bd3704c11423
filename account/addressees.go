package account

import (
	"context"

	"reperform/opsdb"
)

// Addressees lists everybody who can sign in, whichever side keeps the account,
// for the program's own mail to them. It is shown to nobody: a page asks for
// Accounts, which answers by who asks.
func (s *Service) Addressees(ctx context.Context) (all []Account, err error) {
	err = s.db.Read(ctx, func(tx *opsdb.Tx) error {
		rows, err := tx.QueryContext(ctx, "SELECT "+accountColumns+" FROM account_account a WHERE a.disabled = 0 ORDER BY a.person")
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			a, err := scanAccount(rows)
			if err != nil {
				return err
			}
			all = append(all, a)
		}
		return rows.Err()
	})
	return all, err
}
