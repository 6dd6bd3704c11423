package desk

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strings"
	"time"

	"reperform/opsdb"
)

// Bounds of saved views.
const (
	// MaxViews is how many views a person keeps on one page.
	MaxViews = 50
	// MaxName is in characters, MaxQuery in bytes.
	MaxName  = 80
	MaxQuery = 4000
	maxPage  = 200
)

// View is a page as somebody likes to see it: filters, columns, order.
type View struct {
	ID    int64
	Owner string
	// Page is the page's address inside the workspace without the slash at its
	// beginning, such as "matrix" or "x/exam-soc1-2025/r/exception".
	Page string
	// Name is unique for a person and page.
	Name string
	// Query is what stands behind the ? of the address.
	Query string
	// Circle is with whom the view is shared: everybody who asks as one of this
	// circle sees it. Empty is the owner alone. Which circles there are is the
	// caller's matter; the ledger of one's own side is a good one, so that
	// nothing that an auditor saves reaches management.
	Circle               string
	CreatedAt, ChangedAt time.Time
}

// Shared tells whether others see the view.
func (v View) Shared() bool { return v.Circle != "" }

// check cleans a view, or says what is wrong with it.
func (v View) check() (View, error) {
	if !token(v.Owner, maxPerson) {
		return v, errPerson
	}
	if !token(v.Page, maxPage) || strings.ContainsAny(v.Page, "?#") {
		return v, ErrPage
	}
	name, ok := line(v.Name, MaxName)
	if !ok {
		return v, ErrName
	}
	v.Name, v.Query = name, strings.TrimPrefix(v.Query, "?")
	if v.Query != "" && !token(v.Query, MaxQuery) {
		return v, ErrQuery
	}
	if _, err := url.ParseQuery(v.Query); err != nil {
		return v, ErrQuery
	}
	if v.Circle != "" && !token(v.Circle, maxPage) {
		return v, errors.New("a circle is named by a word, such as the name of a ledger")
	}
	return v, nil
}

// SaveView keeps a new view, whose ID and times it answers. A name that the
// owner uses on the page already is ErrTaken.
func (s *Service) SaveView(ctx context.Context, v View) (View, error) {
	v, err := v.check()
	if err != nil {
		return View{}, err
	}
	v.CreatedAt = s.now().UTC().Truncate(time.Millisecond)
	v.ChangedAt = v.CreatedAt
	err = s.db.Write(ctx, func(tx *opsdb.Tx) error {
		var n int
		if err := tx.QueryRowContext(ctx, "SELECT count(*) FROM desk_view WHERE owner = ? AND page = ?", v.Owner, v.Page).Scan(&n); err != nil {
			return err
		}
		if n >= MaxViews {
			return ErrTooMany
		}
		res, err := tx.ExecContext(ctx, "INSERT INTO desk_view (owner, page, name, query, circle, created, changed) VALUES (?, ?, ?, ?, ?, ?, ?)",
			v.Owner, v.Page, v.Name, v.Query, v.Circle, millis(v.CreatedAt), millis(v.ChangedAt))
		if opsdb.IsConflict(err) {
			return ErrTaken
		}
		if err != nil {
			return err
		}
		v.ID, err = res.LastInsertId()
		return err
	})
	if err != nil {
		return View{}, err
	}
	return v, nil
}

// ChangeView replaces name, query and circle of the view with this ID. Owner is
// who asks: of another's view they are told ErrNotYours when it is shared with
// one of their circles, otherwise ErrNotFound.
func (s *Service) ChangeView(ctx context.Context, v View, circles []string) (View, error) {
	var out View
	err := s.db.Write(ctx, func(tx *opsdb.Tx) error {
		before, err := ownView(ctx, tx, v.Owner, circles, v.ID)
		if err != nil {
			return err
		}
		before.Name, before.Query, before.Circle = v.Name, v.Query, v.Circle
		if out, err = before.check(); err != nil {
			return err
		}
		out.ChangedAt = s.now().UTC().Truncate(time.Millisecond)
		_, err = tx.ExecContext(ctx, "UPDATE desk_view SET name = ?, query = ?, circle = ?, changed = ? WHERE id = ?",
			out.Name, out.Query, out.Circle, millis(out.ChangedAt), out.ID)
		if opsdb.IsConflict(err) {
			return ErrTaken
		}
		return err
	})
	if err != nil {
		return View{}, err
	}
	return out, nil
}

// DeleteView removes a view of the person's own.
func (s *Service) DeleteView(ctx context.Context, person string, circles []string, id int64) error {
	return s.db.Write(ctx, func(tx *opsdb.Tx) error {
		if _, err := ownView(ctx, tx, person, circles, id); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, "DELETE FROM desk_view WHERE id = ?", id)
		return err
	})
}

const viewColumns = "id, owner, page, name, query, circle, created, changed"

func scanView(row interface{ Scan(...any) error }) (View, error) {
	var v View
	var created, changed int64
	err := row.Scan(&v.ID, &v.Owner, &v.Page, &v.Name, &v.Query, &v.Circle, &created, &changed)
	if errors.Is(err, opsdb.ErrNoRows) {
		return v, ErrNotFound
	}
	v.CreatedAt, v.ChangedAt = fromMillis(created), fromMillis(changed)
	return v, err
}

// visible tells whether a person who stands in some circles sees a view.
func (v View) visible(person string, circles []string) bool {
	return v.Owner == person || v.Circle != "" && slices.Contains(circles, v.Circle)
}

func viewOf(ctx context.Context, tx *opsdb.Tx, person string, circles []string, id int64) (View, error) {
	v, err := scanView(tx.QueryRowContext(ctx, "SELECT "+viewColumns+" FROM desk_view WHERE id = ?", id))
	if err == nil && !v.visible(person, circles) {
		return View{}, ErrNotFound
	}
	return v, err
}

func ownView(ctx context.Context, tx *opsdb.Tx, person string, circles []string, id int64) (View, error) {
	v, err := viewOf(ctx, tx, person, circles, id)
	if err == nil && v.Owner != person {
		return View{}, ErrNotYours
	}
	return v, err
}

// View finds a view that is the person's own or shared with one of the circles;
// any other is ErrNotFound.
func (s *Service) View(ctx context.Context, person string, circles []string, id int64) (v View, err error) {
	err = s.db.Read(ctx, func(tx *opsdb.Tx) error {
		v, err = viewOf(ctx, tx, person, circles, id)
		return err
	})
	return v, err
}

// Views lists the views of a page that a person sees: their own, then those
// shared with one of the circles, each by name. The caller has found that the
// person may open the page.
func (s *Service) Views(ctx context.Context, person string, circles []string, page string) (all []View, err error) {
	err = s.db.Read(ctx, func(tx *opsdb.Tx) error {
		rows, err := tx.QueryContext(ctx, "SELECT "+viewColumns+" FROM desk_view WHERE page = ? AND (owner = ? OR circle <> '') ORDER BY owner <> ?, name, id", page, person, person)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			v, err := scanView(rows)
			if err != nil {
				return err
			}
			if v.visible(person, circles) {
				all = append(all, v)
			}
		}
		return rows.Err()
	})
	return all, err
}
