package ledger_test

import (
	"bufio"
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"reperform/ledger"
	"reperform/ledger/sqlite"
)

// TestKilledAtAnyMoment kills a committing process again and again. After each
// kill the ledger verifies, parts of a command included, and holds whatever
// was acknowledged. REPERFORM_KILLS sets how often.
func TestKilledAtAnyMoment(t *testing.T) {
	kills := 25
	if v := os.Getenv("REPERFORM_KILLS"); v != "" {
		n, err := strconv.Atoi(v)
		if err != nil {
			t.Fatalf("REPERFORM_KILLS: %v", err)
		}
		kills = n
	}
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	dir := t.TempDir()
	acked := map[int64]string{}
	total := 0
	for kill := range kills {
		// A new file now and then, so that its creation is interrupted too,
		// and checking does not take longer and longer.
		if kill%10 == 0 {
			total += len(acked)
			dir, acked = t.TempDir(), map[int64]string{}
		}
		killOnce(t, dir, time.Duration(rng.IntN(160))*time.Millisecond, acked)
		if t.Failed() {
			t.Fatalf("after kill %d", kill+1)
		}
	}
	total += len(acked)
	t.Logf("%d kills, %d acknowledged commands, none lost", kills, total)
	if total == 0 {
		t.Error("no command was ever acknowledged: the test shows nothing")
	}
}

func killOnce(t *testing.T, dir string, after time.Duration, acked map[int64]string) {
	t.Helper()
	cmd := child(t, "4 0", dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(after, func() { cmd.Process.Kill() })
	if err := acks(bufio.NewReader(out), acked); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); cmd.ProcessState.Exited() {
		t.Fatalf("the child ended by itself: %v", err)
	}
	ctx := context.Background()
	s, err := sqlite.Open(ctx, filepath.Join(dir, "ledger.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	heads, err := s.Heads(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if len(heads) == 0 && len(acked) == 0 {
		return
	}
	rep, err := ledger.Verify(ctx, s, "org", ledger.VerifyOptions{Visit: func(pos int64, e ledger.Entry, _ []ledger.Document) {
		if want, ok := acked[pos]; ok && e.Command != want {
			t.Errorf("entry %d is of command %s, acknowledged was %s", pos, e.Command, want)
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	if rep.Err() != nil {
		t.Fatalf("problems: %s", problems(rep))
	}
	for pos, command := range acked {
		if pos >= rep.Entries {
			t.Errorf("entry %d of command %s was acknowledged, the ledger has %d entries", pos, command, rep.Entries)
		}
	}
}
