package main

import (
	"fmt"
	"os"
	"time"

	"golang.org/x/term"

	"reperform/app"
)

// progressLine shows long work on a terminal, and nothing in a pipe.
type progressLine struct {
	last  time.Time
	stage string
	shown bool
}

func (c *cli) showProgress(p app.Progress) {
	f, ok := c.err.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return
	}
	if c.progress == nil {
		c.progress = &progressLine{}
	}
	l := c.progress
	if p.Stage == l.stage && time.Since(l.last) < 100*time.Millisecond {
		return
	}
	l.stage, l.last, l.shown = p.Stage, time.Now(), true
	text := p.Stage
	if p.Total > 0 {
		text += fmt.Sprintf(" %d%%", 100*p.Done/p.Total)
	} else if p.Done > 0 {
		text += fmt.Sprintf(" %d", p.Done)
	}
	fmt.Fprintf(c.err, "\r\x1b[K%s", text)
}

func (c *cli) endProgress() {
	if c.progress != nil && c.progress.shown {
		fmt.Fprint(c.err, "\r\x1b[K")
		c.progress.shown = false
	}
}
