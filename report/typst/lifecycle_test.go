package typst

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"
)

// slowJobs would each run for many seconds, in different parts of the compiler.
var slowJobs = map[string]string{
	"line breaking": "#set page(width: auto, height: auto)\n#(\"word and more \" * 12000)",
	"closures":      "#for i in range(3000) { let _ = range(20000).map(x => x * 2).filter(x => x > 3).sum() }",
	"loops":         "#let s = 0\n#for i in range(3000) { for x in range(20000) { s += x } }\n#s",
	"pages":         "#for i in range(6000) [= Heading #i\n#lorem(400)\n#pagebreak()]",
}

func TestEndOfContextStopsTheWork(t *testing.T) {
	e := engine(t)
	for name, source := range slowJobs {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
			defer cancel()
			start := time.Now()
			_, err := e.Compile(ctx, Job{Main: "main.typ", Files: map[string][]byte{"main.typ": []byte(source)}})
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("got %v, want the deadline's error", err)
			}
			if late := time.Since(start) - 300*time.Millisecond; late > 2*time.Second {
				t.Errorf("stopped %v after the deadline", late)
			}
			mustCompile(t, map[string]string{"main.typ": "The engine serves the next caller."})
		})
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := e.Compile(ctx, Job{Main: "a", Files: map[string][]byte{"a": nil}}); !errors.Is(err, context.Canceled) {
		t.Errorf("with a context that has ended: %v, want its error", err)
	}
}

func TestManyCallersAtOnce(t *testing.T) {
	e := engine(t)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			word := strings.Repeat(string(rune('a'+i)), 5)
			pdf, err := e.Compile(t.Context(), Job{Main: "main.typ", Files: map[string][]byte{"main.typ": []byte(word)}})
			if err != nil {
				t.Error(err)
				return
			}
			if got := text(t, pdf); got != word+" " && got != word {
				t.Errorf("asked for %q, got %q", word, got)
			}
		})
	}
	wg.Wait()
}

// A job's files must not be there for the next job.
func TestJobsDoNotSeeEachOther(t *testing.T) {
	mustCompile(t, map[string]string{"main.typ": "#read(\"secret.txt\")", "secret.txt": "secret"})
	if _, err := compile(t, map[string]string{"main.typ": "#read(\"secret.txt\")"}); err == nil {
		t.Error("the second job read the first one's file")
	}
	pdf := mustCompile(t, map[string]string{"main.typ": "#read(\"secret.txt\")", "secret.txt": "public"})
	if got := text(t, pdf); got != "public" {
		t.Errorf("read %q, want the new content", got)
	}
}

func TestMemoryIsBounded(t *testing.T) {
	const limit = 24 << 20
	e, err := Open(t.Context(), Options{MemoryLimit: limit})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close(t.Context())
	restarts := 0
	for i := range 20 {
		source := "#set text(font: \"IBM Plex Serif\")\n" + strings.Repeat("A paragraph of words, number "+strings.Repeat("x", i)+".\n\n", 300)
		if _, err := e.Compile(t.Context(), Job{Main: "main.typ", Files: map[string][]byte{"main.typ": []byte(source)}}); err != nil {
			t.Fatal(err)
		}
		if e.running == nil {
			restarts++
		} else if e.running.memory() > limit {
			t.Errorf("after document %d the compiler holds %d bytes, above the limit %d", i, e.running.memory(), limit)
		}
	}
	if restarts == 0 {
		t.Error("twenty documents never reached the limit: this test tests nothing, lower the limit")
	}
}

func TestClose(t *testing.T) {
	e, err := Open(t.Context(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := e.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := e.Compile(t.Context(), Job{Main: "a", Files: map[string][]byte{"a": nil}}); !errors.Is(err, ErrClosed) {
		t.Errorf("after Close: %v, want ErrClosed", err)
	}
	if err := e.Trim(t.Context()); err != nil {
		t.Errorf("Trim after Close: %v", err)
	}
}

func TestProgressIsTold(t *testing.T) {
	var stages []string
	e, err := Open(t.Context(), Options{Progress: func(s string) { stages = append(stages, s) }})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close(t.Context())
	if len(stages) < 3 || stages[0] != StageUnpack || stages[len(stages)-1] != StageReady {
		t.Errorf("stages are %q", stages)
	}
}

func TestJobsAreChecked(t *testing.T) {
	for name, job := range map[string]Job{
		"no main":  {Main: "main.typ", Files: map[string][]byte{"other.typ": nil}},
		"upwards":  {Main: "../main.typ", Files: map[string][]byte{"../main.typ": nil}},
		"absolute": {Main: "/main.typ", Files: map[string][]byte{"/main.typ": nil}},
		"empty":    {},
	} {
		if _, err := engine(t).Compile(t.Context(), job); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
