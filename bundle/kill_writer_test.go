package bundle_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"strings"
	"sync"

	"reperform/app"
	"reperform/record"
	"reperform/soc1"
)

// killWriter names the environment variable that makes the test binary a
// writer: it holds the workspace and a word that no other round uses.
const killWriter = "REPERFORM_KILL_WRITER"

// killWriters is how many goroutines of a writer append at once, so that
// commits of several commands in one sync are interrupted, too.
const killWriters = 8

// writeUntilKilled makes small changes as fast as it can and prints each once
// it is durable, in one write each, so that a kill cuts no line. Every
// goroutine records new systems and, in turn with them, rewrites one of its own.
func writeUntilKilled(spec string) error {
	dir, word, ok := strings.Cut(spec, "\n")
	if !ok {
		return fmt.Errorf("%s holds no workspace and word", killWriter)
	}
	a, err := app.Open(context.Background(), dir, app.Options{})
	if err != nil {
		return err
	}
	errs := make(chan error, killWriters)
	var wg sync.WaitGroup
	for g := range killWriters {
		wg.Go(func() { errs <- writeOn(a, word, g) })
	}
	wg.Wait()
	return <-errs
}

func writeOn(a *app.App, word string, g int) error {
	own := fmt.Sprintf("w-%s-%d", word, g)
	for n := 1; ; n++ {
		id := own
		if n%2 == 0 {
			id = fmt.Sprintf("%s-%d", own, n)
		}
		err := a.PutRecord(context.Background(), "dana", app.RecordChange{Kind: "system", ID: id, Revision: -1, Effective: "2025-01-01", Value: written(id, n), Reason: "Written."})
		if err != nil {
			return err
		}
		if _, err := os.Stdout.WriteString(fmt.Sprintf("%s %d\n", id, n)); err != nil {
			return err
		}
	}
}

// written is the n-th content that a writer gives the record.
func written(id string, n int) soc1.System {
	return soc1.System{Name: fmt.Sprintf("System %s, %d", id, n), Purpose: strings.Repeat(fmt.Sprintf("%d ", n), n%50), SystemType: "application"}
}

// hear reads what a dead writer acknowledged: of each record the last content.
func (k *killed) hear(out []byte) {
	k.t.Helper()
	lines := bufio.NewScanner(bytes.NewReader(out))
	for lines.Scan() {
		var id string
		var n int
		if _, err := fmt.Sscanf(lines.Text(), "%s %d", &id, &n); err != nil {
			k.t.Fatalf("a writer printed %q", lines.Text())
		}
		k.systems[id] = n
		k.changes++
	}
}

// checkSystems compares every acknowledged system with what is recorded: exactly
// the content acknowledged last or, of a record that its writer kept rewriting,
// the next one, which may have been durable before the kill let it be told.
func (k *killed) checkSystems(what string, org *record.View) {
	k.t.Helper()
	all, err := record.All[soc1.System](k.ctx, org, "system")
	k.must(err)
	there := make(map[string]soc1.System, len(all))
	for _, s := range all {
		there[s.ID] = s.Value
	}
	same := func(a, b soc1.System) bool { return fmt.Sprintf("%#v", a) == fmt.Sprintf("%#v", b) }
	for id, n := range k.systems {
		got, ok := there[id]
		switch {
		case !ok:
			k.t.Fatalf("%s: system %s was acknowledged and is gone", what, id)
		case n == applied && !same(got, appliedSystem(id)),
			n != applied && !same(got, written(id, n)) && (n%2 == 0 || !same(got, written(id, n+2))):
			k.t.Fatalf("%s: system %s was acknowledged with content %d and is\n%#v", what, id, n, got)
		}
	}
}

// applied stands for the content of a system that a file brought.
const applied = -1

func appliedSystem(id string) soc1.System {
	return soc1.System{Name: "System " + id, SystemType: "application"}
}
