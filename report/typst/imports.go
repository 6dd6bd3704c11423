package typst

import (
	"context"
	"fmt"
	"math"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
)

// Exports of the module that the host itself calls. The numbered names are
// given by wasm-bindgen and hold for the pinned version alone.
const (
	exportMalloc      = "__wbindgen_export"
	exportException   = "__wbindgen_export3"
	exportFree        = "__wbindgen_export4"
	exportStack       = "__wbindgen_add_to_stack_pointer"
	exportClosureCall = "__wasm_bindgen_func_elem_944"
	exportClosureDrop = "__wasm_bindgen_func_elem_957"
	exportExecutor    = "__wasm_bindgen_func_elem_37350"
)

// clock is the only time the compiler ever sees, in milliseconds since 1970:
// a document that could tell the time could not be built twice.
const clock = 0

// importFunc is one function that the module expects of JavaScript. Arguments
// and result are in WebAssembly's raw encoding.
type importFunc func(ctx context.Context, h *host, a []uint64) uint64

// imports holds every import of the pinned module under its exact name. The
// hashes tell overloads apart and change with the version, so another module
// cannot be linked by accident.
var imports = map[string]importFunc{
	// Errors and the console.
	"__wbg_Error_52673b7de5a0ca89": newError,
	"__wbg_new_df1173567d5ff028":   newError,
	"__wbg_new_8a6f238a6ece86ea":   func(_ context.Context, h *host, _ []uint64) uint64 { return h.add(&exception{"Error"}) },
	"__wbg___wbindgen_throw_dd24417ed36fc46e": func(_ context.Context, h *host, a []uint64) uint64 {
		panic(fmt.Errorf("typst: %s", h.text(a[0], a[1])))
	},
	"__wbg_stack_0ed75d68575b0f3c": func(ctx context.Context, h *host, a []uint64) uint64 { h.returnText(ctx, a[0], ""); return 0 },
	"__wbg_error_7534b8e9a36f1ab4": logText,
	"__wbg_error_85faeb8919b11cc6": logValue,
	"__wbg_info_ce6bcc489c22f6f0":  logValue,
	"__wbg___wbindgen_debug_string_adfb662ae34724b6": func(ctx context.Context, h *host, a []uint64) uint64 {
		h.returnText(ctx, a[0], describe(h.get(a[1])))
		return 0
	},

	// Questions about a value.
	"__wbg___wbindgen_is_bigint_0e1a2e3f55cfae27":    is[bigint],
	"__wbg___wbindgen_is_function_8d400b8b1af978cd":  is[*function],
	"__wbg___wbindgen_is_string_704ef9c8fc131030":    is[string],
	"__wbg___wbindgen_is_undefined_f6b95eab589e0269": is[undefined],
	"__wbg___wbindgen_is_object_ce774f3490692386":    isObject,
	"__wbg_instanceof_Uint8Array_da54ccc9d3e09434":   is[*byteArray],
	"__wbg_instanceof_ArrayBuffer_f3320d2419cd0355":  never,
	"__wbg_instanceof_Map_084be8da74364158":          never,
	"__wbg_isArray_51fd9e6422c0a395":                 is[*array],
	"__wbg_isSafeInteger_ae7d3f054d55fa16":           isSafeInteger,
	"__wbg___wbindgen_boolean_get_dea25b33882b895b":  getBoolean,
	"__wbg___wbindgen_string_get_a2a31e16edf96e42":   getString,
	"__wbg___wbindgen_number_get_9619185a74197f95":   getNumber,

	// Objects, arrays and bytes.
	"__wbg_new_1ba21ce319a06297":              func(_ context.Context, h *host, _ []uint64) uint64 { return h.add(&object{map[string]any{}}) },
	"__wbg_new_25f239778d6112b9":              func(_ context.Context, h *host, _ []uint64) uint64 { return h.add(&array{}) },
	"__wbg_new_6421f6084cc5bc5a":              copyBytes,
	"__wbg_new_from_slice_f9c22b9153b26992":   bytesFromSlice,
	"__wbg_length_22ac23eaec9d8053":           length,
	"__wbg_length_d45040a40c570362":           length,
	"__wbg_prototypesetcall_dfe9b766cdc1f1fd": setBytes,
	"__wbg_push_7d9be8f38fc13975":             push,
	"__wbg_get_6b7bd52aca3f9671":              getIndex,
	"__wbg_set_3f1d0b984ed272ed":              setField,
	"__wbg_set_781438a03c0c3c81":              reflectSet,
	"__wbg_set_7df433eea03a5c14":              setIndex,
	"__wbindgen_object_clone_ref":             func(_ context.Context, h *host, a []uint64) uint64 { return h.add(h.get(a[0])) },
	"__wbindgen_object_drop_ref":              func(_ context.Context, h *host, a []uint64) uint64 { h.take(a[0]); return 0 },

	// Casts.
	"__wbindgen_cast_2241b6af4c4b2941": func(_ context.Context, h *host, a []uint64) uint64 { return h.add(h.text(a[0], a[1])) },
	"__wbindgen_cast_3334ea73b4b28ba3": func(_ context.Context, h *host, a []uint64) uint64 { return h.add(h.newClosure(a[0], a[1])) },
	"__wbindgen_cast_4625c577ab2ec9ee": func(_ context.Context, h *host, a []uint64) uint64 { return h.add(bigint(a[0])) },
	"__wbindgen_cast_9ae0607507abb057": func(_ context.Context, h *host, a []uint64) uint64 { return h.add(bigint(a[0])) },
	"__wbindgen_cast_d6cd19b81560fd6e": func(_ context.Context, h *host, a []uint64) uint64 { return h.add(math.Float64frombits(a[0])) },
	"__wbg_typstcompiler_new":          func(_ context.Context, h *host, a []uint64) uint64 { return h.add(handle(uint32(a[0]))) },
	"__wbg_typstfontresolver_new":      func(_ context.Context, h *host, a []uint64) uint64 { return h.add(handle(uint32(a[0]))) },
	"__wbg_proxycontext_new":           func(_ context.Context, h *host, a []uint64) uint64 { return h.add(handle(uint32(a[0]))) },

	// Functions, promises and the task queue.
	"__wbg_call_abb4ff46ce38be40":           callFunction,
	"__wbg_call_3020136f7a2d6e44":           callFunction,
	"__wbg_call_78f94eb02ec7f9b2":           callFunction,
	"__wbg__wbg_cb_unref_87dfb5aaa0cbcea7":  releaseClosure,
	"__wbg_new_ff12d2b041fb48f1":            func(ctx context.Context, h *host, a []uint64) uint64 { return h.add(h.newPromise(ctx, a[0], a[1])) },
	"__wbg_resolve_fd5bfbaa4ce36e1e":        resolvePromise,
	"__wbg_then_4f95312d68691235":           then,
	"__wbg_queueMicrotask_9b549dfce8865860": func(_ context.Context, h *host, _ []uint64) uint64 { return h.add(&function{}) },
	"__wbg_queueMicrotask_fca69f5bfad613a5": queueMicrotask,
	"__wbg_static_accessor_GLOBAL_THIS_60cf02db4de8e1c1": func(_ context.Context, h *host, _ []uint64) uint64 {
		return h.add(&object{map[string]any{}})
	},
	"__wbg_static_accessor_GLOBAL_769e6b65d6557335": never,
	"__wbg_static_accessor_SELF_08f5a74c69739274":   never,
	"__wbg_static_accessor_WINDOW_a8924b26aa92d024": never,

	// Time stands still, in UTC.
	"__wbg_now_69d776cd24f5215b":               func(context.Context, *host, []uint64) uint64 { return math.Float64bits(clock) },
	"__wbg_new_b2db8aa2650f793a":               func(_ context.Context, h *host, _ []uint64) uint64 { return h.add(&object{map[string]any{}}) },
	"__wbg_getTimezoneOffset_45389e26d6f46823": func(context.Context, *host, []uint64) uint64 { return math.Float64bits(0) },

	// Imports for inputs, lazy fonts, packages and editors, none of which this
	// package hands to the compiler. A call is an error.
	"__wbg_Number_2d1dcfcf4ec51736":                       refused("Number"),
	"__wbg___wbindgen_bigint_get_as_i64_6e32f5e6aff02e1d": refused("bigint_get_as_i64"),
	"__wbg___wbindgen_in_0d3e1e8f0c669317":                refused("in"),
	"__wbg___wbindgen_jsval_eq_b6101cc9cef1fe36":          refused("jsval_eq"),
	"__wbg___wbindgen_jsval_loose_eq_766057600fdd1b0d":    refused("jsval_loose_eq"),
	"__wbg_done_62ea16af4ce34b24":                         refused("done"),
	"__wbg_entries_83c79938054e065f":                      refused("entries"),
	"__wbg_get_af9dab7e9603ea93":                          refused("Reflect.get"),
	"__wbg_get_with_ref_key_1dc361bd10053bfe":             refused("get_with_ref_key"),
	"__wbg_iterator_27b7c8b35ab3e86b":                     refused("iterator"),
	"__wbg_new_from_slice_db0691b69e9d3891":               refused("new Uint32Array"),
	"__wbg_new_no_args_cb138f77cf6151ee":                  newFunction,
	"__wbg_new_with_args_df9e7125ffe55248":                newFunction,
	"__wbg_next_138a17bbf04e926c":                         refused("next"),
	"__wbg_next_3cfe5c0fe2a4cc53":                         refused("next"),
	"__wbg_value_57b7b035e117f7ee":                        refused("value"),
}

