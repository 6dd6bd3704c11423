package population

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"reperform/population/frame"
	"reperform/population/sandbox"
)

// Options configures an Engine.
type Options struct {
	// Command starts the child: this binary and the argument that makes it call
	// ServeChild.
	Command []string
	// MemoryLimit is the memory in bytes that the database may use (512 MiB if
	// 0); the child's whole data is limited to this and 1 GiB beside it.
	MemoryLimit int64
	// DiskLimit is the space in bytes for temporary files and the largest file
	// that may be written (64 GiB if 0).
	DiskLimit int64
	// Threads is the number of threads (2 if 0).
	Threads int
	// TempDir is the directory below which temporary files are made.
	TempDir string
	// Timeout limits one call; 0 means none beside the context's.
	Timeout time.Duration
	// Progress, if set, hears of progress from time to time.
	Progress func(Progress)
}

// Progress tells how far a call has come.
type Progress struct {
	// Stage is a short word: reading, hashing, evaluating…
	Stage string `json:"stage"`
	// Percent is between 0 and 100, or negative if it is not known.
	Percent float64 `json:"percent"`
	// Rows is the number of rows done, if the stage counts them.
	Rows int64 `json:"rows,omitempty"`
}

type progressKey struct{}

// WithProgress lets a function hear of the progress of the calls made under a context,
// beside Options.Progress. Calls wait for each other: it hears of nothing before its own
// begins.
func WithProgress(ctx context.Context, hear func(Progress)) context.Context {
	return context.WithValue(ctx, progressKey{}, hear)
}

// Engine runs questions in a child process, one at a time: a call waits for the
// one before it, and so does Close. It is safe for concurrent use.
type Engine struct {
	opts Options
	dir  *sandbox.Dir

	mu     sync.Mutex
	child  *sandbox.Child
	read   []string
	work   string
	closed bool
}

// Open prepares an engine; the child starts with the first call.
func Open(opts Options) (*Engine, error) {
	if len(opts.Command) == 0 {
		return nil, errors.New("population: Options.Command is empty; name the binary and its engine argument")
	}
	if opts.MemoryLimit == 0 {
		opts.MemoryLimit = 512 << 20
	}
	if opts.DiskLimit == 0 {
		opts.DiskLimit = 64 << 30
	}
	if opts.Threads == 0 {
		opts.Threads = 2
	}
	dir, err := sandbox.NewDir(opts.TempDir)
	if err != nil {
		return nil, err
	}
	return &Engine{opts: opts, dir: dir}, nil
}

// Close ends the child and removes the temporary files.
func (e *Engine) Close() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.closed = true
	e.drop()
	return e.dir.Remove()
}

// Fenced says whether the kernel's second wall (Landlock) stands around the
// current child; false before the first call.
func (e *Engine) Fenced() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.child != nil && e.child.Fenced
}

// ErrStopped is wrapped by errors of calls whose child was killed, because the
// context ended or the time was up.
var ErrStopped = errors.New("the engine was stopped")

// ErrCrashed is wrapped by errors of calls whose child ended by itself.
var ErrCrashed = errors.New("the engine ended unexpectedly")

// request and reply are what crosses the pipes.
type request struct {
	Op       string          `json:"op"`
	Body     json.RawMessage `json:"body"`
	Settings settings        `json:"settings"`
}

type settings struct {
	Memory  int64  `json:"memory"`
	Disk    int64  `json:"disk"`
	Threads int    `json:"threads"`
	Work    string `json:"work"`
}

type reply struct {
	// Kind is progress, part, done or error.
	Kind     string          `json:"kind"`
	Progress *Progress       `json:"progress,omitempty"`
	Body     json.RawMessage `json:"body,omitempty"`
	Error    string          `json:"error,omitempty"`
	Input    *InputError     `json:"input,omitempty"`
	SQL      *SQLError       `json:"sql,omitempty"`
}

// drop ends the current child; the caller holds the lock.
func (e *Engine) drop() {
	if e.child != nil {
		e.child.Kill()
		e.child = nil
	}
}

