package browsertest

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// action is something that a browser does.
type action = chromedp.Action[chromedp.Void]

// command makes an action of a command of the protocol.
func command[P, R any](c cdp.Command[P, R], params P) action {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, c, params)
		return err
	})
}

// Window is a browser of somebody: its tabs share cookies and storage, and it
// shares nothing with another window.
type Window struct {
	t   testing.TB
	ctx context.Context
}

// NewWindow opens a window with nothing in it. It is closed with the test.
func NewWindow(t testing.TB) *Window {
	t.Helper()
	ctx, cancel := chromedp.NewContext(start(t), chromedp.WithNewBrowserContext())
	if err := chromedp.Do(ctx); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cancel)
	return &Window{t: t, ctx: ctx}
}

// Cookie sets a cookie for an address.
func (w *Window) Cookie(address, name, value string) {
	w.t.Helper()
	only := true
	if err := chromedp.Do(w.ctx, command(network.SetCookie, network.SetCookieParams{Name: name, Value: value, URL: address, HTTPOnly: &only})); err != nil {
		w.t.Fatal(err)
	}
}

// Tab is one page of a window.
type Tab struct {
	t     testing.TB
	ctx   context.Context
	close func()

	mu       sync.Mutex
	problems []string
	loads    map[network.RequestID]*Load
}

// Load is something that the page asked the server for.
type Load struct {
	URL, Kind string
	// Bytes are those of the answer as it was sent, with its headers.
	Bytes int64
}

// Tab opens a tab, 1280 by 800 pixels. When the test fails and Pictures names a
// folder, its picture is put there.
func (w *Window) Tab() *Tab {
	w.t.Helper()
	ctx, cancel := chromedp.NewContext(w.ctx)
	tab := &Tab{t: w.t, ctx: ctx, close: cancel, loads: map[network.RequestID]*Load{}}
	w.t.Cleanup(cancel)
	w.t.Cleanup(tab.failed)
	// The tab lives as long as the context with which it is first used.
	if err := chromedp.Do(ctx); err != nil {
		w.t.Fatal(err)
	}
	if err := chromedp.Listen(ctx, tab.hear); err != nil {
		w.t.Fatal(err)
	}
	// Every tab behaves as if somebody looked at it.
	tab.run(command(emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true}))
	tab.Size(1280, 800)
	// Nothing moves while it is looked at.
	tab.Dark(false)
	return tab
}

// hear collects what goes wrong in a page, and what it loads.
func (x *Tab) hear(ev any) {
	x.mu.Lock()
	defer x.mu.Unlock()
	switch e := ev.(type) {
	case *runtime.EventExceptionThrown:
		text := e.ExceptionDetails.Text
		if o := e.ExceptionDetails.Exception; o != nil {
			text += " " + o.Description
		}
		x.problems = append(x.problems, "exception: "+text)
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.ConsoleAPICalledTypeError || e.Type == runtime.ConsoleAPICalledTypeWarning || e.Type == runtime.ConsoleAPICalledTypeAssert {
			var words []string
			for _, a := range e.Args {
				words = append(words, strings.Trim(string(a.Value), `"`)+a.Description)
			}
			x.problems = append(x.problems, fmt.Sprintf("console: %s: %s", e.Type, strings.Join(words, " ")))
		}
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError || e.Entry.Level == log.EntryLevelWarning {
			x.problems = append(x.problems, fmt.Sprintf("%s: %s %s", e.Entry.Source, e.Entry.Text, e.Entry.URL))
		}
	case *page.EventJavascriptDialogOpening:
		if e.Type != page.DialogTypeBeforeunload {
			x.problems = append(x.problems, fmt.Sprintf("the page opens a dialog (%s): %s", e.Type, e.Message))
		}
		// Not from here: the browser answers only when this returns.
		go func() {
			_ = chromedp.Do(x.ctx, command(page.HandleJavaScriptDialog, page.HandleJavaScriptDialogParams{Accept: true}))
		}()
	case *network.EventRequestWillBeSent:
		x.loads[e.RequestID] = &Load{URL: e.Request.URL, Kind: string(e.Type)}
	case *network.EventLoadingFinished:
		if l := x.loads[e.RequestID]; l != nil {
			l.Bytes = int64(e.EncodedDataLength)
		}
	}
}

// run does what a browser can do and ends the test when it does not.
func (x *Tab) run(actions ...action) {
	x.t.Helper()
	ctx, cancel := context.WithTimeout(x.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		x.t.Fatalf("the browser: %v", err)
	}
}

// CloseTab closes the tab, as somebody does who is done with it.
func (x *Tab) CloseTab() {
	x.t.Helper()
	x.close()
}

// Size makes the page so many pixels wide and high.
func (x *Tab) Size(width, height int64) {
	x.t.Helper()
	x.run(command(emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: width, Height: height, DeviceScaleFactor: 1}))
}

// Dark says which colours the person prefers.
func (x *Tab) Dark(on bool) {
	x.t.Helper()
	value := "light"
	if on {
		value = "dark"
	}
	x.run(command(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: value}, {Name: "prefers-reduced-motion", Value: "reduce"}}}))
}

