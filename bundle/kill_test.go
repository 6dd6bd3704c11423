package bundle_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"reperform/app"
	"reperform/bundle"
	"reperform/record"
	"reperform/soc1"
)

// killed drives the real program against one workspace and kills it.
type killed struct {
	*story
	t       *testing.T
	program string
	out     string
	rng     *rand.Rand
	// usual is how long each operation takes when it is left alone.
	usual map[string]time.Duration
	// notes are the latest checkpoints seen, by ledger: what was acknowledged
	// may never be gone again.
	notes map[string][]byte
	// acknowledged are records whose command said that it had succeeded.
	acknowledged [][3]string
	// systems are the systems acknowledged, each with the number of its content.
	systems map[string]int
	// changes are all that were acknowledged, killed and done the rounds.
	changes, killed, done int
}

// batch is how many records an apply writes: all of them or none.
const batch = 40

// writing is the longest that a writer is left alone.
const writing = 600 * time.Millisecond

// The program is killed at random moments of an import, an apply, a test run
// and a bundle, and between these a process that does nothing but make small
// changes and tell which are durable. Whenever that is, everything verifies,
// what was acknowledged is there as it was acknowledged, and no half-written
// bundle has the name of a whole one.
// REPERFORM_KILLS says how often (6), REPERFORM_BINARY which program to use
// instead of building it.
func TestKilledAnywhere(t *testing.T) {
	n := 6
	if s := os.Getenv("REPERFORM_KILLS"); s != "" {
		var err error
		if n, err = strconv.Atoi(s); err != nil {
			t.Fatal(err)
		}
	} else if testing.Short() {
		n = 4
	}
	seed := uint64(time.Now().UnixNano())
	k := &killed{t: t, program: program(t), out: t.TempDir(), rng: rand.New(rand.NewPCG(seed, 0)), usual: map[string]time.Duration{"write": writing}, notes: map[string][]byte{}, systems: map[string]int{}}
	t.Logf("seed %d", seed)
	k.story = begin(t, filepath.Join(t.TempDir(), "workspace"))
	k.examine()
	k.must(k.app.Close())
	k.app = nil
	operations := []string{"import", "apply", "write", "run", "bundle", "write"}
	for i := range n {
		k.once(operations[i%len(operations)], i)
		if (i+1)%20 == 0 || i+1 == n {
			fmt.Fprintln(os.Stderr, k.sum()+", all verified")
		}
	}
	k.swept()
	t.Log(k.sum())
	if k.changes == 0 {
		t.Error("nothing was acknowledged, so nothing was shown")
	}
}

func (k *killed) sum() string {
	return fmt.Sprintf("killed %d times, finished before the kill %d times, %d changes acknowledged of %d records", k.killed, k.done, k.changes, len(k.systems)+len(k.acknowledged))
}

// program builds the program, unless it is given.
func program(t *testing.T) string {
	t.Helper()
	if p := os.Getenv("REPERFORM_BINARY"); p != "" {
		return p
	}
	p := filepath.Join(t.TempDir(), "reperform")
	if out, err := exec.Command("go", "build", "-o", p, "reperform/cmd/reperform").CombinedOutput(); err != nil {
		t.Fatalf("building the program: %v\n%s", err, out)
	}
	return p
}

// command is an operation of the program, and the records that exist once it has
// succeeded.
func (k *killed) command(op string, i int) (args []string, made [][3]string) {
	k.t.Helper()
	switch op {
	case "import":
		id := fmt.Sprintf("k-%d", i)
		return []string{"population", "import", fixture("changes.csv"), "--id", id, "--key", "change", "--ledger", exam, "--actor", "helen"}, [][3]string{{exam, "population", id}}
	case "apply":
		var b strings.Builder
		for j := range batch {
			id := fmt.Sprintf("k-%d-%d", i, j)
			fmt.Fprintf(&b, "---\nkind: system\nid: %s\nname: System %s\nsystem_type: application\nin_scope: false\n", id, id)
			made = append(made, [3]string{"org", "system", id})
		}
		path := filepath.Join(k.out, fmt.Sprintf("k-%d.yaml", i))
		k.must(os.WriteFile(path, []byte(b.String()), 0o600))
		return []string{"apply", "-f", path}, made
	case "run":
		// Another expression with the same meaning asks for another run.
		k.open()
		before := k.runs()
		k.applyBytes("helen", "again.yaml", []byte(fmt.Sprintf("kind: attribute\nid: t-it-1-1-a\ntest: t-it-1-1\ncode: A\ntext: The account was disabled in time.\npass: acct.disabled_on IS NOT NULL AND last_day IS NOT NULL AND %d >= 0 AND acct.disabled_on <= add_business_days(last_day, 1)\n", i)), exam)
		k.close()
		return []string{"test", "run", "--engagement", engagement, "--control", "it-1-1", "--actor", "helen"}, [][3]string{{exam, "test_run", fmt.Sprintf("t-it-1-1-run-%d", before+1)}}
	}
	return []string{"bundle", "--engagement", engagement, "--actor", "helen", "-o", k.bundle(i)}, nil
}

func (k *killed) bundle(i int) string { return filepath.Join(k.out, fmt.Sprintf("k-%d.bundle", i)) }

func (k *killed) open() {
	k.t.Helper()
	var err error
	k.app, err = app.Open(k.ctx, k.dir, app.Options{Now: clockAt(time.Now()), Engine: engineCommand()})
	k.must(err)
}

