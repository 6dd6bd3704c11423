package desk

import (
	"fmt"
	"strings"
	"testing"
)

var (
	org  = []string{"org"}
	exam = []string{"exam-soc1-2025"}
)

func names(all []View) string {
	var out []string
	for _, v := range all {
		out = append(out, v.Owner+":"+v.Name)
	}
	return strings.Join(out, " ")
}

func (w *world) save(v View) View {
	w.t.Helper()
	v, err := w.SaveView(ctx, v)
	if err != nil {
		w.t.Fatal(err)
	}
	return v
}

func TestViewsAreOnesOwnUnlessShared(t *testing.T) {
	w := newWorld(t)
	w.save(View{Owner: "ann", Page: "matrix", Name: "Mine", Query: "owner=ann&status=open"})
	late := w.save(View{Owner: "ann", Page: "matrix", Name: " Late ", Query: "?status=late", Circle: "org"})
	w.save(View{Owner: "ann", Page: "r/control", Name: "Mine"})
	w.save(View{Owner: "ben", Page: "matrix", Name: "Late", Query: "q=1", Circle: "org"})
	w.save(View{Owner: "helen", Page: "matrix", Name: "Doubts", Query: "q=payroll", Circle: exam[0]})
	if late.Name != "Late" || late.Query != "status=late" || late.ID == 0 || !late.CreatedAt.Equal(w.clock()) {
		t.Errorf("saved as %+v", late)
	}
	for _, c := range []struct {
		person  string
		circles []string
		page    string
		want    string
	}{
		{"ann", org, "matrix", "ann:Late ann:Mine ben:Late"},
		{"ben", org, "matrix", "ben:Late ann:Late"},
		{"ann", org, "r/control", "ann:Mine"},
		{"ben", org, "r/control", ""},
		// Nothing that is saved on one side is seen on the other.
		{"helen", exam, "matrix", "helen:Doubts"},
		{"iris", exam, "matrix", "helen:Doubts"},
		{"guest", nil, "matrix", ""},
		{"other", []string{""}, "matrix", ""},
	} {
		all, err := w.Views(ctx, c.person, c.circles, c.page)
		ok(t, err)
		if got := names(all); got != c.want {
			t.Errorf("%s sees on %s %q, not %q", c.person, c.page, got, c.want)
		}
	}
}

func TestOnlyTheOwnerChangesAView(t *testing.T) {
	w := newWorld(t)
	v := w.save(View{Owner: "ann", Page: "matrix", Name: "Late", Query: "a=1", Circle: "org"})
	secret := w.save(View{Owner: "ann", Page: "matrix", Name: "Secret"})
	by := func(person string, v View) View { v.Owner = person; return v }

	_, err := w.ChangeView(ctx, by("ben", v), org)
	is(t, "another's shared view", err, ErrNotYours)
	_, err = w.ChangeView(ctx, by("ben", secret), org)
	is(t, "another's own view", err, ErrNotFound)
	is(t, "deleting another's", w.DeleteView(ctx, "ben", org, v.ID), ErrNotYours)
	is(t, "deleting what is hidden", w.DeleteView(ctx, "ben", org, secret.ID), ErrNotFound)
	is(t, "deleting from the other side", w.DeleteView(ctx, "helen", exam, v.ID), ErrNotFound)

	v.Name, v.Query, v.Circle, v.Page = "Later", "b=2", "", "r/risk"
	changed, err := w.ChangeView(ctx, v, org)
	ok(t, err)
	if changed.Name != "Later" || changed.Query != "b=2" || changed.Shared() || changed.Page != "matrix" {
		t.Errorf("changed to %+v; a view stays on its page", changed)
	}
	_, err = w.View(ctx, "ben", org, v.ID)
	is(t, "a view that is no longer shared", err, ErrNotFound)
	got, err := w.View(ctx, "ann", org, v.ID)
	ok(t, err)
	if got != changed {
		t.Errorf("read %+v, changed to %+v", got, changed)
	}
	v.Name = "Secret"
	_, err = w.ChangeView(ctx, v, org)
	is(t, "a name taken", err, ErrTaken)
	is(t, "deleting one's own", w.DeleteView(ctx, "ann", org, v.ID), nil)
	is(t, "deleting it again", w.DeleteView(ctx, "ann", org, v.ID), ErrNotFound)
}

func TestViewsHaveBounds(t *testing.T) {
	w := newWorld(t)
	good := View{Owner: "ann", Page: "matrix", Name: "A", Query: "a=1"}
	w.save(good)
	for what, c := range map[string]struct {
		change func(*View)
		want   error
	}{
		"taken":               {func(v *View) {}, ErrTaken},
		"no name":             {func(v *View) { v.Name = "  " }, ErrName},
		"a long name":         {func(v *View) { v.Name = strings.Repeat("ä", MaxName+1) }, ErrName},
		"a line break":        {func(v *View) { v.Name = "a\nb" }, ErrName},
		"a turned name":       {func(v *View) { v.Name = "a\u202eb" }, ErrName},
		"no text":             {func(v *View) { v.Name = "a\xff" }, ErrName},
		"a long query":        {func(v *View) { v.Name, v.Query = "B", strings.Repeat("a", MaxQuery+1) }, ErrQuery},
		"a query with breaks": {func(v *View) { v.Name, v.Query = "B", "a=1\r\nb=2" }, ErrQuery},
		"a broken query":      {func(v *View) { v.Name, v.Query = "B", "a=%zz" }, ErrQuery},
		"no page":             {func(v *View) { v.Page = "" }, ErrPage},
		"a page with a query": {func(v *View) { v.Page = "matrix?a=1" }, ErrPage},
		"nobody":              {func(v *View) { v.Owner = "" }, errPerson},
	} {
		v := good
		c.change(&v)
		_, err := w.SaveView(ctx, v)
		is(t, what, err, c.want)
	}
	longest := good
	longest.Name, longest.Query = strings.Repeat("ä", MaxName), strings.Repeat("a", MaxQuery)
	w.save(longest)
	for i := range MaxViews - 2 {
		w.save(View{Owner: "ann", Page: "matrix", Name: fmt.Sprint("view ", i)})
	}
	_, err := w.SaveView(ctx, View{Owner: "ann", Page: "matrix", Name: "One more"})
	is(t, "one view too many", err, ErrTooMany)
	w.save(View{Owner: "ann", Page: "r/risk", Name: "On another page"})
	w.save(View{Owner: "ben", Page: "matrix", Name: "Somebody else's"})
}