// Go opens an address and waits until the page and its scripts are there.
func (x *Tab) Go(address string) {
	x.t.Helper()
	x.run(chromedp.Navigate(address))
	x.Ready()
}

// Ready waits until a page and its scripts are there.
func (x *Tab) Ready() {
	x.t.Helper()
	x.Wait("the page is loaded", `document.readyState === "complete"`)
}

// Eval gives the value of an expression, of a promise what it promises.
func Eval[T any](x *Tab, expression string, args ...any) T {
	x.t.Helper()
	out, err := eval[T](x, fill(expression, args))
	if err != nil {
		x.t.Fatalf("%s: %v", expression, err)
	}
	return out
}

// Do runs statements.
func (x *Tab) Do(statements string, args ...any) {
	x.t.Helper()
	Eval[bool](x, "(async () => {"+statements+"; return true })()", args...)
}

func eval[T any](x *Tab, expression string) (T, error) {
	ctx, cancel := context.WithTimeout(x.ctx, patience)
	defer cancel()
	return chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
}

// fill writes arguments, each as a literal of the script, in the place of each %s.
func fill(expression string, args []any) string {
	for _, a := range args {
		b, err := json.Marshal(a)
		if err != nil {
			panic(err)
		}
		expression = strings.Replace(expression, "%s", string(b), 1)
	}
	return expression
}

// Wait waits until an expression is true, over the opening of other pages too.
func (x *Tab) Wait(what, expression string, args ...any) {
	x.t.Helper()
	expression = fill(expression, args)
	until := time.Now().Add(patience)
	// The page looks for itself, so that no time is lost between; a page that
	// is left meanwhile takes the question with it, and the next is asked.
	ask := `new Promise((done) => { const end = Date.now() + 1000; (function look() { let v = false; try { v = !!(` + expression + `) } catch {} if (v || Date.now() > end) done(v); else setTimeout(look, 8) })() })`
	var err error
	for time.Now().Before(until) {
		var ok bool
		if ok, err = eval[bool](x, ask); err == nil && ok {
			return
		}
		if x.ctx.Err() != nil {
			break
		}
	}
	x.t.Fatalf("%s: it did not come to be in %s at %s (last: %v); the focus is at %s", what, patience, x.Path(), err, x.Focus())
}

// Path is the path and query of the page's address.
func (x *Tab) Path() string {
	s, err := eval[string](x, "location.href")
	if err != nil {
		return err.Error()
	}
	u, err := url.Parse(s)
	if err != nil {
		return s
	}
	return u.RequestURI()
}

// Text is the text of the first element that a selector finds, as shown.
func (x *Tab) Text(selector string) string {
	x.t.Helper()
	return Eval[string](x, `(document.querySelector(%s)?.innerText ?? "").trim()`, selector)
}

// Focus says what has the focus, for people: its element, name and text.
func (x *Tab) Focus() string {
	s, err := eval[string](x, `(() => { const e = document.activeElement; if (!e) return "nothing"; return [e.tagName.toLowerCase(), e.id && "#" + e.id, e.name && "[name=" + e.name + "]", e.getAttribute("aria-label") ?? (e.innerText ?? "").trim().slice(0, 60)].filter(Boolean).join(" ") })()`)
	if err != nil {
		return err.Error()
	}
	return s
}

// Problems are exceptions, errors and warnings of the console, breaches of the
// content security policy and failed loads since the last call.
func (x *Tab) Problems() []string {
	x.mu.Lock()
	defer x.mu.Unlock()
	out := x.problems
	x.problems = nil
	return out
}

// Loads are what was loaded since the last call.
func (x *Tab) Loads() []Load {
	x.mu.Lock()
	defer x.mu.Unlock()
	var out []Load
	for _, l := range x.loads {
		out = append(out, *l)
	}
	clear(x.loads)
	slices.SortFunc(out, func(a, b Load) int { return int(b.Bytes - a.Bytes) })
	return out
}

// Picture puts a picture into the folder that Pictures names, if it does.
func (x *Tab) Picture(name string) {
	x.t.Helper()
	if os.Getenv(Pictures) == "" {
		return
	}
	if err := x.shoot(x.t.Name() + "-" + name); err != nil {
		x.t.Error(err)
	}
}

func (x *Tab) shoot(name string) error {
	ctx, cancel := context.WithTimeout(x.ctx, patience)
	defer cancel()
	png, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	if err != nil {
		return err
	}
	return picture(name, png)
}

// failed shows what a tab showed when its test failed.
func (x *Tab) failed() {
	if !x.t.Failed() {
		return
	}
	for _, p := range x.Problems() {
		x.t.Logf("at %s: %s", x.Path(), p)
	}
	if os.Getenv(Pictures) == "" {
		x.t.Logf("set %s to a folder to have pictures of failed tests", Pictures)
		return
	}
	if err := x.shoot("failed-" + x.t.Name()); err != nil {
		x.t.Logf("no picture: %v", err)
	}
}

func (l Load) String() string { return fmt.Sprintf("%8d %s %s", l.Bytes, l.Kind, l.URL) }
