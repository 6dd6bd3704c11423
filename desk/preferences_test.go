package desk

import (
	"strings"
	"testing"
	"time"
)

func TestPreferences(t *testing.T) {
	w := newWorld(t)
	_, set, err := w.Preference(ctx, "ann", "matrix.split")
	ok(t, err)
	if set {
		t.Error("what nobody set is set")
	}
	ok(t, w.SetPreference(ctx, "ann", "matrix.split", "left"))
	ok(t, w.SetPreference(ctx, "ann", "matrix.split", ""))
	if v, set, err := w.Preference(ctx, "ann", "matrix.split"); v != "" || !set || err != nil {
		t.Errorf("the preference is %q, %t, %v", v, set, err)
	}
	if _, set, _ := w.Preference(ctx, "ben", "matrix.split"); set {
		t.Error("one person's preference is another's")
	}
	for what, c := range map[string]struct {
		key, value string
		want       error
	}{
		"no key": {"", "a", ErrKey}, "a key with a space": {"a b", "a", ErrKey}, "a capital": {"A", "a", ErrKey}, "a long key": {strings.Repeat("a", 65), "a", ErrKey},
		"a long value": {"a", strings.Repeat("a", MaxValue+1), ErrValue}, "no text": {"a", "\xff", ErrValue},
	} {
		is(t, what, w.SetPreference(ctx, "ann", c.key, c.value), c.want)
	}
}

func TestMailSettings(t *testing.T) {
	w := newWorld(t)
	if _, _, set, err := w.Mail(ctx, "ann"); set || err != nil {
		t.Errorf("set: %t, %v", set, err)
	}
	want := MailSettings{AtOnce: true, Digest: Weekly, Hour: 7, Weekday: time.Friday, Zone: "Europe/Berlin"}
	ok(t, w.SetMail(ctx, "ann", want))
	got, since, set, err := w.Mail(ctx, "ann")
	if got != want || !set || err != nil || !since.Equal(w.clock()) {
		t.Errorf("read %+v of %s, %t, %v", got, since, set, err)
	}
	for what, change := range map[string]func(*MailSettings){
		"hour 24": func(m *MailSettings) { m.Hour = 24 }, "hour -1": func(m *MailSettings) { m.Hour = -1 }, "day 7": func(m *MailSettings) { m.Weekday = 7 },
		"a rhythm": func(m *MailSettings) { m.Digest = "hourly" }, "a zone": func(m *MailSettings) { m.Zone = "Mars/Olympus" }, "the machine's zone": func(m *MailSettings) { m.Zone = "Local" },
		"a path": func(m *MailSettings) { m.Zone = "../../etc/passwd" },
	} {
		bad := want
		change(&bad)
		is(t, what, w.SetMail(ctx, "ann", bad), ErrDigest)
	}
	// What a newer program wrote is not understood and so not followed.
	ok(t, w.SetPreference(ctx, "ann", "mail", `{"digest":"monthly"}`))
	if _, _, set, err := w.Mail(ctx, "ann"); set || err != nil {
		t.Errorf("another program's settings: %t, %v", set, err)
	}
}

