package typst

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/experimental"
)

// Stages of Open, as passed to Options.Progress.
const (
	StageUnpack  = "unpacking the typesetter"
	StageCompile = "preparing the typesetter (up to half a minute, once on this machine)"
	StageUnkept  = "preparing the typesetter (up to half a minute each time: there is no folder to keep it in; name one in $REPERFORM_CACHE)"
	StageLoad    = "loading the prepared typesetter"
	StageStart   = "starting the typesetter and loading fonts"
	StageReady   = "the typesetter is ready"
)

// DefaultMemoryLimit is the memory above which an instance is given up after a
// document, in bytes. The compiler keeps what it has laid out, for the next
// draft, and forgets little: 130 pages take about 240 MB, an edited draft of
// them hardly more, other 130 pages another 190 MB.
const DefaultMemoryLimit = 1 << 30

// hardMemoryPages caps the module's memory during one document: 3.5 GiB in
// pages of 64 KiB. Beyond it the compile fails with an error.
const hardMemoryPages = 56 << 10

// Options configure an Engine. The zero value is good.
type Options struct {
	// CacheDir keeps the machine code of the compiler between runs, about
	// 100 MB. Empty means wazero in $REPERFORM_CACHE, or, without that,
	// reperform/wazero in the user's cache directory. A directory may serve several processes. Whoever can write to it can run
	// code in this process, so it must belong to the user who runs it.
	CacheDir string
	// Fonts are OpenType, TrueType or WOFF 1.0 files added to the vendored
	// ones. They are part of what determines a document's bytes.
	Fonts [][]byte
	// MemoryLimit is the size of the compiler's memory, in bytes, above which
	// it is given up after a document; the next one starts cold. Zero means
	// DefaultMemoryLimit.
	MemoryLimit uint64
	// Progress, where set, hears of each stage of Open, on Open's goroutine.
	Progress func(stage string)
}

// Job is one document to typeset.
type Job struct {
	// Main is the path of the template to start from, one of Files.
	Main string
	// Files are all the files that the document may read: templates, data,
	// images. Keys are slash-separated relative paths, as in "data/report.json",
	// which a template names "/data/report.json" or relative to itself.
	Files map[string][]byte
}

// Engine typesets documents. It is safe for concurrent use; documents are
// typeset one at a time.
type Engine struct {
	// turn is held by whoever uses the fields below. A channel, because waiting
	// for it must end with the caller's context.
	turn chan struct{}

	cache       wazero.CompilationCache
	runtime     wazero.Runtime
	compiled    wazero.CompiledModule
	fonts       [][]byte
	memoryLimit uint64
	running     *instance // nil until needed, and after a failure
	closed      bool
}

// ErrClosed is returned by Compile after Close.
var ErrClosed = errors.New("typst: the engine is closed")

// Open prepares the compiler: the first time on a machine it is translated to
// machine code, which takes about 15 seconds of processor time, later it is read
// from Options.CacheDir in half a second. ctx does not interrupt the translation;
// a server opens in the background.
func Open(ctx context.Context, o Options) (*Engine, error) {
	progress := o.Progress
	if progress == nil {
		progress = func(string) {}
	}
	dir, err := cacheDir(o.CacheDir)
	if err != nil {
		return nil, err
	}
	fonts, err := Fonts()
	if err != nil {
		return nil, err
	}
	for i, f := range o.Fonts {
		font, err := openFont(f)
		if err != nil {
			return nil, fmt.Errorf("typst: font %d of Options.Fonts: %w", i+1, err)
		}
		fonts = append(fonts, font)
	}

	progress(StageUnpack)
	wasm, err := unpackModule()
	if err != nil {
		return nil, err
	}
	switch {
	case dir == "":
		progress(StageUnkept)
	case isWarm(dir):
		progress(StageLoad)
	default:
		progress(StageCompile)
	}
	e := &Engine{turn: make(chan struct{}, 1), fonts: fonts, memoryLimit: o.MemoryLimit}
	if e.memoryLimit == 0 {
		e.memoryLimit = DefaultMemoryLimit
	}
	if err := e.prepare(ctx, dir, wasm); err != nil {
		return nil, errors.Join(err, e.Close(ctx))
	}
	progress(StageStart)
	if e.running, err = newInstance(ctx, e.runtime, e.compiled, e.fonts); err != nil {
		return nil, errors.Join(err, e.Close(ctx))
	}
	progress(StageReady)
	return e, nil
}

func (e *Engine) prepare(ctx context.Context, dir string, wasm []byte) (err error) {
	if dir == "" {
		e.cache = wazero.NewCompilationCache()
	} else if e.cache, err = wazero.NewCompilationCacheWithDir(dir); err != nil {
		return fmt.Errorf("typst: cache directory %s: %w", dir, err)
	}
	config := wazero.NewRuntimeConfig().
		WithCompilationCache(e.cache).
		WithMemoryLimitPages(hardMemoryPages)
	e.runtime = wazero.NewRuntimeWithConfig(ctx, config)
	if e.compiled, err = e.runtime.CompileModule(withCheckpoints(experimental.WithCompilationWorkers(ctx, runtime.GOMAXPROCS(0))), wasm); err != nil {
		return fmt.Errorf("typst: preparing the compiler: %w", err)
	}
	return link(ctx, e.runtime, e.compiled)
}