// link provides the module's imports. Which instance calls is known from the
// context, so one host module serves all instances.
func link(ctx context.Context, rt wazero.Runtime, compiled wazero.CompiledModule) error {
	builder := rt.NewHostModuleBuilder("wbg")
	for _, def := range compiled.ImportedFunctions() {
		from, name, _ := def.Import()
		f, known := imports[name]
		if from != "wbg" || !known {
			return fmt.Errorf("typst: the compiler module wants %s.%s, which this package does not provide; the vendored file is not the pinned version", from, name)
		}
		params := len(def.ParamTypes())
		hasResult := len(def.ResultTypes()) > 0
		builder.NewFunctionBuilder().WithGoFunction(api.GoFunc(func(ctx context.Context, stack []uint64) {
			// The module may call us again while f runs; wazero gives that
			// call a stack of its own.
			r := f(ctx, hostFrom(ctx), stack[:params])
			if hasResult {
				stack[0] = r
			}
		}), def.ParamTypes(), def.ResultTypes()).Export(name)
	}
	_, err := builder.Instantiate(ctx)
	return err
}

type hostKey struct{}

func withHost(ctx context.Context, h *host) context.Context {
	return context.WithValue(ctx, hostKey{}, h)
}

func hostFrom(ctx context.Context) *host { return ctx.Value(hostKey{}).(*host) }

