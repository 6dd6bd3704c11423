// Package sandbox starts the engine's child process and fences it in: its own
// process group, an empty environment, death with its parent, resource limits,
// a private directory for temporary files, and where the kernel offers it
// (Landlock) no access to any file but those named. Landlock is a second wall
// and never required; the package says what is in force. It knows nothing of
// what the child does.
package sandbox

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
)

// Policy says what the child may touch.
type Policy struct {
	// Read names files that the child may read, Write directories in which it
	// may create, read, change and remove files.
	Read, Write []string
}

// Child is a running child process.
type Child struct {
	// In and Out are the child's standard input and output.
	In  io.WriteCloser
	Out io.ReadCloser
	// Fenced says whether Landlock is in force.
	Fenced bool

	cmd    *exec.Cmd
	done   chan struct{}
	err    error
	stderr head
}

// Start runs a command under a policy.
func Start(command []string, policy Policy) (*Child, error) {
	if len(command) == 0 {
		return nil, errors.New("sandbox: no command to start")
	}
	c := &Child{done: make(chan struct{})}
	c.cmd = exec.Command(command[0], command[1:]...)
	c.cmd.Env = []string{}
	c.cmd.Dir = "/"
	c.cmd.Stderr = &c.stderr
	prepare(c.cmd)
	var err error
	if c.In, err = c.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	// The pipe is made by hand, because Wait would close one of exec's making
	// while its last frames are still unread.
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	c.Out, c.cmd.Stdout = r, w
	started := make(chan error, 1)
	go func() {
		// The thread that starts the child stays its parent: the kernel's parent
		// death signal is sent when that thread ends, and Landlock binds the
		// thread and what it starts. It is locked and never given back.
		runtime.LockOSThread()
		fenced, err := fence(command[0], policy)
		if err == nil {
			c.Fenced = fenced
			err = c.cmd.Start()
		}
		w.Close()
		started <- err
		if err != nil {
			return
		}
		c.err = c.cmd.Wait()
		close(c.done)
	}()
	if err := <-started; err != nil {
		r.Close()
		return nil, fmt.Errorf("sandbox: cannot start %s: %w", command[0], err)
	}
	return c, nil
}

// Kill ends the child and everything it started, and waits for its end.
func (c *Child) Kill() {
	kill(c.cmd)
	<-c.done
	c.Out.Close()
}

// Stop closes the child's input, which asks it to end, and waits for that.
func (c *Child) Stop() error {
	c.In.Close()
	<-c.done
	c.Out.Close()
	return c.err
}

// Exit waits for the child's end and says how it ended.
func (c *Child) Exit() string {
	<-c.done
	text := "it ended"
	if c.err != nil {
		text = c.err.Error()
	}
	if last := c.stderr.String(); last != "" {
		text += ": " + firstLines(last)
	}
	return text
}

// head keeps the beginning and forgets the rest of what a child writes to its
// standard error; a crash names its cause in the first lines.
type head struct {
	mu  sync.Mutex
	buf []byte
}

func (t *head) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if room := 4096 - len(t.buf); room > 0 {
		t.buf = append(t.buf, p[:min(room, len(p))]...)
	}
	return len(p), nil
}

func (t *head) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.buf)
}

// firstLines cuts a crash report to what a person can use.
func firstLines(s string) string {
	lines := strings.SplitN(s, "\n", 3)
	s = strings.TrimSpace(strings.Join(lines[:min(2, len(lines))], " "))
	return s[:min(len(s), 300)]
}
