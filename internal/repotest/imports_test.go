package repotest

import (
	"go/parser"
	"go/token"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "reperform"

// room is a package and what it may import of ours.
type room struct {
	name string
	may  []string
}

// rooms reads the table that docs/ARCHITECTURE.md prints: one line a room, from
// the ground up, with what it may import. The drawing and the rule are one text.
func rooms(t *testing.T) []room {
	t.Helper()
	const doc = "docs/ARCHITECTURE.md"
	for _, f := range fences(doc, read(t, doc)) {
		if f.info != "rooms" {
			continue
		}
		var out []room
		for i, l := range f.body {
			if strings.TrimSpace(l) == "" {
				continue
			}
			name, may, ok := strings.Cut(l, ":")
			if !ok {
				t.Fatalf("%s: a line of the table is `room: rooms it may import`, this is %q", f.at(i), l)
			}
			out = append(out, room{strings.TrimSpace(name), strings.Fields(may)})
		}
		return out
	}
	t.Fatalf("%s has no block marked rooms", doc)
	return nil
}

// imports lists what the Go files of a folder import, tests left out, whatever
// their build constraints, with the first file that does.
func imports(t *testing.T) map[string]map[string]string {
	t.Helper()
	out := map[string]map[string]string{}
	for _, f := range files(t, ".go") {
		if strings.HasSuffix(f, "_test.go") || strings.HasPrefix(f, "tools/") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), f, read(t, f), parser.ImportsOnly)
		if err != nil {
			t.Errorf("%v", err)
			continue
		}
		dir := path.Dir(f)
		if out[dir] == nil {
			out[dir] = map[string]string{}
		}
		for _, i := range parsed.Imports {
			p, err := strconv.Unquote(i.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			if out[dir][p] == "" {
				out[dir][p] = f
			}
		}
	}
	return out
}

// TestImportsPointDownwards holds every package to the table of rooms.
func TestImportsPointDownwards(t *testing.T) {
	table := rooms(t)
	may := map[string][]string{}
	below := map[string]bool{}
	for _, r := range table {
		if _, twice := may[r.name]; twice {
			t.Errorf("room %s stands twice in the table", r.name)
		}
		may[r.name] = r.may
		for _, m := range r.may {
			if !below[m] {
				t.Errorf("the table lets %s import %s, which does not stand below it", r.name, m)
			}
		}
		below[r.name] = true
	}
	found := imports(t)
	for dir, imported := range found {
		if strings.HasPrefix(dir, "internal/repotest") {
			continue
		}
		allowed, known := may[dir]
		if !known {
			t.Errorf("package %s is no room of docs/ARCHITECTURE.md: add it to the table where it belongs", dir)
			continue
		}
		for p, file := range imported {
			ours, ok := strings.CutPrefix(p, module+"/")
			if ok && !slices.Contains(allowed, ours) {
				t.Errorf("%s imports %s, which %s may not: it may import %v.\n"+
					"Move the code to the room it belongs to; if the drawing is to change, change the table in docs/ARCHITECTURE.md and say why in docs/DECISIONS.md",
					file, ours, dir, allowed)
			}
		}
	}
	for _, r := range table {
		if found[r.name] == nil {
			t.Errorf("docs/ARCHITECTURE.md names room %s, which has no Go files", r.name)
		}
	}
}