// The moments at which summaries are due, in zones that put their clocks forward
// and back.
func TestDigestTimes(t *testing.T) {
	chicago, err := time.LoadLocation("America/Chicago")
	ok(t, err)
	daily := func(hour int, zone string) MailSettings { return MailSettings{Digest: Daily, Hour: hour, Zone: zone} }
	for _, c := range []struct {
		what             string
		m                MailSettings
		now, last, next_ string
	}{
		{"daily, in the organization's zone", daily(8, ""), "2026-03-02T14:30:00Z", "2026-03-02T14:00:00Z", "2026-03-03T14:00:00Z"},
		{"at the very moment", daily(8, ""), "2026-03-02T14:00:00Z", "2026-03-02T14:00:00Z", "2026-03-03T14:00:00Z"},
		{"just before", daily(8, ""), "2026-03-02T13:59:59Z", "2026-03-01T14:00:00Z", "2026-03-02T14:00:00Z"},
		{"in another zone", daily(8, "Asia/Kolkata"), "2026-03-02T02:29:00Z", "2026-03-01T02:30:00Z", "2026-03-02T02:30:00Z"},
		{"a day ahead of UTC", daily(1, "Pacific/Kiritimati"), "2026-03-02T12:00:00Z", "2026-03-02T11:00:00Z", "2026-03-03T11:00:00Z"},
		{"across the change to summer time", daily(8, ""), "2026-03-07T15:00:00Z", "2026-03-07T14:00:00Z", "2026-03-08T13:00:00Z"},
		{"in the hour that is skipped", daily(2, ""), "2026-03-08T07:30:00Z", "2026-03-07T08:00:00Z", "2026-03-08T08:00:00Z"},
		{"the day after it", daily(2, ""), "2026-03-08T08:00:00Z", "2026-03-08T08:00:00Z", "2026-03-09T07:00:00Z"},
		{"the first of an hour shown twice", daily(1, ""), "2026-11-01T05:00:00Z", "2026-10-31T06:00:00Z", "2026-11-01T06:00:00Z"},
		{"never the second", daily(1, ""), "2026-11-01T06:00:00Z", "2026-11-01T06:00:00Z", "2026-11-02T07:00:00Z"},
		{"between the two", daily(1, ""), "2026-11-01T06:59:00Z", "2026-11-01T06:00:00Z", "2026-11-02T07:00:00Z"},
		{"half an hour of summer time", daily(2, "Australia/Lord_Howe"), "2026-10-03T15:00:00Z", "2026-10-02T15:30:00Z", "2026-10-03T15:30:00Z"},
		{"midnight that is skipped", daily(0, "Africa/Cairo"), "2026-04-23T21:59:00Z", "2026-04-22T22:00:00Z", "2026-04-23T22:00:00Z"},
		{"a whole day that is skipped", daily(8, "Pacific/Apia"), "2011-12-30T09:59:00Z", "2011-12-29T18:00:00Z", "2011-12-30T10:00:00Z"},
		{"weekly", MailSettings{Digest: Weekly, Hour: 7, Weekday: time.Monday}, "2026-03-04T12:00:00Z", "2026-03-02T13:00:00Z", "2026-03-09T12:00:00Z"},
		{"weekly on the day", MailSettings{Digest: Weekly, Hour: 7, Weekday: time.Monday}, "2026-03-02T12:59:00Z", "2026-02-23T13:00:00Z", "2026-03-02T13:00:00Z"},
		{"weekly where it is another day already", MailSettings{Digest: Weekly, Hour: 7, Weekday: time.Tuesday, Zone: "Asia/Tokyo"}, "2026-03-02T22:00:00Z", "2026-03-02T22:00:00Z", "2026-03-09T22:00:00Z"},
	} {
		now, err := time.Parse(time.RFC3339, c.now)
		ok(t, err)
		if got := c.m.Last(now, chicago).UTC().Format(time.RFC3339); got != c.last {
			t.Errorf("%s: the last before %s is %s, not %s", c.what, c.now, got, c.last)
		}
		if got := c.m.Next(now, chicago).UTC().Format(time.RFC3339); got != c.next_ {
			t.Errorf("%s: the next after %s is %s, not %s", c.what, c.now, got, c.next_)
		}
	}
	if off := (MailSettings{Digest: Off, Hour: 8}); !off.Next(time.Now(), chicago).IsZero() || !off.Last(time.Now(), chicago).IsZero() {
		t.Error("a summary that is off is due")
	}
}

// Whoever looks from time to time finds each day's summary once, whatever the
// clocks do.
func TestEveryDayHasOneDigest(t *testing.T) {
	for _, zone := range []string{"America/Chicago", "Europe/Berlin", "Australia/Lord_Howe", "Africa/Cairo", "America/Santiago", "Asia/Kathmandu", "UTC"} {
		for _, hour := range []int{0, 1, 2, 3, 12, 23} {
			m := MailSettings{Digest: Daily, Hour: hour, Zone: zone}
			at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
			n := 0
			for at.UTC().Year() == 2026 {
				next := m.Next(at, nil)
				if d := next.Sub(at); n > 0 && (d < 22*time.Hour || d > 26*time.Hour) {
					t.Fatalf("%s at %d: %s after %s", zone, hour, next, at)
				}
				if last := m.Last(next.Add(time.Minute), nil); !last.Equal(next) {
					t.Fatalf("%s at %d: after %s, the last is %s", zone, hour, next, last)
				}
				at = next
				n++
			}
			if n < 365 || n > 366 {
				t.Errorf("%s at %d: %d summaries in a year", zone, hour, n)
			}
		}
	}
}
