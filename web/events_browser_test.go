package web

import (
	"strings"
	"testing"

	"reperform/app"
	"reperform/events"
	"reperform/record"
	"reperform/soc1"
)

// somethingHappened is an event of the report's period that was assessed and bears on
// controls; it is reported by whoever asks first.
func somethingHappened(t *testing.T, h *liveHouse) string {
	t.Helper()
	const id = "late-file"
	v, err := h.app.View(t.Context(), manager, app.OrganizationLedger, record.AsOf{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := record.One[soc1.Event](t.Context(), v, "event", id); err == nil {
		return id
	}
	x := soc1.Event{Title: "Late file", Nature: soc1.EventIncident, Text: "It was sent a day late.", Began: "2025-04-02", KnownOn: "2025-04-03", Owner: manager, Reference: "INC-1", Controls: []string{"pay-1-1"}}
	err = h.app.PutRecord(t.Context(), manager, app.RecordChange{Kind: "event", ID: id, Effective: x.Began, Value: x, Reason: "Reported."})
	if err != nil {
		t.Fatal(err)
	}
	no := soc1.EventEffect{Answer: soc1.No, Why: "It does not."}
	_, err = h.app.AssessEvent(t.Context(), manager, app.EventAssessing{Event: id, Description: no, Controls: soc1.EventEffect{Answer: soc1.Yes, Why: "Nobody looked."}, Representations: soc1.EventEffect{Answer: soc1.Yes, Why: "It is told."}, Subsequent: no})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// eventPages are the pages on what happened.
func eventPages(t *testing.T, h *liveHouse) []page {
	at := "/events/" + somethingHappened(t, h)
	return []page{
		{pattern: "GET /events", who: manager, path: "/events", do: func(p *person) {
			p.Do(`document.querySelectorAll(".events-page details").forEach((d) => d.open = true)`)
		}},
		{pattern: "POST /events/confirm", who: "peter-lindholm", path: "/events", do: func(p *person) {
			p.Wait("that the person is asked", `document.querySelector(".events-confirm")`)
			p.Do(`document.querySelector(".events-confirm").open = true; document.querySelector("#through").value = "2999-01-01"; document.querySelector(".events-confirm form button").click()`)
			p.Wait("the refusal", `document.querySelector("#through-why.err") && document.readyState === "complete"`)
		}},
		{pattern: "GET /events/{id}", who: "elena-petrova", path: at},
		{pattern: "POST /events/{id}/assess", who: manager, path: at, do: func(p *person) {
			p.Do(`document.querySelectorAll(".events-by").forEach((d) => d.open = true); document.querySelector("[name=subsequent][value=yes]").checked = true; document.querySelector(".events-form > .btn").click()`)
			p.Wait("the refusal", `document.querySelector(".note.bad[role=alert]") && document.readyState === "complete"`)
		}},
	}
}

// TestWhatHappened goes on a phone from a report by an owner to the manager's
// assessment, and ends with the owner's word that there is nothing else.
func TestWhatHappened(t *testing.T) {
	const owner = "fatima-boukhari"
	h := live(t)
	p := h.door(t).as(t, h, owner)
	p.Size(390, 844)
	p.open("/events")
	p.Do(`document.querySelector("a[aria-label='Report what happened']").click()`)
	p.Wait("the form", `document.querySelector("[name=title]") && document.readyState === "complete"`)
	p.Do(`(() => { const set = (n, v) => { const e = document.querySelector("[name='" + n + "']"); if (!e) throw new Error("no field " + n); e.value = v; e.dispatchEvent(new Event("change", { bubbles: true })); };
		set("title", "Door left open"); set("nature", "incident"); set("text", "The door of the server room stood open overnight."); set("began", "2025-06-03"); })()`)
	p.Do(`document.querySelector("form[data-form] .btn.pri").click()`)
	p.Wait("the record", `location.pathname.startsWith("/r/event/") && !location.pathname.endsWith("/new") && document.readyState === "complete"`)
	if len(p.Overflow()) > 0 {
		t.Error(p.Overflow())
	}
	reg, err := h.app.Events(t.Context(), manager, app.EventOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var id string
	for _, l := range reg.Lines {
		if l.Value.Title == "Door left open" {
			id = l.ID
			if l.State != events.Unassessed || l.Value.Owner != owner {
				t.Errorf("reported: %s, by %s", l.State.Label(), l.Value.Owner)
			}
		}
	}
	if id == "" {
		t.Fatal("the event is not in the register")
	}

	m := h.door(t).as(t, h, manager)
	m.open("/events/" + id)
	for _, key := range []string{"description", "controls", "representations"} {
		m.Do(`document.querySelector("[name=` + key + `][value=no]").checked = true; document.querySelector("[name=` + key + `_why]").value = "The log shows nobody."`)
	}
	m.Do(`document.querySelector("[name=controls][value=yes]").checked = true; document.querySelector(".events-form > .btn").click()`)
	m.Wait("what follows", `document.querySelector(".events-matters") && document.querySelector(".events-matters").innerText.includes("nothing takes it up") && document.readyState === "complete"`)
	// What was learned since asks for another look, on the page that is open.
	m.hears()
	v, err := h.app.View(t.Context(), manager, app.OrganizationLedger, record.AsOf{})
	if err != nil {
		t.Fatal(err)
	}
	x, err := record.One[soc1.Event](t.Context(), v, "event", id)
	if err != nil {
		t.Fatal(err)
	}
	x.Value.Cause = "The lock was worn."
	if err := h.app.PutRecord(t.Context(), owner, app.RecordChange{Kind: "event", ID: id, Revision: x.Revision, Effective: "2025-06-03", Value: x.Value, Reason: "Cause found."}); err != nil {
		t.Fatal(err)
	}
	m.Wait("that it changed since", `document.querySelector(".bar .pill").innerText.includes("Changed since assessed")`)
	// An assessment of what one did not read is refused, and what was typed stays.
	m.Do(`document.querySelector("[name=revision]").value = "1"; document.querySelector("[name=description_why]").value = "Typed before."; document.querySelector(".events-form > .btn").click()`)
	m.Wait("the refusal", `document.querySelector(".note.bad[role=alert]") && document.readyState === "complete"`)
	if text := m.Text(".note.bad"); !strings.Contains(text, "changed while you assessed it") || !m.is(`document.querySelector("[name=description_why]").value === "Typed before."`) {
		t.Errorf("the refusal says %q", text)
	}

	p.open("/events")
	p.Do(`document.querySelector(".events-confirm").open = true; document.querySelector(".events-confirm form button").click()`)
	p.Wait("the word", `location.hash === "#asked" && document.readyState === "complete"`)
	reg, err = h.app.Events(t.Context(), manager, app.EventOptions{})
	if err != nil {
		t.Fatal(err)
	}
	given := false
	for _, w := range reg.Words {
		given = given || w.Person.ID == owner && w.Given != nil
	}
	if !given {
		t.Error("the owner's word was not recorded")
	}
}