// reserved says which packages outside may be used where. A technology that
// stands in one room can be replaced there.
var reserved = []struct {
	prefix string
	rooms  []string
	why    string
}{
	{"C", []string{"population/duck"}, "the population engine is the only use of cgo"},
	{"github.com/duckdb/", []string{"population/duck"}, "one room speaks to the population engine"},
	{"modernc.org/sqlite", []string{"ledger/sqlite", "opsdb", "app"}, "SQL of the ledger stands in its store; app only tells errors of the disk"},
	{"database/sql", []string{"ledger/sqlite", "opsdb"}, "SQL of the ledger stands in its store, and opsdb lends its transactions"},
	{"github.com/go-webauthn/", []string{"account"}, "one room knows how people sign in"},
	{"golang.org/x/crypto/argon2", []string{"account"}, "one room knows how people sign in"},
	{"github.com/cedar-policy/", []string{"identity"}, "one room decides who may do what"},
	{"github.com/spf13/", []string{"cmd/reperform"}, "the command line is an adapter"},
	{"github.com/tetratelabs/", []string{"report/typst"}, "one room runs the typesetter"},
	{"github.com/pdfcpu/", []string{"report/typst"}, "one room writes PDF"},
	{"github.com/ledongthuc/", []string{"intake/pdftext"}, "one room reads PDF, in a process of its own"},
	{"github.com/a-h/templ", []string{"web", "web/ui"}, "pages are templates of the web application"},
	{"github.com/wneessen/", []string{"mail"}, "one room speaks to the mail server"},
	{"net", []string{"web", "web/static", "mail/mailtest", "cmd/reperform"}, "only the web application serves, and only mail calls the network"},
	{"net/mail", []string{"mail", "mail/mailtest"}, "one room knows how mail is written"},
	{"net/", []string{"web", "web/static", "mail", "mail/mailtest", "cmd/reperform"}, "only the web application serves, and only mail calls the network"},
	{"os/exec", []string{"population/sandbox", "report/typst/strict", "web/browsertest"}, "one room starts processes, and two checks of the tests"},
	{"github.com/chromedp/", []string{"web/browsertest"}, "one room drives a browser, for tests"},
	{"unsafe", []string{"population/duck", "population/sandbox"}, "memory is touched where the engine's library and the kernel demand it"},
}

// parsesOnly are packages whose names begin as those of the network do, and
// which read and write addresses without calling any.
var parsesOnly = map[string]bool{"net/url": true, "net/netip": true}

// TestTechnologiesStayInTheirRooms keeps each outside technology where it can
// be replaced.
func TestTechnologiesStayInTheirRooms(t *testing.T) {
	for dir, imported := range imports(t) {
		for p, file := range imported {
			if parsesOnly[p] {
				continue
			}
			for _, r := range reserved {
				hit := p == r.prefix || strings.HasSuffix(r.prefix, "/") && strings.HasPrefix(p, r.prefix) ||
					strings.HasPrefix(p, r.prefix+"/") && strings.Contains(r.prefix, ".")
				if hit && !slices.Contains(r.rooms, dir) {
					t.Errorf("%s imports %s, which only %v may: %s", file, p, r.rooms, r.why)
				}
			}
		}
	}
}

// TestPureRoomsStayPure keeps clocks, files and randomness out of the rooms
// whose answers must follow from their arguments alone.
func TestPureRoomsStayPure(t *testing.T) {
	pure := map[string][]string{
		"soc1":       {"os", "io/fs", "net", "crypto/rand", "math/rand", "math/rand/v2", "database/sql"},
		"sampling":   {"os", "io/fs", "time", "crypto/rand", "math/rand", "math/rand/v2"},
		"evaluation": {"os", "io/fs", "time", "crypto/rand", "math/rand", "math/rand/v2"},
		"overview":   {"os", "io/fs", "time", "crypto/rand", "math/rand", "math/rand/v2"},
		"web/chart":  {"os", "io/fs", "time", "crypto/rand", "math/rand", "math/rand/v2", "math"},
		"identity":   {"os", "time", "crypto/rand", "math/rand", "math/rand/v2"},
		"record":     {"os", "io/fs", "crypto/rand", "math/rand", "math/rand/v2"},
		"procedure":  {"io/fs", "time", "crypto/rand", "math/rand", "math/rand/v2"},
	}
	found := imports(t)
	for dir, banned := range pure {
		for _, p := range banned {
			if file := found[dir][p]; file != "" {
				t.Errorf("%s imports %s: what %s says must follow from its arguments alone", file, p, dir)
			}
		}
	}
	for p, file := range found["soc1"] {
		if strings.Contains(strings.Split(p, "/")[0], ".") {
			t.Errorf("%s imports %s: the vocabulary uses the standard library only", file, p)
		}
	}
}