// ready makes sure that a child runs that may read the given files.
func (e *Engine) ready(read []string) error {
	if e.closed {
		return errors.New("population: the engine is closed")
	}
	for i, path := range read {
		abs, err := filepath.Abs(path)
		if err != nil {
			return err
		}
		read[i] = abs
		if _, err := os.Stat(abs); err != nil {
			return &InputError{File: path, Problem: "the file cannot be opened: " + plain(err), Remedy: "check the path and its permissions"}
		}
	}
	if e.child != nil {
		covered := true
		for _, path := range read {
			covered = covered && slices.Contains(e.read, path)
		}
		if covered {
			return nil
		}
		e.drop()
	}
	work, err := e.dir.Sub("work")
	if err != nil {
		return err
	}
	child, err := sandbox.Start(e.opts.Command, sandbox.Policy{Read: read, Write: []string{work}})
	if err != nil {
		return err
	}
	e.child, e.read, e.work = child, read, work
	return nil
}

// call asks the child one question. part, if set, receives the parts of a
// streamed answer; finish, if set, runs before the next call may begin.
func (e *Engine) call(ctx context.Context, op string, read []string, body, answer any, part func(json.RawMessage) error, finish func(work string) error) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.opts.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, e.opts.Timeout)
		defer cancel()
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("population: %s: %w", op, err)
	}
	if err := e.ready(read); err != nil {
		return err
	}
	raw, err := json.Marshal(body)
	if err != nil {
		return err
	}
	child := e.child
	done := make(chan error, 1)
	hear, _ := ctx.Value(progressKey{}).(func(Progress))
	go func() {
		done <- e.converse(child, hear, request{Op: op, Body: raw, Settings: settings{
			Memory: e.opts.MemoryLimit, Disk: e.opts.DiskLimit, Threads: e.opts.Threads, Work: e.work,
		}}, answer, part)
	}()
	select {
	case err = <-done:
	case <-ctx.Done():
		child.Kill()
		<-done
		e.child = nil
		why := ctx.Err()
		if errors.Is(why, context.DeadlineExceeded) && e.opts.Timeout > 0 {
			return fmt.Errorf("population: %s did not end within %s: %w: %w; simplify the question or allow more time", op, e.opts.Timeout, ErrStopped, why)
		}
		return fmt.Errorf("population: %s: %w: %w", op, ErrStopped, why)
	}
	var broken *brokenPipe
	if errors.As(err, &broken) {
		child.Kill()
		e.child = nil
		return fmt.Errorf("population: %s: %w (%s): it may have needed more memory than the limit of %d MiB; raise the limit or simplify the question", op, ErrCrashed, child.Exit(), e.opts.MemoryLimit>>20)
	}
	var stop *partError
	if errors.As(err, &stop) {
		e.drop() // the rest of the answer is not wanted
		return stop.err
	}
	if err == nil && finish != nil {
		err = finish(e.work)
	}
	return err
}

// brokenPipe reports that the conversation ended in the middle.
type brokenPipe struct{ err error }

func (b *brokenPipe) Error() string { return "the engine's pipe broke: " + b.err.Error() }

// partError carries the caller's own error out of the conversation.
type partError struct{ err error }

func (p *partError) Error() string { return p.err.Error() }

func (e *Engine) converse(child *sandbox.Child, hear func(Progress), q request, answer any, part func(json.RawMessage) error) error {
	if err := frame.Write(child.In, q); err != nil {
		if errors.Is(err, frame.ErrTooLarge) {
			return err
		}
		return &brokenPipe{err}
	}
	for {
		var r reply
		if err := frame.Read(child.Out, &r); err != nil {
			if err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			return &brokenPipe{err}
		}
		switch r.Kind {
		case "progress":
			if e.opts.Progress != nil && r.Progress != nil {
				e.opts.Progress(*r.Progress)
			}
			if hear != nil && r.Progress != nil {
				hear(*r.Progress)
			}
		case "part":
			if err := part(r.Body); err != nil {
				return &partError{err}
			}
		case "done":
			return json.Unmarshal(r.Body, answer)
		case "error":
			switch {
			case r.Input != nil:
				return r.Input
			case r.SQL != nil:
				return r.SQL
			}
			return errors.New("population: " + r.Error)
		default:
			return &brokenPipe{fmt.Errorf("unknown reply %q", r.Kind)}
		}
	}
}

func plain(err error) string {
	var p *os.PathError
	if errors.As(err, &p) {
		return p.Err.Error()
	}
	return err.Error()
}
