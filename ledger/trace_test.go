package ledger_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestSyncPrecedesEachAcknowledgement watches the system calls of a process
// that commits: a kill does not show that data reached the disk, since the
// kernel keeps what was written. Between the last write to the write-ahead log
// and each acknowledgement there must be a sync of the log that succeeded.
func TestSyncPrecedesEachAcknowledgement(t *testing.T) {
	strace, err := exec.LookPath("strace")
	if err != nil {
		t.Fatal("strace is not installed; run tools/deps.sh")
	}
	dir := t.TempDir()
	trace := filepath.Join(dir, "trace")
	const commands = 45
	cmd := child(t, "1 45", dir, strace, "-f", "-y", "-o", trace, "-e", "trace=fdatasync,fsync,write,pwrite64")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("the traced child: %v\n%s", err, out)
	}
	text, err := os.ReadFile(trace)
	if err != nil {
		t.Fatal(err)
	}
	acknowledged, syncs, problem := checkTrace(string(text))
	if problem != "" {
		t.Fatalf("%s\nafter %d acknowledgements in\n%.3000s", problem, acknowledged, text)
	}
	if acknowledged != commands+1 {
		t.Fatalf("the trace shows %d acknowledgements, want %d", acknowledged, commands+1)
	}
	t.Logf("%d acknowledgements, each after a sync of the log; %d syncs of it in all", acknowledged, syncs)
}

var (
	traceLine    = regexp.MustCompile(`^(\d+) +(\w+)\((\d+)<([^>]*)>(.*)$`)
	traceResumed = regexp.MustCompile(`^(\d+) +<\.\.\. (\w+) resumed>(.*)$`)
)

// checkTrace follows the log's state through the trace: clean after a sync
// that succeeded, dirty after a write. An acknowledgement wants it clean, and
// written since the acknowledgement before.
func checkTrace(text string) (acknowledged, syncs int, problem string) {
	dirty, written := false, false
	pending := map[string]bool{} // threads inside a sync of the log
	done := func(rest string) {
		if strings.HasSuffix(strings.TrimSpace(rest), "= 0") {
			dirty = false
			syncs++
		}
	}
	for line := range strings.SplitSeq(text, "\n") {
		if m := traceResumed.FindStringSubmatch(line); m != nil {
			if pending[m[1]] && strings.Contains(m[2], "sync") {
				delete(pending, m[1])
				done(m[3])
			}
			continue
		}
		m := traceLine.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		thread, call, fd, path, rest := m[1], m[2], m[3], m[4], m[5]
		inLog := strings.HasSuffix(path, "-wal")
		switch {
		case call == "pwrite64" && inLog:
			dirty, written = true, true
		case strings.HasSuffix(call, "sync") && inLog && strings.Contains(rest, "unfinished"):
			pending[thread] = true
		case strings.HasSuffix(call, "sync") && inLog:
			done(rest)
		case call == "write" && fd == "1" && strings.Contains(rest, "ack "):
			if dirty || !written {
				return acknowledged, syncs, "an acknowledgement without a sync of the log before it: " + line
			}
			acknowledged++
			written = false
		}
	}
	return acknowledged, syncs, ""
}

// The checker itself must see what it is there to see.
func TestTraceCheckerSeesMissingSync(t *testing.T) {
	const write, sync, ack = "7 pwrite64(5</x/ledger.db-wal>, \"\", 24, 0) = 24\n", "7 fdatasync(5</x/ledger.db-wal>) = 0\n", "7 write(1<pipe:[1]>, \"ack 1 ab\\n\", 9) = 9\n"
	for _, c := range []struct {
		name, trace string
		ok          bool
	}{
		{"in order", write + sync + ack + write + sync + ack, true},
		{"resumed", write + "7 fdatasync(5</x/ledger.db-wal> <unfinished ...>\n8 write(2<x>, \"\", 0) = 0\n7 <... fdatasync resumed>) = 0\n" + ack, true},
		{"no sync", write + ack, false},
		{"sync before the write", sync + write + ack, false},
		{"sync of another file", write + strings.ReplaceAll(sync, "-wal", "") + ack, false},
		{"sync that failed", write + strings.ReplaceAll(sync, "= 0", "= -1 EIO (Input/output error)") + ack, false},
		{"sync under way", write + "7 fdatasync(5</x/ledger.db-wal> <unfinished ...>\n" + ack, false},
		{"nothing written", write + sync + ack + ack, false},
	} {
		if _, _, problem := checkTrace(c.trace); (problem == "") != c.ok {
			t.Errorf("%s: %q", c.name, problem)
		}
	}
}