// Compile typesets one document and returns it as a tagged PDF. Its dates are
// those of a clock that stands at the beginning of 1970, unless the template
// sets others; Finish replaces them. A mistake in the template or its data is a
// *CompileError; the end of ctx stops the work within a fraction of a second and
// gives ctx's error; anything else is a failure of the compiler. None of them
// spoils the engine for the next caller.
func (e *Engine) Compile(ctx context.Context, job Job) ([]byte, error) {
	if err := job.check(); err != nil {
		return nil, err
	}
	if err := e.acquire(ctx); err != nil {
		return nil, err
	}
	defer e.release()
	if e.closed {
		return nil, ErrClosed
	}
	if e.running == nil {
		in, err := newInstance(ctx, e.runtime, e.compiled, e.fonts)
		if err != nil {
			return nil, stopped(ctx, err)
		}
		e.running = in
	}
	pdf, err := e.running.compile(ctx, job)
	var wrong *CompileError
	spoiled := err != nil && !errors.As(err, &wrong)
	if spoiled || e.running.memory() > e.memoryLimit {
		err = errors.Join(err, e.drop(ctx))
	}
	if err != nil {
		return nil, stopped(ctx, err)
	}
	return pdf, nil
}

// Trim gives the compiler's memory back to the system; the next Compile starts
// cold. It is for a server that has been idle.
func (e *Engine) Trim(ctx context.Context) error {
	if err := e.acquire(ctx); err != nil {
		return err
	}
	defer e.release()
	return e.drop(ctx)
}

// Close ends the engine and frees its memory. It waits for a running Compile,
// and may be called twice.
func (e *Engine) Close(ctx context.Context) error {
	e.turn <- struct{}{}
	defer e.release()
	if e.closed {
		return nil
	}
	e.closed = true
	ctx = context.WithoutCancel(ctx)
	err := e.drop(ctx)
	if e.runtime != nil {
		err = errors.Join(err, e.runtime.Close(ctx))
	}
	if e.cache != nil {
		err = errors.Join(err, e.cache.Close(ctx))
	}
	e.runtime, e.cache, e.compiled, e.fonts = nil, nil, nil, nil
	return err
}

func (e *Engine) acquire(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case e.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (e *Engine) release() { <-e.turn }

func (e *Engine) drop(ctx context.Context) error {
	if e.running == nil {
		return nil
	}
	in := e.running
	e.running = nil
	return in.close(ctx)
}

// stopped prefers the context's error over the broken-off call's.
func stopped(ctx context.Context, err error) error {
	if ctxErr := ctx.Err(); ctxErr != nil {
		return fmt.Errorf("typst: typesetting was stopped: %w", ctxErr)
	}
	return err
}

func (j Job) check() error {
	if _, ok := j.Files[j.Main]; !ok {
		return fmt.Errorf("typst: the main file %q is not among the job's files", j.Main)
	}
	for name := range j.Files {
		if !fs.ValidPath(name) || name == "." {
			return fmt.Errorf("typst: %q is not a file name for a job; it must be a relative path with slashes and no dot elements", name)
		}
	}
	return nil
}

// cacheDir is where the translated compiler is kept. A folder that somebody
// named must be usable; without one, and where the user has none that can be
// written to, as a stranger's account may not, the answer is empty and nothing
// is kept.
func cacheDir(dir string) (string, error) {
	if shared := os.Getenv("REPERFORM_CACHE"); dir == "" && shared != "" {
		dir = filepath.Join(shared, "wazero")
	}
	if dir != "" {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return "", fmt.Errorf("typst: the compiler's cache has no place: %w; name a folder that can be written in $REPERFORM_CACHE", err)
		}
		return dir, nil
	}
	user, err := os.UserCacheDir()
	if err != nil {
		return "", nil
	}
	dir = filepath.Join(user, "reperform", "wazero")
	if os.MkdirAll(dir, 0o700) != nil || !isWarm(dir) && !writable(dir) {
		return "", nil
	}
	return dir, nil
}

func writable(dir string) bool {
	f, err := os.CreateTemp(dir, ".writable-*")
	if err != nil {
		return false
	}
	return errors.Join(f.Close(), os.Remove(f.Name())) == nil
}

// isWarm guesses, for the sake of the progress message alone, whether dir
// holds the compiler already: its machine code is the only file so large.
func isWarm(dir string) bool {
	const large = 32 << 20
	warm := false
	_ = filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return nil
		}
		if info, err := d.Info(); err == nil && info.Size() > large {
			warm = true
			return filepath.SkipAll
		}
		return nil
	})
	return warm
}
