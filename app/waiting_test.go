package app_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"reperform/app"
	"reperform/ascode"
	"reperform/record"
	"reperform/soc1"
)

// TestEvidenceIsDueByTheOrganizationsDay asks what waits around midnight: days
// are those of the organization's zone, whatever the clock of the machine says.
func TestEvidenceIsDueByTheOrganizationsDay(t *testing.T) {
	var mu sync.Mutex
	now := time.Date(2025, 3, 20, 15, 0, 0, 0, time.UTC)
	set := func(at string) {
		t.Helper()
		x, err := time.Parse(time.RFC3339, at)
		if err != nil {
			t.Fatal(err)
		}
		mu.Lock()
		defer mu.Unlock()
		now = x
	}
	clock := func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		now = now.Add(time.Millisecond)
		return now
	}
	for _, c := range []struct {
		zone string
		// before and after are moments on both sides of the midnight that ends March.
		before, after string
	}{
		{"America/Chicago", "2025-04-01T04:59:00Z", "2025-04-01T05:00:30Z"},
		{"Asia/Tokyo", "2025-03-31T14:59:00Z", "2025-03-31T15:00:30Z"},
		{"UTC", "2025-03-31T23:59:00Z", "2025-04-01T00:00:30Z"},
	} {
		t.Run(c.zone, func(t *testing.T) {
			set("2025-03-20T15:00:00Z")
			a, err := app.Init(t.Context(), filepath.Join(t.TempDir(), "w"), soc1.Organization{Name: "Alder", LegalName: "Alder, Inc.", Timezone: c.zone, Currency: "USD", City: "Duluth", Country: "United States"},
				"dana", soc1.Person{Name: "Dana Pell", Side: soc1.SideServiceOrganization, Roles: []soc1.Role{"administrator", "compliance_manager"}}, app.Options{Now: clock})
			if err != nil {
				t.Fatal(err)
			}
			defer a.Close()
			apply := func(yaml string) {
				t.Helper()
				items, problems := ascode.Parse(record.Kinds, "f.yaml", []byte(yaml))
				if len(problems) > 0 {
					t.Fatal(problems)
				}
				if _, err := a.Apply(t.Context(), "dana", items, app.ApplyOptions{Reason: "Because."}); err != nil {
					t.Fatal(err)
				}
			}
			control := func(frequency, owner, performer, effective string) string {
				return fmt.Sprintf("kind: control\nid: close\neffective: '%s'\ncode: C-1\ntext: The close is reviewed.\nnature: manual\ntype: detective\nfrequency: %s\nowner: %s\nperformer: %s\ncoso_component: control_environment\n", effective, frequency, owner, performer)
			}
			apply(person("omar", "", "service_organization", "control_owner") + person("olive", "", "service_organization", "executive") +
				"kind: engagement\nid: e\neffective: '2025-01-01'\ntitle: SOC 1\ntype: type_2\nperiod_start: '2025-01-01'\nperiod_end: '2025-12-31'\nstandard_set: ssae_18_21\nauditor: {firm: F, city: D}\nsystem_name: S\n---\n" +
				control("quarterly", "omar", "olive", "2024-01-01"))
			waits := func(who, want string) {
				t.Helper()
				all, err := a.Waiting(t.Context(), who)
				if err != nil {
					t.Fatal(err)
				}
				var got []string
				for _, x := range all {
					if x.For == app.WaitsEvidence {
						got = append(got, fmt.Sprint(x.Due, " ", x.Overdue, " ", x.Evidence.State, " ", x.Evidence.Owed, " ", x.Evidence.Owner))
					}
				}
				if s := strings.Join(got, "; "); s != want {
					t.Errorf("for %s waits %q, want %q", who, s, want)
				}
			}
			waits("omar", "")
			set(c.before)
			waits("omar", "2025-04-01 false not_yet_due 0 true")
			set(c.after)
			waits("omar", "2025-04-01 true late 1 true")
			// Who performs a control is asked as well, whether or not they may file.
			waits("olive", "2025-04-01 true late 1 false")
			waits("dana", "")
			// The control changes its frequency from April on: the quarter stays owed.
			apply(control("monthly", "omar", "olive", "2025-04-01"))
			waits("omar", "2025-04-01 true late 1 true")
			apply("kind: evidence\nid: q1\neffective: '2025-04-01'\ntitle: First quarter\ncontrols: [close]\nperiod_from: 2025-01-01\nperiod_to: 2025-03-31\n")
			waits("omar", "")
			apply("kind: control\nid: close\neffective: '2025-04-01'\nretired: true\n")
			waits("omar", "")
		})
	}
}
