package typst

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
)

// instance is one running compiler with its fonts loaded and its caches warm.
// After any error other than a *CompileError it must not be used again: a trap
// leaves the module's memory in the middle of something.
type instance struct {
	host     *host
	compiler uint64 // pointer to the TypstCompiler in the module's memory
}

// fullDiagnostics is the compiler's code for diagnostics as objects.
const fullDiagnostics = 3

func newInstance(ctx context.Context, rt wazero.Runtime, compiled wazero.CompiledModule, fonts [][]byte) (*instance, error) {
	h := newHost()
	ctx = withHost(ctx, h)
	// An anonymous name permits another instance while an old one still closes.
	config := wazero.NewModuleConfig().WithName("").WithStartFunctions()
	module, err := rt.InstantiateModule(withOwnMemory(ctx), compiled, config)
	if err != nil {
		return nil, fmt.Errorf("typst: starting the compiler: %w", err)
	}
	h.module = module
	in := &instance{host: h}
	if err := in.build(ctx, fonts); err != nil {
		return nil, errors.Join(in.explain("loading fonts", err), module.Close(context.WithoutCancel(ctx)))
	}
	return in, nil
}

// noFile answers every question about a file outside the job. The compiler
// reports it to the template's author as a file that may not be read.
var noFile = &function{call: func(context.Context, []any) any { return &exception{"no such file in this job"} }}

// noPackage answers for every package of the Typst registry: it is not there.
var noPackage = &function{call: func(context.Context, []any) any { return undefined{} }}

// build follows TypstCompilerBuilder of the package's JavaScript: no access to
// files but those of a job, no packages, the given fonts.
func (in *instance) build(ctx context.Context, fonts [][]byte) error {
	h := in.host
	if h.module.ExportedFunction("__wbindgen_start") != nil {
		if _, err := h.invoke(ctx, "__wbindgen_start"); err != nil {
			return err
		}
	}
	ret, err := in.withResult(ctx, func(ret uint64) error {
		_, err := h.invoke(ctx, "typstcompilerbuilder_new", ret)
		return err
	})
	if err != nil {
		return err
	}
	if ret[2] != 0 {
		return errors.New(describe(h.take(uint64(ret[1]))))
	}
	builder := uint64(ret[0])
	p, err := h.invoke(ctx, "typstcompilerbuilder_set_access_model", builder, h.add(undefined{}),
		h.add(noFile), h.add(noFile), h.add(noFile), h.add(noFile))
	if err != nil {
		return err
	}
	if _, err := in.await(ctx, p); err != nil {
		return err
	}
	p, err = h.invoke(ctx, "typstcompilerbuilder_set_package_registry", builder, h.add(undefined{}), h.add(noPackage))
	if err != nil {
		return err
	}
	if _, err := in.await(ctx, p); err != nil {
		return err
	}
	for i, font := range fonts {
		p, err := h.invoke(ctx, "typstcompilerbuilder_add_raw_font", builder, h.add(&byteArray{font}))
		if err != nil {
			return err
		}
		if _, err := in.await(ctx, p); err != nil {
			return fmt.Errorf("font %d of %d: %w", i+1, len(fonts), err)
		}
	}
	p, err = h.invoke(ctx, "typstcompilerbuilder_build", builder)
	if err != nil {
		return err
	}
	v, err := in.await(ctx, p)
	if err != nil {
		return err
	}
	compiler, ok := v.(handle)
	if !ok {
		return fmt.Errorf("the compiler is %s, not a pointer", describe(v))
	}
	in.compiler = uint64(compiler)
	return nil
}

// compile replaces all files and typesets. Sources are passed in sorted order
// so that the compiler numbers them alike every time.
func (in *instance) compile(ctx context.Context, job Job) (pdf []byte, err error) {
	ctx = withHost(ctx, in.host)
	h := in.host
	h.console = nil
	defer func() {
		if r := recover(); r != nil {
			err = asError(r)
		}
		var wrong *CompileError
		if err != nil && !errors.As(err, &wrong) {
			err = in.explain("typesetting "+job.Main, err)
		}
	}()

	if _, err := h.invoke(ctx, "typstcompiler_reset_shadow", in.compiler); err != nil {
		return nil, err
	}
	for _, name := range sortedKeys(job.Files) {
		if err := in.mapFile(ctx, name, job.Files[name]); err != nil {
			return nil, err
		}
	}

	ret, err := in.withResult(ctx, func(ret uint64) error {
		mainPtr, mainLen, err := h.pass(ctx, []byte("/"+job.Main))
		if err != nil {
			return err
		}
		fmtPtr, fmtLen, err := h.pass(ctx, []byte("pdf"))
		if err != nil {
			return err
		}
		const noInputs = 0
		_, err = h.invoke(ctx, "typstcompiler_compile", ret, in.compiler, mainPtr, mainLen, noInputs, noInputs, fmtPtr, fmtLen, fullDiagnostics)
		return err
	})
	if err != nil {
		return nil, err
	}
	if err := h.drain(ctx); err != nil {
		return nil, err
	}
	if ret[2] != 0 {
		return nil, errors.New(describe(h.take(uint64(ret[1]))))
	}
	return readResult(h.take(uint64(ret[0])))
}

