package desk

import (
	"encoding/base64"
	"strings"
	"testing"
	"time"
)

func TestUnsubscribeTokens(t *testing.T) {
	w := newWorld(t)
	text, err := w.UnsubscribeToken(ctx, "ann", SummaryMail)
	ok(t, err)
	other, err := w.UnsubscribeToken(ctx, "ben", AtOnceMail)
	ok(t, err)
	if strings.ContainsAny(text, "./+= ") || len(text) > 200 {
		t.Errorf("the token is %s", text)
	}
	// It holds for as long as it is not cancelled, in every process with the key.
	w.pass(20 * 365 * 24 * time.Hour)
	same := w.open([32]byte{1})
	for _, s := range []*Service{w.Service, same} {
		if person, kind, err := s.ReadUnsubscribeToken(ctx, text); person != "ann" || kind != SummaryMail || err != nil {
			t.Errorf("read as %s, %s, %v", person, kind, err)
		}
	}
	_, _, err = w.open([32]byte{2}).ReadUnsubscribeToken(ctx, text)
	is(t, "under another key", err, ErrLink)
	// Nobody changes one, at any place.
	raw, err := base64.RawURLEncoding.DecodeString(text)
	ok(t, err)
	if strings.Contains(string(raw), "ann") {
		t.Error("the token tells whose it is")
	}
	for i := range raw {
		raw[i] ^= 1
		_, _, err := w.ReadUnsubscribeToken(ctx, base64.RawURLEncoding.EncodeToString(raw))
		is(t, "a changed byte", err, ErrLink)
		raw[i] ^= 1
	}
	for _, made := range []string{"", "x", text[:40], text + "A", strings.Repeat("A", 2000), "../" + text} {
		_, _, err := w.ReadUnsubscribeToken(ctx, made)
		is(t, "made up: "+made, err, ErrLink)
	}
	// What is sealed for the outbox is no token, and the other way round.
	_, err = w.Enqueue(ctx, Mail{Key: "a", Topic: "a", Body: []byte("a")})
	ok(t, err)
	if _, err := w.Service.open(raw, "unsubscribe"); err == nil {
		t.Error("a token opens as a mail")
	}
	// One person cancels their own, twice.
	for range 2 {
		ok(t, w.CancelUnsubscribeTokens(ctx, "ann"))
		_, _, err = w.ReadUnsubscribeToken(ctx, text)
		is(t, "cancelled", err, ErrLink)
	}
	if person, _, err := w.ReadUnsubscribeToken(ctx, other); person != "ben" || err != nil {
		t.Errorf("another person's: %s, %v", person, err)
	}
	text, err = w.UnsubscribeToken(ctx, "ann", SummaryMail)
	ok(t, err)
	if _, _, err := w.ReadUnsubscribeToken(ctx, text); err != nil {
		t.Errorf("a new one: %v", err)
	}
	_, err = w.UnsubscribeToken(ctx, "", SummaryMail)
	is(t, "nobody", err, errPerson)
}

func TestWithoutOneKind(t *testing.T) {
	all := MailSettings{AtOnce: true, Digest: Daily, Hour: 7, Weekday: time.Friday, Zone: "Europe/Berlin"}
	once, summary := all, all
	once.AtOnce, summary.Digest = false, Off
	if all.Without(AtOnceMail) != once || all.Without(SummaryMail) != summary || all.Without("other") != all {
		t.Error("more or less is turned off than was said")
	}
	if !all.Wants(AtOnceMail) || !all.Wants(SummaryMail) || once.Wants(AtOnceMail) || summary.Wants(SummaryMail) || all.Wants("other") {
		t.Error("what is turned on is said wrongly")
	}
}
