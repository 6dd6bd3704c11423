package typst

import (
	"context"

	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"
)

// checkpoints are functions of the pinned module, by index, at whose calls the
// context is looked at. wazero can do that in every loop instead
// (WithCloseOnContextDone), but then a document takes 2.7 times as long. These
// were chosen by counting all calls while the compiler laid out a long report,
// wrote its PDF, parsed markup and JSON, ran loops and closures and broke a
// paragraph of 18,000 words into lines: in each of them one is called at least
// every 20 milliseconds, and in a report all together some 30,000 times a
// second. An index that is wrong for another module would do no harm but to
// make the end of a context go unnoticed, which a test would notice.
var checkpoints = map[uint32]bool{
	245: true, 300: true, 1094: true, 3444: true, 6563: true, 9805: true, 17413: true, 19578: true,
}

// withCheckpoints makes CompileModule insert the checks.
func withCheckpoints(ctx context.Context) context.Context {
	return experimental.WithFunctionListenerFactory(ctx, experimental.FunctionListenerFactoryFunc(
		func(def api.FunctionDefinition) experimental.FunctionListener {
			if checkpoints[def.Index()] {
				return checkContext
			}
			return nil
		}))
}

// checkContext unwinds the module when the caller's context has ended: the
// panic becomes the error of the outermost call.
var checkContext = experimental.FunctionListenerFunc(
	func(ctx context.Context, _ api.Module, _ api.FunctionDefinition, _ []uint64, _ experimental.StackIterator) {
		if err := ctx.Err(); err != nil {
			panic(err)
		}
	})
