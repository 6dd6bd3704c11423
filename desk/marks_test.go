package desk

import (
	"strings"
	"testing"
	"time"
)

func TestMarks(t *testing.T) {
	w := newWorld(t)
	began := w.clock()
	ok(t, w.Mark(ctx, "ann", "org/comment/c-1", "org/comment/c-2"))
	ok(t, w.Mark(ctx, "ben", "org/comment/c-3"))
	w.pass(time.Hour)
	later := w.clock()
	ok(t, w.Mark(ctx, "ann", "org/comment/c-2", "org/request/r-1"))
	ok(t, w.Unmark(ctx, "ann", "org/request/r-1", "org/request/never"))
	ok(t, w.Mark(ctx, "ann"))

	all, err := w.Marks(ctx, "ann", time.Time{})
	ok(t, err)
	if len(all) != 2 || !all["org/comment/c-1"].Equal(began) || !all["org/comment/c-2"].Equal(later) {
		t.Errorf("ann has marked %v", all)
	}
	recent, err := w.Marks(ctx, "ann", later)
	ok(t, err)
	if len(recent) != 1 || recent["org/comment/c-2"].IsZero() {
		t.Errorf("ann has marked lately %v", recent)
	}

	for what, item := range map[string]string{"nothing": "", "a long one": strings.Repeat("a", maxItem+1), "one with a break": "a\nb", "no text": "\xff"} {
		is(t, what, w.Mark(ctx, "ann", "fine", item), ErrItem)
	}
	is(t, "too many", w.Mark(ctx, "ann", make([]string, MaxMarks+1)...), ErrItem)
	is(t, "nobody", w.Mark(ctx, "", "a"), errPerson)
	if all, _ := w.Marks(ctx, "ann", time.Time{}); len(all) != 2 {
		t.Errorf("a refused call marked something: %v", all)
	}
}

func TestMarksAreForgottenAfterAYear(t *testing.T) {
	w := newWorld(t)
	ok(t, w.Mark(ctx, "ann", "old"))
	w.pass(MarksKept - time.Hour)
	ok(t, w.Mark(ctx, "ann", "new"))
	w.pass(time.Hour)
	removed, err := w.db.Sweep(ctx, w.clock())
	ok(t, err)
	all, err := w.Marks(ctx, "ann", time.Time{})
	ok(t, err)
	if removed["desk"] != 1 || len(all) != 1 || all["new"].IsZero() {
		t.Errorf("the sweep removed %v and left %v", removed, all)
	}
}
