package desk

import (
	"strings"
	"testing"
	"time"

	"reperform/opsdb"
)

func (w *world) troubles() []Trouble {
	w.t.Helper()
	all, err := w.Troubles(ctx)
	ok(w.t, err)
	return all
}

// A mail that was given up is tried again when somebody says so, under the same
// name and with its content, and is given up again or sent.
func TestAMailIsTriedAgain(t *testing.T) {
	w := newWorld(t)
	w.queue("a")
	first := claimed(t, w.Service)[0]
	_, err := w.Failed(ctx, first, "550 \u202eno\x00 such\nuser", true)
	ok(t, err)
	all := w.troubles()
	if len(all) != 1 || all[0].Addressee != "ann" || all[0].Topic != "mention" || all[0].Attempts != 1 || all[0].Problem != "550 no such user" || !all[0].EndedAt.Equal(w.clock()) || !all[0].NextAt.IsZero() || !all[0].Retry {
		t.Fatalf("the troubles are %+v", all)
	}
	w.pass(6 * 24 * time.Hour)
	ok(t, w.Retry(ctx, all[0].ID))
	select {
	case <-w.Arrived():
	default:
		t.Error("nobody is told that there is something to send")
	}
	again := claimed(t, w.Service)
	if len(again) != 1 || again[0].Message != first.Message || string(again[0].Mail.Body) != "body of a" || again[0].Attempt != 1 {
		t.Fatalf("tried again is %+v", again)
	}
	// While it is on its way, nobody sends it a second time.
	if all := w.troubles(); len(all) != 1 || all[0].Retry {
		t.Errorf("the troubles are %+v", all)
	}
	is(t, "on its way", w.Retry(ctx, all[0].ID), ErrMail)
	next, err := w.Failed(ctx, again[0], "421 later", false)
	ok(t, err)
	if all := w.troubles(); len(all) != 1 || !all[0].NextAt.Equal(next) || !all[0].EndedAt.IsZero() || all[0].Problem != "421 later" || !all[0].Retry {
		t.Errorf("the troubles are %+v", all)
	}
	// What waits need not wait.
	ok(t, w.Retry(ctx, all[0].ID))
	once := claimed(t, w.Service)
	if len(once) != 1 || once[0].Attempt != 2 {
		t.Fatalf("at once: %+v", once)
	}
	ok(t, w.Sent(ctx, once[0]))
	if all := w.troubles(); len(all) != 0 {
		t.Errorf("sent, the troubles are %+v", all)
	}
	is(t, "sent", w.Retry(ctx, all[0].ID), ErrMail)
	is(t, "sent", w.Discard(ctx, all[0].ID), ErrMail)
	is(t, "none", w.Retry(ctx, 4711), ErrMail)
}

func TestAMailIsDiscarded(t *testing.T) {
	w := newWorld(t)
	w.queue("given up")
	w.queue("waits")
	w.queue("fine")
	for _, q := range claimed(t, w.Service) {
		if q.Mail.Key == "fine" {
			continue
		}
		_, err := w.Failed(ctx, q, "no", q.Mail.Key == "given up")
		ok(t, err)
	}
	all := w.troubles()
	if len(all) != 2 {
		t.Fatalf("the troubles are %+v", all)
	}
	for _, x := range all {
		ok(t, w.Discard(ctx, x.ID))
		is(t, "twice", w.Discard(ctx, x.ID), ErrMail)
	}
	w.pass(time.Hour)
	if left := w.troubles(); len(left) != 0 {
		t.Errorf("left are %+v", left)
	}
	if q := claimed(t, w.Service); len(q) != 1 || q[0].Mail.Key != "fine" {
		t.Errorf("still sent are %+v", q)
	}
	if queued, err := w.Enqueue(ctx, Mail{Key: "waits", Topic: "a", Body: []byte("a")}); queued || err != nil {
		t.Errorf("a discarded mail is queued again: %t, %v", queued, err)
	}
	if n := w.contents(); n != 1 {
		t.Errorf("%d contents are kept", n)
	}
}

// contents counts the mails whose content is kept.
func (w *world) contents() (n int) {
	w.t.Helper()
	ok(w.t, w.db.Read(ctx, func(tx *opsdb.Tx) error {
		return tx.QueryRow("SELECT count(*) FROM desk_outbox WHERE sealed IS NOT NULL").Scan(&n)
	}))
	return n
}

// Nothing is tried again that would come too late, or whose content is gone.
func TestTooLateToTryAgain(t *testing.T) {
	w := newWorld(t)
	_, err := w.Enqueue(ctx, Mail{Key: "link", Addressee: "joan", Topic: "invitation", Body: []byte("a"), Expires: w.clock().Add(24 * time.Hour)})
	ok(t, err)
	w.queue("mention")
	for _, q := range claimed(t, w.Service) {
		_, err := w.Failed(ctx, q, strings.Repeat("no ", 300), true)
		ok(t, err)
	}
	w.pass(23 * time.Hour)
	all := w.troubles()
	if len(all) != 2 || all[1].Addressee != "joan" || !all[1].Retry || len([]rune(all[1].Problem)) > 301 {
		t.Fatalf("the troubles are %+v", all)
	}
	// Tried again, a link is tried until it has expired and no longer.
	ok(t, w.Retry(ctx, all[1].ID))
	w.pass(time.Hour)
	if q := claimed(t, w.Service); len(q) != 0 {
		t.Errorf("an expired link is sent: %+v", q)
	}
	if all := w.troubles(); len(all) != 2 || all[0].Retry || all[0].Topic != "invitation" {
		t.Errorf("the troubles are %+v", all)
	}
	is(t, "an expired link", w.Retry(ctx, all[1].ID), ErrMail)
	// A week later they are no longer told of, and their contents are gone.
	w.pass(FailedKept)
	if n := w.contents(); n != 2 {
		t.Errorf("%d contents before the sweep", n)
	}
	_, err = w.db.Sweep(ctx, w.clock())
	ok(t, err)
	if n := w.contents(); n != 0 || len(w.troubles()) != 0 {
		t.Errorf("%d contents after the sweep, and %+v", n, w.troubles())
	}
	is(t, "without content", w.Retry(ctx, all[0].ID), ErrMail)
}
