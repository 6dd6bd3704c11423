package main

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"reperform/account"
	"reperform/app"
	"reperform/soc1"
)

// Several workspaces on one address share nothing: not their people, sessions
// nor records.
func TestWorkspacesBeside(t *testing.T) {
	ctx := t.Context()
	made := func(name string) string {
		dir := filepath.Join(t.TempDir(), name)
		a, err := app.Init(ctx, dir, soc1.Organization{Name: name, Timezone: "UTC"}, "ada",
			soc1.Person{Name: "Ada of " + name, Email: "ada@" + name + ".example", Side: soc1.SideServiceOrganization, Roles: []soc1.Role{soc1.Administrator}}, app.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if err := a.Close(); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	first, second := made("alder"), made("birch")
	c := &cli{out: io.Discard, err: io.Discard, workspace: first}
	h := &house{cli: c, at: "http://localhost:8740", log: slog.New(slog.DiscardHandler)}
	h.also = []string{"birch=" + second}
	if err := h.openOthers(ctx); err != nil {
		t.Fatal(err)
	}
	site, err := h.open(ctx)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.close(); c.app.Close() })
	srv := httptest.NewServer(h.beside(site.Handler()))
	t.Cleanup(srv.Close)

	session := func(x *house, email string) string {
		token, _, err := x.ops.accounts.InviteFirst(ctx, account.Invitee{PersonID: "ada", Email: email, Name: "Ada", Side: account.ServiceOrganization})
		if err != nil {
			t.Fatal(err)
		}
		in, err := x.ops.accounts.Accept(ctx, token, "grebe plover curlew heron", account.Client{})
		if err != nil {
			t.Fatal(err)
		}
		return in.Token
	}
	alder, birch := session(h, "ada@alder.example"), session(h.others[0], "ada@birch.example")
	get := func(path, token string) (int, string, string) {
		r, err := http.NewRequestWithContext(context.Background(), http.MethodGet, srv.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.AddCookie(&http.Cookie{Name: "reperform_session", Value: token})
		client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
		res, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		b, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		return res.StatusCode, res.Header.Get("Location"), string(b)
	}
	if code, _, page := get("/r/person/ada", alder); code != 200 || !strings.Contains(page, "Ada of alder") {
		t.Errorf("the first workspace: %d", code)
	}
	if code, _, page := get("/w/birch/r/person/ada", birch); code != 200 || !strings.Contains(page, "Ada of birch") || strings.Contains(page, "alder") {
		t.Errorf("the second: %d", code)
	}
	for path, token := range map[string]string{"/r/person/ada": birch, "/w/birch/r/person/ada": alder} {
		if code, to, page := get(path, token); code != http.StatusSeeOther || !strings.Contains(to, "/sign-in") || strings.Contains(page, "Ada of") {
			t.Errorf("%s with the session of the other workspace: %d to %s", path, code, to)
		}
	}
	if code, _, _ := get("/w/cedar/", birch); code != http.StatusSeeOther && code != http.StatusNotFound {
		t.Errorf("a workspace that is not served: %d", code)
	}
	for word, want := range map[string]string{"birch": "NAME=DIR", "Birch=x": "NAME=DIR", "../x=y": "NAME=DIR", "elm=" + filepath.Join(t.TempDir(), "none"): "no workspace"} {
		bad := &house{cli: &cli{out: io.Discard, err: io.Discard}, log: h.log}
		bad.also = []string{word}
		if err := bad.openOthers(ctx); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("--also %s: %v", word, err)
		}
		bad.close()
	}
}
