package main

import (
	"io"
	"log/slog"
	"path/filepath"
	"testing"

	"reperform/app"
	"reperform/record"
	"reperform/soc1"
)

// TestServingRecordsTheProgram once, however often it is started.
func TestServingRecordsTheProgram(t *testing.T) {
	ctx := t.Context()
	dir := filepath.Join(t.TempDir(), "w")
	a, err := app.Init(ctx, dir, soc1.Organization{Name: "Alder", Timezone: "UTC"}, "ada",
		soc1.Person{Name: "Ada", Email: "ada@alder.example", Side: soc1.SideServiceOrganization, Roles: []soc1.Role{soc1.Administrator}}, app.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	sum, err := ownDigest()
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		c := &cli{out: io.Discard, err: io.Discard, workspace: dir}
		h := &house{cli: c, at: "http://localhost:8740", log: slog.New(slog.DiscardHandler)}
		if _, err := h.open(ctx); err != nil {
			t.Fatal(err)
		}
		a := c.app
		h.recordProgram(ctx, a)
		h.close()
		r, err := a.Record(ctx, "ada", app.OrganizationLedger, "program_version", "program", record.AsOf{})
		if err != nil {
			t.Fatal(err)
		}
		v, err := record.Decode[soc1.ProgramVersion](r)
		if err != nil || v.SHA256 != sum || v.Program == "" || r.Revision != 1 {
			t.Errorf("recorded is %+v in revision %d, %v", v, r.Revision, err)
		}
		if err := a.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
