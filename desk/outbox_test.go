package desk

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"reperform/opsdb"
)

const lease = 5 * time.Minute

func (w *world) queue(key string) {
	w.t.Helper()
	queued, err := w.Enqueue(ctx, Mail{Key: key, Person: "ann", Topic: "mention", Body: []byte("body of " + key)})
	if err != nil || !queued {
		w.t.Fatalf("queueing %s: %t, %v", key, queued, err)
	}
}

func claimed(t *testing.T, s *Service) []Queued {
	t.Helper()
	all, err := s.Claim(ctx, 10, lease)
	ok(t, err)
	return all
}

func TestAMailIsQueuedOnceAndSentOnce(t *testing.T) {
	w := newWorld(t)
	w.queue("mention/c-1/ann")
	if again, err := w.Enqueue(ctx, Mail{Key: "mention/c-1/ann", Topic: "mention", Body: []byte("other")}); again || err != nil {
		t.Errorf("the same mail again: %t, %v", again, err)
	}
	select {
	case <-w.Arrived():
	default:
		t.Error("nobody was told that a mail arrived")
	}
	// Two who send at the same time share the mails.
	for i := range 9 {
		w.queue(fmt.Sprint("more/", i))
	}
	other := w.open([32]byte{1})
	var mu sync.Mutex
	seen := map[string]int{}
	var wg sync.WaitGroup
	for _, s := range []*Service{w.Service, other, w.Service, other} {
		wg.Go(func() {
			all, err := s.Claim(ctx, 3, lease)
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			for _, q := range all {
				seen[q.Mail.Key]++
				if string(q.Mail.Body) != "body of "+q.Mail.Key || q.Attempt != 1 || len(q.Message) != 32 {
					t.Errorf("claimed %+v", q)
				}
				if err := s.Sent(ctx, q); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if len(seen) != 10 {
		t.Errorf("%d of ten mails were claimed: %v", len(seen), seen)
	}
	for key, n := range seen {
		if n != 1 {
			t.Errorf("%s was claimed %d times", key, n)
		}
	}
	if again, err := w.Enqueue(ctx, Mail{Key: "mention/c-1/ann", Topic: "mention", Body: []byte("late")}); again || err != nil {
		t.Errorf("the same mail after it was sent: %t, %v", again, err)
	}
	if o, err := w.Outbox(ctx); o != (OutboxState{}) || err != nil {
		t.Errorf("the outbox stands at %+v, %v", o, err)
	}
}

// A process that dies between claiming and sending loses nothing: the next one
// claims the same mail under the same Message-ID.
func TestAMailOutlivesItsProcess(t *testing.T) {
	w := newWorld(t)
	w.queue("a")
	first := claimed(t, w.Service)
	if len(first) != 1 || len(claimed(t, w.Service)) != 0 {
		t.Fatalf("claimed %v", first)
	}
	next := w.open([32]byte{1})
	w.pass(lease - time.Second)
	if all := claimed(t, next); len(all) != 0 {
		t.Errorf("claimed within another's lease: %v", all)
	}
	w.pass(time.Second)
	second := claimed(t, next)
	if len(second) != 1 || second[0].Message != first[0].Message || second[0].Attempt != 2 || string(second[0].Mail.Body) != "body of a" {
		t.Fatalf("after the lease: %+v", second)
	}
	// The first was only slow. What it says of its attempt no longer counts.
	if at, err := w.Failed(ctx, first[0], "too late", true); err != nil || at.IsZero() {
		t.Errorf("a report of who lost the mail: %v, %v", at, err)
	}
	ok(t, next.Sent(ctx, second[0]))
	w.pass(24 * time.Hour)
	if all := claimed(t, next); len(all) != 0 {
		t.Errorf("claimed after it was sent: %v", all)
	}
}

func TestAFailingMailIsTriedForThreeDays(t *testing.T) {
	w := newWorld(t)
	w.queue("a")
	began := w.clock()
	var waits []string
	for {
		all := claimed(t, w.Service)
		if len(all) != 1 {
			t.Fatalf("after %s: claimed %v", w.clock().Sub(began), all)
		}
		next, err := w.Failed(ctx, all[0], "451 4.7.1 greylisted\r\nX-Header: x", false)
		ok(t, err)
		if next.IsZero() {
			break
		}
		if o, _ := w.Outbox(ctx); o.Waiting != 1 || o.Problem != "451 4.7.1 greylisted X-Header: x" {
			t.Fatalf("the outbox stands at %+v", o)
		}
		wait := next.Sub(w.clock())
		waits = append(waits, wait.String())
		w.pass(wait - time.Second)
		if early := claimed(t, w.Service); len(early) != 0 {
			t.Fatalf("tried before its time: %v", early)
		}
		w.pass(time.Second)
	}
	if got := strings.Join(waits[:9], " "); got != "1m0s 2m0s 5m0s 15m0s 30m0s 1h0m0s 2h0m0s 4h0m0s 4h0m0s" {
		t.Errorf("waited %s", got)
	}
	if took := w.clock().Sub(began); took < 2*24*time.Hour || took > 3*24*time.Hour {
		t.Errorf("given up after %s", took)
	}
	if o, _ := w.Outbox(ctx); o.Waiting != 0 || o.Failed != 1 || o.Problem == "" {
		t.Errorf("the outbox stands at %+v", o)
	}
	w.pass(8 * 24 * time.Hour)
	if o, _ := w.Outbox(ctx); o != (OutboxState{}) {
		t.Errorf("a week later the outbox stands at %+v", o)
	}
}

func TestAMailExpiresAndCanBeGivenUp(t *testing.T) {
	w := newWorld(t)
	_, err := w.Enqueue(ctx, Mail{Key: "reset", Topic: "reset", Body: []byte("link"), Expires: w.clock().Add(30 * time.Minute)})
	ok(t, err)
	w.queue("refused")
	for _, q := range claimed(t, w.Service) {
		_, err := w.Failed(ctx, q, "550 no such user", q.Mail.Key == "refused")
		ok(t, err)
	}
	w.pass(31 * time.Minute)
	if all := claimed(t, w.Service); len(all) != 0 {
		t.Errorf("claimed %v", all)
	}
	if o, _ := w.Outbox(ctx); o.Waiting != 0 || o.Failed != 2 {
		t.Errorf("the outbox stands at %+v", o)
	}
}

// A copy of the database does not show what is in mails that wait, and holds
// nothing of those that were sent.
func TestContentsAreSealed(t *testing.T) {
	w := newWorld(t)
	secret := []byte("https://example.com/invite/very-secret-token")
	_, err := w.Enqueue(ctx, Mail{Key: "invite", Topic: "invitation", Body: secret})
	ok(t, err)
	file := func() []byte {
		t.Helper()
		to := w.path + rand.Text()
		ok(t, w.db.Backup(ctx, to))
		b, err := os.ReadFile(to)
		ok(t, err)
		return b
	}
	if b := file(); bytes.Contains(b, []byte("secret-token")) || !bytes.Contains(b, []byte("invitation")) {
		t.Error("the content stands in the file, or nothing does")
	}
	thief := w.open([32]byte{2})
	if all := claimed(t, thief); len(all) != 0 {
		t.Errorf("opened with another key: %v", all)
	}
	if o, _ := w.Outbox(ctx); o.Failed != 1 || !strings.Contains(o.Problem, "another key") {
		t.Errorf("the outbox stands at %+v", o)
	}
	w.queue("second")
	ok(t, w.Sent(ctx, claimed(t, w.Service)[0]))
	var left int
	ok(t, w.db.Read(ctx, func(tx *opsdb.Tx) error {
		return tx.QueryRow("SELECT count(*) FROM desk_outbox WHERE sealed IS NOT NULL").Scan(&left)
	}))
	if left != 0 {
		t.Errorf("%d contents are kept", left)
	}
}

func TestMailIsForgotten(t *testing.T) {
	w := newWorld(t)
	w.queue("a")
	ok(t, w.Sent(ctx, claimed(t, w.Service)[0]))
	w.pass(MailKept - time.Second)
	w.queue("b")
	if removed, err := w.db.Sweep(ctx, w.clock()); removed["desk"] != 0 || err != nil {
		t.Errorf("removed %v, %v", removed, err)
	}
	w.pass(time.Second)
	if removed, err := w.db.Sweep(ctx, w.clock()); removed["desk"] != 1 || err != nil {
		t.Errorf("removed %v, %v", removed, err)
	}
	w.queue("a")
}

func TestMailHasBounds(t *testing.T) {
	w := newWorld(t)
	for what, m := range map[string]Mail{
		"no key": {Topic: "a", Body: []byte("a")}, "no topic": {Key: "a", Body: []byte("a")}, "no body": {Key: "a", Topic: "a"},
		"a long body": {Key: "a", Topic: "a", Body: make([]byte, 1<<20+1)}, "a long key": {Key: strings.Repeat("a", 501), Topic: "a", Body: []byte("a")},
	} {
		if queued, err := w.Enqueue(ctx, m); queued || err == nil {
			t.Errorf("%s is queued", what)
		}
	}
}

func TestBookmarks(t *testing.T) {
	w := newWorld(t)
	if at, err := w.Bookmark(ctx, "mail"); at != "" || err != nil {
		t.Errorf("a reader that never was anywhere is at %q, %v", at, err)
	}
	ok(t, w.SetBookmark(ctx, "mail", "org:1"))
	ok(t, w.SetBookmark(ctx, "mail", "org:2"))
	if at, err := w.open([32]byte{1}).Bookmark(ctx, "mail"); at != "org:2" || err != nil {
		t.Errorf("the reader is at %q, %v", at, err)
	}
}
