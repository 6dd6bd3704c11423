package web

import (
	"net/http"
	"strings"
	"testing"

	"reperform/web/browsertest"
)

// TestFaultsAreFound shows a page with one fault of each sort that the tests of
// pages look for, so that their silence means something.
func TestFaultsAreFound(t *testing.T) {
	d := openDoor(t, secure(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/missing.js" {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write([]byte(`<!DOCTYPE html><html lang="en"><title>Faults</title><main><h1>Faults</h1>
			<a href="/x"></a><font color="#bbbbbb">Too pale to read</font>
			<table width="900"><tr><td>wide</td><td align="right"><button>Far away</button></td></tr></table>
			<script>window.ran = 1</script><script src="/missing.js"></script></main></html>`))
	})))
	p := d.as(t, nil, nobody)
	p.Size(390, 844)
	p.open("/")
	found := strings.Join(append(append(p.Axe(browsertest.All), p.Overflow()...), p.Problems()...), "\n")
	for _, want := range []string{"axe link-name", "axe color-contrast", "the page is", "Far away lies from", "Content Security Policy", "status of 404"} {
		if !strings.Contains(found, want) {
			t.Errorf("nothing says %q:\n%s", want, found)
		}
	}
	if again := strings.Join(p.Axe(browsertest.NoColours), "\n"); !strings.Contains(again, "axe link-name") || strings.Contains(again, "axe color-contrast") {
		t.Errorf("without colours: %s", again)
	}
	if again := p.Axe(browsertest.All, "main"); len(again) > 0 {
		t.Errorf("with the page left out: %v", again)
	}
}
