package population

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
	"syscall"
	"time"

	"reperform/population/duck"
	"reperform/population/frame"
	"reperform/population/guard"
	"reperform/population/sandbox"
)

// ServeChild answers questions from in on out until in ends. It is what the
// hidden command of the child process calls, with standard input and output;
// nothing else may write to out.
func ServeChild(ctx context.Context, in io.Reader, out io.Writer) error {
	c := &childServer{out: out}
	for ctx.Err() == nil {
		var q request
		if err := frame.Read(in, &q); err != nil {
			if err == io.EOF {
				return nil
			}
			return err
		}
		if !c.limited {
			// Beside the database's memory: the Go runtime, the readers and the
			// engine's own overhead.
			if err := sandbox.Limit(q.Settings.Disk, q.Settings.Memory+1<<30); err != nil {
				return err
			}
			c.limited = true
		}
		c.settings = q.Settings
		answer, err := c.answer(q)
		if err != nil {
			err = c.send(errorReply(err))
		} else {
			var body json.RawMessage
			if body, err = json.Marshal(answer); err != nil {
				return err
			}
			err = c.send(reply{Kind: "done", Body: body})
		}
		if err != nil {
			return err
		}
	}
	return ctx.Err()
}

func errorReply(err error) reply {
	var input *InputError
	var sql *SQLError
	switch {
	case errors.As(err, &input):
		return reply{Kind: "error", Input: input}
	case errors.As(err, &sql):
		return reply{Kind: "error", SQL: sql}
	}
	return reply{Kind: "error", Error: err.Error()}
}

// childServer is the state of one child process.
type childServer struct {
	mu       sync.Mutex
	out      io.Writer
	limited  bool
	settings settings
	rules    guard.Rules // the engine's functions, read once
}

func (c *childServer) send(r reply) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return frame.Write(c.out, r)
}

func (c *childServer) part(v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return c.send(reply{Kind: "part", Body: body})
}

// ticker sends progress at most a few times a second.
type ticker struct {
	c     *childServer
	stage string
	last  time.Time
}

func (t *ticker) tick(percent float64, rows int64) {
	if now := time.Now(); now.Sub(t.last) > 200*time.Millisecond {
		t.last = now
		_ = t.c.send(reply{Kind: "progress", Progress: &Progress{Stage: t.stage, Percent: percent, Rows: rows}})
	}
}

func (c *childServer) answer(q request) (answer any, err error) {
	defer func() {
		// A defect in one question is an answer too, not the end of the child.
		if p := recover(); p != nil {
			err = fmt.Errorf("internal error while answering %s: %v", q.Op, p)
		}
	}()
	switch q.Op {
	case "detect":
		return handle(q, c.detect)
	case "import":
		return handle(q, c.importSource)
	case "hash":
		return handle(q, c.rehash)
	case "evaluate":
		return handle(q, c.evaluate)
	case "derive":
		return handle(q, c.derive)
	case "preview":
		return handle(q, c.preview)
	case "check":
		return handle(q, c.check)
	case "profile":
		return handle(q, c.profile)
	case "keys":
		return handle(q, c.keys)
	case "rows":
		return handle(q, c.rows)
	case "outcomes":
		return handle(q, c.outcomes)
	}
	return nil, fmt.Errorf("unknown question %q: parent and child are not the same program", q.Op)
}

func handle[Q, A any](q request, f func(Q) (A, error)) (any, error) {
	var body Q
	if err := json.Unmarshal(q.Body, &body); err != nil {
		return nil, err
	}
	return f(body)
}

// open starts a database for trusted statements: those that this package
// writes. It may read and write files as far as the fence allows.
func (c *childServer) open(zone string) (*duck.DB, error) {
	db, err := duck.Open()
	if err != nil {
		return nil, err
	}
	// Progress is asked for and never printed, because standard output is the
	// pipe; with the engine's default, 1/0 > 5 would be true.
	err = db.Exec(fmt.Sprintf(`
		SET threads=%d;
		SET memory_limit='%dB';
		SET temp_directory=%s;
		SET max_temp_directory_size='%dB';
		SET autoinstall_known_extensions=false;
		SET autoload_known_extensions=false;
		SET allow_community_extensions=false;
		SET preserve_insertion_order=true;
		SET enable_progress_bar_print=false;
		SET enable_progress_bar=true;
		SET ieee_floating_point_ops=false;`,
		c.settings.Threads, c.settings.Memory, duck.Literal(c.settings.Work), c.settings.Disk))
	if err != nil {
		db.Close()
		return nil, err
	}
	if zone == "" {
		zone = "UTC"
	}
	if err := db.Exec("SET TimeZone=" + duck.Literal(zone)); err != nil {
		db.Close()
		return nil, &InputError{File: "zone", Value: zone, Problem: "the time zone is not known", Remedy: "use an IANA name such as Europe/Amsterdam"}
	}
	return db, nil
}

// engineVersion is the version that records carry.
func engineVersion(db *duck.DB) (string, error) {
	row, err := db.One("SELECT library_version FROM pragma_version()")
	if err != nil {
		return "", err
	}
	return "duckdb " + row[0], nil
}

// storage turns the system's refusals to write into one clear error.
func storage(err error, where string) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EFBIG) || errors.Is(err, syscall.EDQUOT) || diskFullText(err.Error()) {
		return &InputError{File: where, Problem: "there is no space left to write to", Remedy: "free space or name another temporary directory; nothing was kept", Machine: true}
	}
	return err
}
