package blob

import (
	"bufio"
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// faulty counts the system calls of a store and fails the chosen one.
type faulty struct {
	calls  []string
	failAt int // index of the call that fails; none if negative
	err    error
}

func (f *faulty) call(name string) error {
	f.calls = append(f.calls, name)
	if len(f.calls)-1 == f.failAt {
		return f.err
	}
	return nil
}

func (f *faulty) ops() fileOps {
	return fileOps{
		createTemp: func(dir, pattern string) (file, error) {
			if err := f.call("create"); err != nil {
				return nil, err
			}
			real, err := os.CreateTemp(dir, pattern)
			if err != nil {
				return nil, err
			}
			return &faultyFile{real, f}, nil
		},
		rename: func(from, to string) error {
			if err := f.call("rename"); err != nil {
				return err
			}
			return os.Rename(from, to)
		},
		syncDir: func(dir string) error {
			if err := f.call("sync " + filepath.Base(dir)); err != nil {
				return err
			}
			return syncDir(dir)
		},
	}
}

// faultyFile fails like a disk that fills up: half of the bytes are written.
type faultyFile struct {
	*os.File
	f *faulty
}

func (f *faultyFile) Write(p []byte) (int, error) {
	if err := f.f.call("write"); err != nil {
		n, _ := f.File.Write(p[:len(p)/2])
		return n, err
	}
	return f.File.Write(p)
}

func (f *faultyFile) WriteAt(p []byte, at int64) (int, error) {
	if err := f.f.call("write header"); err != nil {
		n, _ := f.File.WriteAt(p[:len(p)/2], at)
		return n, err
	}
	return f.File.WriteAt(p, at)
}

func (f *faultyFile) Sync() error {
	if err := f.f.call("sync file"); err != nil {
		return err
	}
	return f.File.Sync()
}

func (f *faultyFile) Close() error {
	err := f.f.call("close")
	if closeErr := f.File.Close(); err == nil {
		err = closeErr
	}
	return err
}

var (
	firstPut = []string{"sync " + "blobs-parent", "sync blobs", "create", "write", "write", "write", "write header", "sync file", "close", "rename", "sync ledger-org"}
	samePut  = []string{"create", "write", "write", "write", "write header", "sync file", "close", "sync ledger-org"}
)

func faultyStore(t *testing.T, failAt int) (*FileStore, *faulty) {
	t.Helper()
	keys := FileKeys(filepath.Join(t.TempDir(), "keys"))
	if err := keys.Create(t.Context(), "org"); err != nil {
		t.Fatal(err)
	}
	parent := filepath.Join(t.TempDir(), "blobs-parent")
	if err := os.Mkdir(parent, 0o700); err != nil {
		t.Fatal(err)
	}
	f := &faulty{failAt: failAt, err: syscall.ENOSPC}
	s := Files(filepath.Join(parent, "blobs"), keys)
	s.fs = f.ops()
	return s, f
}

func TestEverySyncComesBeforeTheAcknowledgement(t *testing.T) {
	s, f := faultyStore(t, -1)
	content := make([]byte, chunkSize+1)
	if _, err := s.Put(t.Context(), "org", bytes.NewReader(content)); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(f.calls, firstPut) {
		t.Errorf("the first Put made the calls\n%q, want\n%q", f.calls, firstPut)
	}
	f.calls = nil
	if _, err := s.Put(t.Context(), "org", bytes.NewReader(content)); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(f.calls, samePut) {
		t.Errorf("the Put of equal content made the calls\n%q, want\n%q", f.calls, samePut)
	}
}

// A full disk at any call leaves nothing behind, and the next Put succeeds.
func TestAFullDiskAtEveryCallLeavesNothing(t *testing.T) {
	content := make([]byte, chunkSize+1)
	for failAt, call := range firstPut {
		s, f := faultyStore(t, failAt)
		ref, err := s.Put(t.Context(), "org", bytes.NewReader(content))
		if !errors.Is(err, syscall.ENOSPC) || !strings.Contains(fmt.Sprint(err), "free space under "+s.dir) {
			t.Errorf("call %d (%s) fails: %v, want the full disk and what to do", failAt, call, err)
		}
		if ref != (Ref{}) {
			t.Errorf("call %d (%s) fails: a blob was named all the same: %v", failAt, call, ref)
		}
		var left []string
		for info, err := range s.List(t.Context(), "org") {
			left = append(left, fmt.Sprint(info.Ref, err))
		}
		files, _ := filepath.Glob(filepath.Join(s.dir, "*", "*"))
		// Once the name exists, only its durability is unknown: the blob is
		// whole, and removing it could take it from another writer.
		if last := failAt == len(firstPut)-1; !last && len(left)+len(files) > 0 || last && len(left) != 1 {
			t.Errorf("call %d (%s) fails: it left blobs %v and files %v", failAt, call, left, files)
		}
		f.failAt = -1
		if ref, err = s.Put(t.Context(), "org", bytes.NewReader(content)); err != nil {
			t.Errorf("call %d (%s) failed, and the next Put: %v", failAt, call, err)
		} else if err := (bench{t, s}).read("org", ref); err != nil {
			t.Errorf("call %d (%s) failed, and reading after the next Put: %v", failAt, call, err)
		}
	}
}

// leave puts the file of a writer that died into the ledger's directory.
func leave(t *testing.T, s *FileStore, sealed []byte) string {
	t.Helper()
	p, err := s.place(t.Context(), "org")
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.CreateTemp(p.dir, tempPrefix+"*")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.Write(sealed); err != nil {
		t.Fatal(err)
	}
	return f.Name()
}

func TestUnfinishedFilesAreNoBlobsAndAreSweptLater(t *testing.T) {
	b := newBench(t)
	ref, path := b.put("org", []byte("whole"))
	// Even a file that is complete is not a blob before it has its name.
	left := leave(t, b.store, b.bytesOf(path))
	leave(t, b.store, nil)

	var listed []Ref
	for info, err := range b.store.List(t.Context(), "org") {
		if err != nil {
			t.Errorf("List: %v", err)
		}
		listed = append(listed, info.Ref)
	}
	if len(listed) != 1 || listed[0] != ref {
		t.Errorf("List beside unfinished files: %v, want %v alone", listed, ref)
	}

	all := func([32]byte) bool { return true }
	info, err := os.Stat(left)
	if err != nil {
		t.Fatal(err)
	}
	if swept, err := Sweep(t.Context(), b.store, "org", all, info.ModTime()); err != nil || swept != (Swept{}) {
		t.Errorf("within the grace period: %+v, %v; want nothing removed", swept, err)
	}
	swept, err := Sweep(t.Context(), b.store, "org", all, info.ModTime().Add(time.Hour))
	if want := (Swept{Unfinished: 2, Bytes: info.Size()}); err != nil || swept != want {
		t.Errorf("after the grace period: %+v, %v; want %+v", swept, err, want)
	}
	if err := b.read("org", ref); err != nil {
		t.Errorf("the blob beside the swept files: %v", err)
	}
}

// Put of content that is an old orphan, beside a sweep: whatever the order,
// the acknowledged blob is there.
func TestASweepNeverTakesWhatAPutAcknowledged(t *testing.T) {
	b := newBench(t)
	content := []byte("an orphan that someone puts again")
	ref, path := b.put("org", content)
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	old, limit := info.ModTime().Add(-2*time.Hour), info.ModTime().Add(-time.Hour)
	taken := 0
	for round := range 300 {
		if err := os.Chtimes(path, old, old); err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		wg.Go(func() {
			if _, err := b.store.Put(t.Context(), "org", bytes.NewReader(content)); err != nil {
				t.Errorf("round %d: Put: %v", round, err)
			}
		})
		wg.Go(func() {
			swept, err := Sweep(t.Context(), b.store, "org", func([32]byte) bool { return false }, limit)
			if err != nil {
				t.Errorf("round %d: Sweep: %v", round, err)
			}
			taken += swept.Blobs
		})
		wg.Wait()
		if err := b.read("org", ref); err != nil {
			t.Fatalf("round %d: after Put was acknowledged: %v", round, err)
		}
	}
	t.Logf("the sweep came first in %d of 300 rounds", taken)
}

// The same at the one instant that counts: after the sweep has looked at the
// blob and before it removes it.
func TestASweepSparesWhatIsPutWhileItDecides(t *testing.T) {
	b := newBench(t)
	content := []byte("an orphan that someone puts again")
	ref, path := b.put("org", content)
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	old, limit := info.ModTime().Add(-2*time.Hour), info.ModTime().Add(-time.Hour)
	if err := os.Chtimes(path, old, old); err != nil {
		t.Fatal(err)
	}
	asked := 0
	swept, err := Sweep(t.Context(), b.store, "org", func([32]byte) bool {
		asked++
		b.put("org", content)
		return false
	}, limit)
	if err != nil || swept != (Swept{}) || asked != 1 {
		t.Errorf("the sweep asked %d times and removed %+v, %v; want it to ask once and spare the blob", asked, swept, err)
	}
	if err := b.read("org", ref); err != nil {
		t.Errorf("after Put was acknowledged: %v", err)
	}
}

const childDir = "REPERFORM_BLOB_CRASH_DIR"

// TestMain lets the test binary serve as the process that is killed.
func TestMain(m *testing.M) {
	dir := os.Getenv(childDir)
	if dir == "" {
		os.Exit(m.Run())
	}
	putForEver(dir)
}

// putForEver names each acknowledged blob on standard output.
func putForEver(dir string) {
	s := Files(filepath.Join(dir, "blobs"), FileKeys(filepath.Join(dir, "keys")))
	rng := rand.New(rand.NewPCG(uint64(os.Getpid()), 0))
	for {
		content := make([]byte, rng.IntN(300_000))
		for i := range min(16, len(content)) {
			content[i] = byte(rng.Uint32())
		}
		ref, err := s.Put(context.Background(), "org", bytes.NewReader(content))
		if err != nil {
			fmt.Println("error", err)
			os.Exit(1)
		}
		fmt.Println(ref)
	}
}

func TestKilledWritersLoseNothingAcknowledged(t *testing.T) {
	dir := t.TempDir()
	if err := FileKeys(filepath.Join(dir, "keys")).Create(t.Context(), "org"); err != nil {
		t.Fatal(err)
	}
	s := Files(filepath.Join(dir, "blobs"), FileKeys(filepath.Join(dir, "keys")))
	acknowledged := map[string]bool{}
	for round := range 25 {
		child := exec.CommandContext(t.Context(), os.Args[0])
		child.Env = append(os.Environ(), childDir+"="+dir)
		out, err := child.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		// The clock starts with the first acknowledgement, so that a slow
		// machine still kills a writer at work.
		var kill sync.Once
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			sha, err := hex.DecodeString(lines.Text())
			if err != nil || len(sha) != 32 {
				t.Fatalf("round %d: the writer said %q", round, lines.Text())
			}
			acknowledged[lines.Text()] = true
			kill.Do(func() {
				time.AfterFunc(time.Duration(rand.IntN(20_000))*time.Microsecond, func() { child.Process.Kill() })
			})
		}
		child.Wait()
	}
	found := 0
	for info, err := range s.List(t.Context(), "org") {
		if err != nil {
			t.Errorf("after the kills: %v", err)
			continue
		}
		if err := (bench{t, s}).read("org", info.Ref); err != nil {
			t.Errorf("after the kills: %v", err)
		}
		if acknowledged[info.String()] {
			found++
		}
	}
	if found != len(acknowledged) || found == 0 {
		t.Errorf("%d blobs were acknowledged, %d of them are there", len(acknowledged), found)
	}
	swept, err := Sweep(t.Context(), s, "org", func([32]byte) bool { return true }, time.Now().Add(time.Hour))
	if err != nil || swept.Blobs != 0 {
		t.Errorf("sweeping after the kills: %+v, %v", swept, err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "blobs", "*", tempPrefix+"*")); len(left) > 0 {
		t.Errorf("the sweep left %v", left)
	}
	t.Logf("%d blobs acknowledged by 25 killed writers, %d unfinished files swept", found, swept.Unfinished)
}
