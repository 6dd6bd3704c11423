package ledger_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"reperform/ledger"
	"reperform/ledger/sqlite"
)

// The tests of crashes need a process that can be killed: the test binary runs
// itself with these variables set and becomes a program that commits.
const (
	childRole = "REPERFORM_TEST_CHILD"
	childDir  = "REPERFORM_TEST_DIR"
)

func TestMain(m *testing.M) {
	var err error
	switch role := os.Getenv(childRole); role {
	case "":
		code := m.Run()
		// A benchmark may have made a large ledger for all.
		if millionDir != "" {
			os.RemoveAll(millionDir)
		}
		os.Exit(code)
	case "limit":
		err = childWithLimit(os.Getenv(childDir))
	default:
		err = childCommits(os.Getenv(childDir), role)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

func child(t testing.TB, role, dir string, wrap ...string) *exec.Cmd {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	args := append(wrap, exe)
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Env = append(os.Environ(), childRole+"="+role, childDir+"="+dir)
	cmd.Stderr = os.Stderr
	return cmd
}

func childOpen(dir string) (*ledger.Log, error) {
	ctx := context.Background()
	s, err := sqlite.Open(ctx, filepath.Join(dir, "ledger.db"))
	if err != nil {
		return nil, err
	}
	return ledger.Open(ctx, s, ledger.Options{Keys: ledger.FileKeys{Dir: filepath.Join(dir, "keys")}})
}

// childCommits prints "ack POSITION COMMAND" for each command once it is
// acknowledged. The role is "writers commands"; 0 commands go on for ever.
func childCommits(dir, role string) error {
	l, err := childOpen(dir)
	if err != nil {
		return err
	}
	ctx := context.Background()
	var writers, commands int
	if _, err := fmt.Sscan(role, &writers, &commands); err != nil {
		return err
	}
	if _, err := l.Snapshot("org"); err != nil {
		r, err := l.Create(ctx, ledger.Command{Ledger: "org", Actor: "p", Action: "init", Drafts: []ledger.Draft{{Kind: "organization", ID: "o", Revision: 1, Document: []byte("{}")}}}, "test/org", "organization")
		if err != nil {
			return err
		}
		acknowledge(r)
	}
	sn, err := l.Snapshot("org")
	if err != nil {
		return err
	}
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			// Ids hold the size at the start, so that no run meets those of another.
			for i := 0; commands == 0 || i < commands; i++ {
				c := ledger.Command{Ledger: "org", Actor: "p", Action: "put", Reason: "r"}
				drafts := 1
				if i%40 == 39 {
					drafts = 700
				}
				for d := range drafts {
					c.Drafts = append(c.Drafts, ledger.Draft{Kind: "control", ID: fmt.Sprintf("c-%d-%d-%d-%d", sn.Size, w, i, d), Revision: 1, Document: []byte(`{"title":"x"}`)})
				}
				r, err := l.Commit(ctx, c)
				if err != nil {
					fmt.Fprintln(os.Stderr, err)
					os.Exit(1)
				}
				acknowledge(r)
			}
		})
	}
	wg.Wait()
	return l.Close()
}

// acknowledge writes one line by one system call.
func acknowledge(r ledger.Receipt) {
	os.Stdout.WriteString(fmt.Sprintf("ack %d %s\n", r.Last, r.Command))
}

// acks reads the acknowledgements until the writer is gone. A last line
// without its end was never given out.
func acks(r *bufio.Reader, into map[int64]string) error {
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return nil
		}
		f := strings.Fields(line)
		if len(f) != 3 || f[0] != "ack" {
			return fmt.Errorf("the child wrote %q", line)
		}
		pos, err := strconv.ParseInt(f[1], 10, 64)
		if err != nil {
			return err
		}
		into[pos] = f[2]
	}
}

// childWithLimit meets a file that may not grow, then one that may again.
func childWithLimit(dir string) error {
	signal.Ignore(syscall.SIGXFSZ)
	l, err := childOpen(dir)
	if err != nil {
		return err
	}
	var old syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &old); err != nil {
		return err
	}
	room := func(free bool) error {
		limit := old
		if !free {
			limit.Cur = 2 << 20
		}
		return syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit)
	}
	return fillAndRecover(l, room)
}
