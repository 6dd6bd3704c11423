package typst

import (
	"context"
	"errors"
	"fmt"

	"github.com/tetratelabs/wazero/api"
)

// The compiler was built for a JavaScript host with wasm-bindgen: it refers to
// the host's objects by their index in a table, its "heap". The types below
// are the few kinds of JavaScript values that Typst's compiler makes use of.
// Booleans, numbers and strings are Go's bool, float64 and string.
type (
	undefined struct{}
	null      struct{}
	bigint    int64
	// handle is a pointer into the compiler's memory wrapped in an object.
	handle    uint32
	byteArray struct{ bytes []byte }
	array     struct{ items []any }
	object    struct{ fields map[string]any }
	exception struct{ message string }
	// function is callable from inside the module. A result of type *exception
	// is thrown. release, where set, drops the reference that the module holds
	// on a closure of its own.
	function struct {
		call    func(ctx context.Context, args []any) any
		release func(ctx context.Context)
	}
)

// promise is settled at most once; its reactions run from the task queue,
// never at once, as JavaScript has it.
type promise struct {
	settled, rejected bool
	value             any
	reactions         []*function
}

// firstDynamic is the first index for objects made while running. wasm-bindgen
// reserves 128 places for a stack that this module does not use, and four
// for undefined, null, true and false.
const firstDynamic = 132

// maxConsoleLines bounds what the compiler can make us keep of its complaints.
const maxConsoleLines = 50

// host is the JavaScript side of one instance of the compiler.
type host struct {
	module  api.Module
	heap    []any
	free    []uint32
	tasks   []func(ctx context.Context)
	console []string
}

func newHost() *host {
	h := &host{heap: make([]any, 128, 256)}
	for i := range h.heap {
		h.heap[i] = undefined{}
	}
	h.heap = append(h.heap, undefined{}, null{}, true, false)
	return h
}

// add stores a value and returns its index.
func (h *host) add(v any) uint64 {
	if n := len(h.free); n > 0 {
		i := h.free[n-1]
		h.free = h.free[:n-1]
		h.heap[i] = v
		return uint64(i)
	}
	h.heap = append(h.heap, v)
	return uint64(len(h.heap) - 1)
}

// get returns the value at an index. It panics on an index that was never
// handed out, which wazero turns into an error of the running call.
func (h *host) get(i uint64) any {
	if v := h.heap[uint32(i)]; v != nil {
		return v
	}
	return undefined{}
}

// take returns a value and gives its place back.
func (h *host) take(i uint64) any {
	v := h.get(i)
	if uint32(i) >= firstDynamic {
		h.heap[uint32(i)] = nil
		h.free = append(h.free, uint32(i))
	}
	return v
}

// invoke calls an exported function and returns its result, or zero when it
// has none.
func (h *host) invoke(ctx context.Context, name string, args ...uint64) (uint64, error) {
	f := h.module.ExportedFunction(name)
	if f == nil {
		return 0, fmt.Errorf("typst: the compiler module has no export %q; the vendored file is not the pinned version", name)
	}
	results, err := f.Call(ctx, args...)
	if err != nil {
		return 0, err
	}
	if len(results) == 0 {
		return 0, nil
	}
	return results[0], nil
}

// reenter is invoke for use inside an import, where the module waits for us
// and a failure can only unwind it: the panic becomes the error of the
// outermost call.
func (h *host) reenter(ctx context.Context, name string, args ...uint64) uint64 {
	r, err := h.invoke(ctx, name, args...)
	if err != nil {
		panic(err)
	}
	return r
}

// view returns the module's own memory, valid until it runs again.
func (h *host) view(ptr, size uint64) ([]byte, error) {
	b, ok := h.module.Memory().Read(uint32(ptr), uint32(size))
	if !ok {
		return nil, fmt.Errorf("typst: the compiler referred to %d bytes at %#x outside its memory", uint32(size), uint32(ptr))
	}
	return b, nil
}

func (h *host) mustView(ptr, size uint64) []byte {
	b, err := h.view(ptr, size)
	if err != nil {
		panic(err)
	}
	return b
}

func (h *host) text(ptr, size uint64) string { return string(h.mustView(ptr, size)) }