func refused(name string) importFunc {
	return func(context.Context, *host, []uint64) uint64 {
		panic(fmt.Errorf("typst: the compiler called %s, which this package does not provide", name))
	}
}

func never(context.Context, *host, []uint64) uint64 { return 0 }

func is[T any](_ context.Context, h *host, a []uint64) uint64 {
	_, ok := h.get(a[0]).(T)
	return bit(ok)
}

func isObject(_ context.Context, h *host, a []uint64) uint64 {
	switch h.get(a[0]).(type) {
	case *object, *array, *byteArray, *promise, *exception, handle:
		return 1
	}
	return 0
}

func isSafeInteger(_ context.Context, h *host, a []uint64) uint64 {
	f, ok := h.get(a[0]).(float64)
	return bit(ok && f == math.Trunc(f) && math.Abs(f) <= 1<<53-1)
}

// getBoolean answers 0xFFFFFF for a value that is not a boolean.
func getBoolean(_ context.Context, h *host, a []uint64) uint64 {
	v, ok := h.get(a[0]).(bool)
	if !ok {
		return 0xFFFFFF
	}
	return bit(v)
}

func getString(ctx context.Context, h *host, a []uint64) uint64 {
	s, ok := h.get(a[1]).(string)
	if !ok {
		h.put32(a[0], 0)
		h.put32(a[0]+4, 0)
		return 0
	}
	h.returnText(ctx, a[0], s)
	return 0
}

func getNumber(_ context.Context, h *host, a []uint64) uint64 {
	f, ok := h.get(a[1]).(float64)
	h.put64(a[0]+8, math.Float64bits(f))
	h.put32(a[0], uint32(bit(ok)))
	return 0
}

func newError(_ context.Context, h *host, a []uint64) uint64 {
	return h.add(&exception{h.text(a[0], a[1])})
}

// logText receives a panic message of the compiler; the text is ours to free.
func logText(ctx context.Context, h *host, a []uint64) uint64 {
	ptr, size := a[0], a[1]
	h.log(h.text(ptr, size))
	h.reenter(ctx, exportFree, ptr, size, 1)
	return 0
}

func logValue(_ context.Context, h *host, a []uint64) uint64 {
	h.log(describe(h.get(a[0])))
	return 0
}

func copyBytes(_ context.Context, h *host, a []uint64) uint64 {
	b, ok := h.get(a[0]).(*byteArray)
	if !ok {
		panic(fmt.Errorf("typst: the compiler made bytes of %s", describe(h.get(a[0]))))
	}
	return h.add(&byteArray{append([]byte(nil), b.bytes...)})
}