// readResult takes apart what the compiler returned: the document, or an
// object with result and diagnostics.
func readResult(v any) ([]byte, error) {
	switch v := v.(type) {
	case *byteArray:
		return v.bytes, nil
	case *object:
		if doc, ok := v.fields["result"].(*byteArray); ok {
			return doc.bytes, nil
		}
		diagnostics := readDiagnostics(v.fields["diagnostics"])
		if len(diagnostics) == 0 {
			diagnostics = []Diagnostic{{Severity: "error", Message: "the compiler gave neither a document nor a reason"}}
		}
		return nil, &CompileError{Diagnostics: diagnostics}
	}
	return nil, fmt.Errorf("the compiler returned %s instead of a document", describe(v))
}

func (in *instance) mapFile(ctx context.Context, name string, content []byte) error {
	h := in.host
	namePtr, nameLen, err := h.pass(ctx, []byte("/"+name))
	if err != nil {
		return err
	}
	ptr, size, err := h.pass(ctx, content)
	if err != nil {
		return err
	}
	ok, err := h.invoke(ctx, "typstcompiler_map_shadow", in.compiler, namePtr, nameLen, ptr, size)
	if err != nil {
		return err
	}
	if ok == 0 {
		return fmt.Errorf("the compiler refused the file %q", name)
	}
	return nil
}

// withResult reserves the place where a function returns up to three words.
func (in *instance) withResult(ctx context.Context, f func(ret uint64) error) (words [3]uint32, err error) {
	const size = 16
	ret, err := in.host.invoke(ctx, exportStack, api.EncodeI32(-size))
	if err != nil {
		return words, err
	}
	if err := f(ret); err != nil {
		return words, err
	}
	for i := range words {
		w, ok := in.host.module.Memory().ReadUint32Le(uint32(ret) + uint32(4*i))
		if !ok {
			return words, errors.New("the compiler's stack lies outside its memory")
		}
		words[i] = w
	}
	_, err = in.host.invoke(ctx, exportStack, size)
	return words, err
}

// await runs the task queue until the promise at an index is settled.
func (in *instance) await(ctx context.Context, index uint64) (any, error) {
	p, ok := in.host.take(index).(*promise)
	if !ok {
		return nil, errors.New("the compiler returned no promise")
	}
	if err := in.host.drain(ctx); err != nil {
		return nil, err
	}
	switch {
	case !p.settled:
		return nil, errors.New("the compiler waits for something that never comes")
	case p.rejected:
		return nil, errors.New(describe(p.value))
	}
	return p.value, nil
}

// explain adds what the compiler wrote to its console, which for a panic is
// its message and place. wazero's stack trace is of no use to a reader.
func (in *instance) explain(doing string, err error) error {
	reason := err.Error()
	if i := strings.Index(reason, "\nwasm stack trace:"); i >= 0 {
		reason = reason[:i]
	}
	if n := len(in.host.console); n > 0 {
		reason += ": " + strings.TrimSpace(in.host.console[n-1])
	}
	return &engineError{doing: doing, reason: reason, cause: err}
}

// memory returns the size of the module's memory in bytes. It only ever grows.
func (in *instance) memory() uint64 { return uint64(in.host.module.Memory().Size()) }

func (in *instance) close(ctx context.Context) error {
	return in.host.module.Close(context.WithoutCancel(ctx))
}

// engineError is a failure of the compiler itself. It hides wazero's traces
// but keeps the cause for errors.Is.
type engineError struct {
	doing, reason string
	cause         error
}

func (e *engineError) Error() string { return "typst: " + e.doing + ": " + e.reason }
func (e *engineError) Unwrap() error { return e.cause }

func sortedKeys(m map[string][]byte) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