func (k *killed) close() {
	k.t.Helper()
	k.must(k.app.Close())
	k.app = nil
}

func clockAt(t time.Time) func() time.Time { return func() time.Time { return t } }

func (k *killed) runs() int {
	k.t.Helper()
	all, err := record.All[soc1.TestRun](k.ctx, k.view(exam), "test_run")
	k.must(err)
	return len(all)
}

// once runs an operation, kills it at a random moment unless it is faster, and
// checks the workspace.
func (k *killed) once(op string, i int) {
	k.t.Helper()
	var args []string
	var made [][3]string
	var cmd *exec.Cmd
	if op == "write" {
		cmd = exec.Command(engineCommand()[0])
		cmd.Env = append(os.Environ(), killWriter+"="+k.dir+"\n"+strconv.Itoa(i))
	} else {
		args, made = k.command(op, i)
		cmd = exec.Command(k.program, append(args, "--workspace", k.dir, "--json")...)
	}
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	began := time.Now()
	k.must(cmd.Start())
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	moment := time.Hour
	if usual, ok := k.usual[op]; ok {
		moment = time.Duration(k.rng.Int64N(int64(usual) * 11 / 10))
	}
	var err error
	select {
	case err = <-ended:
		k.usual[op] = time.Since(began)
	case <-time.After(moment):
		cmd.Process.Kill()
		err = <-ended
	}
	var exit *exec.ExitError
	switch {
	case err == nil, errors.As(err, &exit) && exit.ExitCode() == 1:
		k.done++
		k.changes += len(made)
		for _, a := range made {
			if a[1] == "system" {
				k.systems[a[2]] = applied
			} else {
				k.acknowledged = append(k.acknowledged, a)
			}
		}
	case errors.As(err, &exit) && exit.ExitCode() == -1:
		k.killed++
		if moment > k.usual[op] && op != "write" {
			// It takes longer by now, the workspace having grown.
			k.usual[op] = moment
		}
	default:
		k.t.Fatalf("%s failed without being killed: %v\n%s", strings.Join(args, " "), err, stderr.String())
	}
	if op == "write" {
		k.hear(stdout.Bytes())
	}
	what := fmt.Sprintf("%s, killed after %s of %s", op, moment.Round(time.Microsecond), k.usual[op].Round(time.Millisecond))
	k.check(op, i, what, err == nil, made)
}

// check opens the workspace as the next user would.
func (k *killed) check(op string, i int, what string, whole bool, made [][3]string) {
	k.t.Helper()
	k.open()
	defer k.close()
	for _, name := range []string{"org", exam} {
		reports, err := k.app.VerifyLedgers(k.ctx, "helen", name, k.notes[name], true)
		if err != nil {
			k.t.Fatalf("%s: ledger %s: %v", what, name, err)
		}
		for _, r := range reports {
			if err := r.Err(); err != nil {
				k.t.Fatalf("%s: %v", what, err)
			}
		}
		note, _, err := k.app.Checkpoint(k.ctx, "helen", name)
		k.must(err)
		k.notes[name] = note
	}
	views := map[string]*record.View{"org": k.view("org"), exam: k.view(exam)}
	for _, a := range k.acknowledged {
		if _, err := views[a[0]].Get(k.ctx, a[1], a[2]); err != nil {
			k.t.Fatalf("%s: %v was acknowledged and is gone: %v", what, a, err)
		}
	}
	k.checkSystems(what, views["org"])
	there := 0
	for _, a := range made {
		if _, err := views[a[0]].Get(k.ctx, a[1], a[2]); err == nil {
			there++
		}
	}
	if there != 0 && there != len(made) {
		k.t.Fatalf("%s: %d of %d records are there: half of a command", what, there, len(made))
	}
	if op == "bundle" {
		k.checkBundle(k.bundle(i), what, whole)
	}
}

func (k *killed) checkBundle(path, what string, whole bool) {
	k.t.Helper()
	_, err := os.Stat(path)
	switch {
	case err != nil && whole:
		k.t.Fatalf("%s: the bundle was acknowledged and is not there: %v", what, err)
	case err != nil:
		return
	}
	v, err := bundle.Verify(context.Background(), path, bundle.Options{})
	k.must(err)
	for _, c := range v.Claims {
		// A run that was killed leaves an attribute that changed after the run
		// before it: figures of unfinished work rightly do not follow.
		if c.Status == bundle.Fails && !strings.HasPrefix(c.ID, "figures/") {
			k.t.Fatalf("%s: a bundle has its name and does not hold:\n%s", what, list(v))
		}
	}
	os.Remove(path)
}

// swept finishes one of each operation and looks for what the dead ones left.
func (k *killed) swept() {
	k.t.Helper()
	for i, op := range []string{"import", "run", "bundle"} {
		args, _ := k.command(op, 1_000_000+i)
		cmd := exec.Command(k.program, append(args, "--workspace", k.dir)...)
		if out, err := cmd.CombinedOutput(); err != nil {
			k.t.Fatalf("%s: %v\n%s", op, err, out)
		}
	}
	for _, pattern := range []string{filepath.Join(k.out, ".*"), filepath.Join(k.dir, "tmp", "*")} {
		left, err := filepath.Glob(pattern)
		k.must(err)
		if len(left) > 0 {
			k.t.Errorf("%d leftovers of dead processes were not swept, such as %s", len(left), left[0])
		}
	}
}
