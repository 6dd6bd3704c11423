// Package browsertest drives a real Chromium in tests of pages: keys that are
// pressed, what has the focus, what the console says, what axe-core finds, and a
// picture of the page when a test fails. One browser serves a test binary, with a
// profile of its own that is thrown away; each Window keeps its own cookies, as
// another person's machine would. It knows no page of ours and waits for
// conditions, never for time. The product never imports it.
package browsertest

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// Missing is what a test says where no browser is found.
const Missing = "Chromium is not installed, which the tests of pages drive: run tools/deps.sh, or install the Debian package chromium (sudo apt-get install chromium), or put chromium, chromium-browser or google-chrome on the path"

// Pictures names the folder into which pictures are put: of every tab of a test
// that failed, and of what a test looks at with Tab.Picture. Without it none
// are made.
const Pictures = "REPERFORM_PICTURES"

// patience is how long a condition may take on a machine that does much else.
const patience = 20 * time.Second

// names are those under which the browser is known.
var names = []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"}

// one is the browser of the test binary.
var one struct {
	sync.Mutex
	ctx     context.Context
	close   func()
	profile string
}

// start starts the browser with the first test that needs it.
func start(t testing.TB) context.Context {
	t.Helper()
	if testing.Short() {
		t.Skip("-short leaves out the tests that drive a browser")
	}
	one.Lock()
	defer one.Unlock()
	if one.ctx != nil {
		return one.ctx
	}
	path := find()
	if path == "" {
		t.Fatal(Missing)
	}
	profile, err := os.MkdirTemp("", "browsertest-")
	if err != nil {
		t.Fatal(err)
	}
	opts := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path),
		chromedp.UserDataDir(profile),
		// The sandbox of the browser needs rights that containers lack; it sees
		// pages of ours alone.
		chromedp.NoSandbox,
		chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("force-color-profile", "srgb"),
		chromedp.Flag("lang", "en-US"),
	)
	allocated, stop := chromedp.NewExecAllocator(context.Background(), opts...)
	ctx, cancel := chromedp.NewContext(allocated)
	if err := chromedp.Do(ctx); err != nil {
		cancel()
		stop()
		t.Fatalf("%s does not start: %v", path, err)
	}
	one.profile = profile
	one.ctx, one.close = ctx, func() {
		cancel()
		stop()
		_ = os.RemoveAll(profile)
	}
	return ctx
}

// Close ends the browser; TestMain calls it when the tests have run.
func Close() {
	one.Lock()
	defer one.Unlock()
	if one.close != nil {
		cpu(one.profile)
		one.close()
		one.ctx, one.close = nil, nil
	}
}

func find() string {
	for _, n := range names {
		if p, err := exec.LookPath(n); err == nil {
			return p
		}
	}
	if p := "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"; runtime.GOOS == "darwin" {
		if _, err := os.Stat(p); err == nil {
			return p
		}
	}
	return ""
}

// picture writes a picture into the folder that the environment names.
func picture(name string, png []byte) error {
	dir := os.Getenv(Pictures)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, safe(name)+".png"), png, 0o644)
}

// safe makes a file name of a test's name.
func safe(s string) string {
	out := []rune(s)
	for i, r := range out {
		if !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-') {
			out[i] = '-'
		}
	}
	return string(out)
}

func cpu(profile string) {
	var sum int64
	all, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, f := range all {
		c, _ := os.ReadFile(filepath.Dir(f) + "/cmdline")
		if !strings.Contains(string(c), profile) {
			continue
		}
		b, _ := os.ReadFile(f)
		_, rest, _ := strings.Cut(string(b), ") ")
		x := strings.Fields(rest)
		if len(x) > 14 {
			u, _ := strconv.ParseInt(x[11], 10, 64)
			v, _ := strconv.ParseInt(x[12], 10, 64)
			w, _ := strconv.ParseInt(x[13], 10, 64)
			y, _ := strconv.ParseInt(x[14], 10, 64)
			sum += u + v + w + y
		}
	}
	println("CPU", sum/100)
}