func bytesFromSlice(_ context.Context, h *host, a []uint64) uint64 {
	return h.add(&byteArray{append([]byte(nil), h.mustView(a[0], a[1])...)})
}

func length(_ context.Context, h *host, a []uint64) uint64 {
	switch v := h.get(a[0]).(type) {
	case *byteArray:
		return uint64(len(v.bytes))
	case *array:
		return uint64(len(v.items))
	}
	return 0
}

func setBytes(_ context.Context, h *host, a []uint64) uint64 {
	b, ok := h.get(a[2]).(*byteArray)
	if !ok || uint64(len(b.bytes)) > uint64(uint32(a[1])) {
		panic(fmt.Errorf("typst: the compiler copied %s into %d bytes", describe(h.get(a[2])), uint32(a[1])))
	}
	copy(h.mustView(a[0], a[1]), b.bytes)
	return 0
}

func push(_ context.Context, h *host, a []uint64) uint64 {
	v := h.get(a[0]).(*array)
	v.items = append(v.items, h.get(a[1]))
	return uint64(len(v.items))
}

func getIndex(_ context.Context, h *host, a []uint64) uint64 {
	v, ok := h.get(a[0]).(*array)
	if i := uint32(a[1]); ok && int(i) < len(v.items) {
		return h.add(v.items[i])
	}
	return h.add(undefined{})
}

func setField(_ context.Context, h *host, a []uint64) uint64 {
	o := h.get(a[0]).(*object)
	key := describe(h.take(a[1]))
	o.fields[key] = h.take(a[2])
	return 0
}

func reflectSet(_ context.Context, h *host, a []uint64) uint64 {
	o, ok := h.get(a[0]).(*object)
	if ok {
		o.fields[describe(h.get(a[1]))] = h.get(a[2])
	}
	return bit(ok)
}

func setIndex(_ context.Context, h *host, a []uint64) uint64 {
	v := h.get(a[0]).(*array)
	i := int(uint32(a[1]))
	if i > 1<<20 {
		panic(fmt.Errorf("typst: the compiler asked for an array of %d items", i))
	}
	for len(v.items) <= i {
		v.items = append(v.items, undefined{})
	}
	v.items[i] = h.take(a[2])
	return 0
}

// callFunction serves all arities: function, this, arguments. An exception is
// handed to the module, as wasm-bindgen's handleError does.
func callFunction(ctx context.Context, h *host, a []uint64) uint64 {
	var result any = &exception{describe(h.get(a[0])) + " is not a function"}
	if f, ok := h.get(a[0]).(*function); ok && f.call != nil {
		args := make([]any, 0, len(a)-2)
		for _, i := range a[2:] {
			args = append(args, h.get(i))
		}
		result = f.call(ctx, args)
	}
	if thrown, ok := result.(*exception); ok {
		h.reenter(ctx, exportException, h.add(thrown))
		return 0
	}
	return h.add(result)
}

func releaseClosure(ctx context.Context, h *host, a []uint64) uint64 {
	if f, ok := h.get(a[0]).(*function); ok && f.release != nil {
		f.release(ctx)
	}
	return 0
}

func resolvePromise(_ context.Context, h *host, a []uint64) uint64 {
	if p, ok := h.get(a[0]).(*promise); ok {
		return h.add(p)
	}
	return h.add(&promise{settled: true, value: h.get(a[0])})
}

// then registers a reaction to fulfilment. The promise it returns is never
// settled: the compiler drops it.
func then(_ context.Context, h *host, a []uint64) uint64 {
	p, f := h.get(a[0]).(*promise), h.get(a[1]).(*function)
	switch {
	case !p.settled:
		p.reactions = append(p.reactions, f)
	case !p.rejected:
		h.react(f, p.value)
	}
	return h.add(&promise{})
}

func queueMicrotask(_ context.Context, h *host, a []uint64) uint64 {
	f := h.get(a[0]).(*function)
	h.react(f, undefined{})
	return 0
}

func bit(b bool) uint64 {
	if b {
		return 1
	}
	return 0
}

// newFunction stands for JavaScript's new Function(source), which the compiler
// uses at start. No source is ever run: the function gives an empty object.
func newFunction(_ context.Context, h *host, _ []uint64) uint64 {
	return h.add(&function{call: func(context.Context, []any) any { return &object{map[string]any{}} }})
}