// pass copies bytes into memory that the module owns and will free.
func (h *host) pass(ctx context.Context, b []byte) (ptr, size uint64, err error) {
	if uint64(len(b)) > 1<<31-1 {
		return 0, 0, fmt.Errorf("typst: %d bytes are more than the compiler's memory can hold", len(b))
	}
	ptr, err = h.invoke(ctx, exportMalloc, uint64(len(b)), 1)
	if err != nil {
		return 0, 0, err
	}
	if !h.module.Memory().Write(uint32(ptr), b) {
		return 0, 0, errors.New("typst: the compiler gave out memory that it does not have")
	}
	return ptr, uint64(len(b)), nil
}

// returnText writes a string where a function that returns one expects it:
// pointer and length at ret.
func (h *host) returnText(ctx context.Context, ret uint64, s string) {
	ptr, size, err := h.pass(ctx, []byte(s))
	if err != nil {
		panic(err)
	}
	h.put32(ret, uint32(ptr))
	h.put32(ret+4, uint32(size))
}

func (h *host) put32(ptr uint64, v uint32) {
	if !h.module.Memory().WriteUint32Le(uint32(ptr), v) {
		panic(fmt.Errorf("typst: the compiler asked for a result at %#x outside its memory", uint32(ptr)))
	}
}

func (h *host) put64(ptr uint64, v uint64) {
	if !h.module.Memory().WriteUint64Le(uint32(ptr), v) {
		panic(fmt.Errorf("typst: the compiler asked for a result at %#x outside its memory", uint32(ptr)))
	}
}

func (h *host) log(line string) {
	if len(h.console) < maxConsoleLines {
		h.console = append(h.console, line)
	}
}

func (h *host) enqueue(f func(ctx context.Context)) { h.tasks = append(h.tasks, f) }

// drain runs queued tasks until none is left.
func (h *host) drain(ctx context.Context) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = asError(r)
		}
	}()
	for len(h.tasks) > 0 {
		task := h.tasks[0]
		h.tasks = h.tasks[1:]
		task(ctx)
	}
	return nil
}

func (h *host) settle(p *promise, v any, rejected bool) {
	if p.settled {
		return
	}
	p.settled, p.rejected, p.value = true, rejected, v
	for _, f := range p.reactions {
		h.react(f, v)
	}
	p.reactions = nil
}

func (h *host) react(f *function, v any) {
	h.enqueue(func(ctx context.Context) { f.call(ctx, []any{v}) })
}

// newPromise calls the module's executor with the two functions that settle
// the promise.
func (h *host) newPromise(ctx context.Context, a, b uint64) *promise {
	p := &promise{}
	resolve := &function{call: func(_ context.Context, args []any) any {
		h.settle(p, first(args), false)
		return undefined{}
	}}
	reject := &function{call: func(_ context.Context, args []any) any {
		h.settle(p, first(args), true)
		return undefined{}
	}}
	h.reenter(ctx, exportExecutor, a, b, h.add(resolve), h.add(reject))
	return p
}

// newClosure wraps a closure of the module. It counts references as
// wasm-bindgen does, so that a closure dropped while it runs is destroyed
// only after it has returned.
func (h *host) newClosure(a, b uint64) *function {
	references := 1
	f := &function{}
	f.release = func(ctx context.Context) {
		if references--; references == 0 {
			h.reenter(ctx, exportClosureDrop, a, b)
		}
	}
	f.call = func(ctx context.Context, args []any) any {
		references++
		h.reenter(ctx, exportClosureCall, a, b, h.add(first(args)))
		f.release(ctx)
		return undefined{}
	}
	return f
}

func first(args []any) any {
	if len(args) == 0 {
		return undefined{}
	}
	return args[0]
}

func asError(r any) error {
	if err, ok := r.(error); ok {
		return err
	}
	return fmt.Errorf("typst: %v", r)
}

// describe renders a value for a message.
func describe(v any) string {
	switch v := v.(type) {
	case undefined:
		return "undefined"
	case null:
		return "null"
	case string:
		return v
	case *exception:
		return v.message
	case *byteArray:
		return fmt.Sprintf("%d bytes", len(v.bytes))
	case *array:
		return fmt.Sprintf("array of %d", len(v.items))
	case *object:
		return fmt.Sprintf("object of %d fields", len(v.fields))
	default:
		return fmt.Sprint(v)
	}
}
