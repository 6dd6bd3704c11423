// Package static holds what browsers load beside pages: styles, scripts, icons
// and the typeface, all embedded. Every file has the hash of its content in
// its name, so that it may be kept for ever and never be stale, and is
// compressed once when the program starts. Style sheets and scripts of single
// pages stand beside these pages and are joined here into one file each.
package static

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"slices"
	"strings"
)

//go:embed files
var files embed.FS

// Prefix is where the assets are served.
const Prefix = "/static/"

var contentTypes = map[string]string{
	".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8",
	".svg": "image/svg+xml", ".woff2": "font/woff2",
}

type asset struct {
	body, packed []byte
	contentType  string
}

// Assets are the files by the name under which they are served.
type Assets struct {
	byName map[string]asset
	urls   map[string]string
}

// New reads the embedded files and joins to app.css and app.js the parts that
// stand beside pages, in the order given. The style sheets and scripts in the folder
// pages of apart are served each for itself.
func New(apart fs.FS, parts ...fs.FS) (*Assets, error) {
	a := &Assets{byName: map[string]asset{}, urls: map[string]string{}}
	own, err := fs.Sub(files, "files")
	if err != nil {
		return nil, err
	}
	names, err := fs.Glob(own, "*")
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		if contentTypes[path.Ext(name)] == "" {
			continue
		}
		body, err := fs.ReadFile(own, name)
		if err != nil {
			return nil, err
		}
		if err := a.add(name, body); err != nil {
			return nil, err
		}
	}
	styles, err := fs.Sub(own, "css")
	if err != nil {
		return nil, err
	}
	scripts, err := fs.Sub(own, "js")
	if err != nil {
		return nil, err
	}
	css, err := join(append([]fs.FS{styles}, parts...), "*.css")
	if err != nil {
		return nil, err
	}
	// Style sheets name fonts by their plain names.
	for name, url := range a.urls {
		css = bytes.ReplaceAll(css, []byte("url("+name+")"), []byte("url("+url+")"))
	}
	if err := a.add("app.css", css); err != nil {
		return nil, err
	}
	js, err := join(append([]fs.FS{scripts}, parts...), "*.js")
	if err != nil {
		return nil, err
	}
	if err := a.add("app.js", js); err != nil {
		return nil, err
	}
	return a, a.apart(apart)
}

// apart adds the files of pages that need more than all pages do.
func (a *Assets) apart(from fs.FS) error {
	if from == nil {
		return nil
	}
	names, err := fs.Glob(from, "pages/*")
	if err != nil {
		return err
	}
	for _, name := range names {
		body, err := fs.ReadFile(from, name)
		if err != nil {
			return err
		}
		if _, taken := a.urls[path.Base(name)]; taken || contentTypes[path.Ext(name)] == "" {
			return fmt.Errorf("static: %s cannot be served: its name is taken, or its type is not known", name)
		}
		if err := a.add(path.Base(name), bytes.TrimSpace(body)); err != nil {
			return err
		}
	}
	return nil
}

func join(from []fs.FS, pattern string) ([]byte, error) {
	var out bytes.Buffer
	for _, f := range from {
		names, err := fs.Glob(f, pattern)
		if err != nil {
			return nil, err
		}
		slices.Sort(names)
		for _, name := range names {
			b, err := fs.ReadFile(f, name)
			if err != nil {
				return nil, err
			}
			out.Write(bytes.TrimSpace(b))
			out.WriteByte('\n')
		}
	}
	return out.Bytes(), nil
}

func (a *Assets) add(name string, body []byte) error {
	sum := sha256.Sum256(body)
	ext := path.Ext(name)
	served := strings.TrimSuffix(name, ext) + "." + hex.EncodeToString(sum[:6]) + ext
	x := asset{body: body, contentType: contentTypes[ext]}
	if ext != ".woff2" {
		var b bytes.Buffer
		z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
		if err != nil {
			return err
		}
		if _, err := z.Write(body); err != nil {
			return err
		}
		if err := z.Close(); err != nil {
			return err
		}
		x.packed = b.Bytes()
	}
	a.byName[served] = x
	a.urls[name] = Prefix + served
	return nil
}

// URL is the address of an asset by its plain name, such as "app.css". A name
// that does not exist is a mistake of the program.
func (a *Assets) URL(name string) string {
	u, ok := a.urls[name]
	if !ok {
		panic(fmt.Sprintf("static: there is no asset %q", name))
	}
	return u
}

// ServeHTTP serves the assets.
func (a *Assets) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x, ok := a.byName[strings.TrimPrefix(r.URL.Path, Prefix)]
	if !ok {
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	h.Set("Content-Type", x.contentType)
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("Vary", "Accept-Encoding")
	body := x.body
	if x.packed != nil && strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		h.Set("Content-Encoding", "gzip")
		body = x.packed
	}
	h.Set("Content-Length", fmt.Sprint(len(body)))
	if r.Method != http.MethodHead {
		// A browser that went away is nobody's error.
		_, _ = w.Write(body)
	}
}
