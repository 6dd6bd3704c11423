package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"reperform/account"
	"reperform/app"
	"reperform/desk"
	"reperform/opsdb"
	"reperform/web"
)

// defaultListen is reached from this machine alone. By name, because passkeys
// are bound to one.
const defaultListen = "localhost:8740"

// serving are the flags of serve.
type serving struct {
	listen, cert, key string
	// public is the address as browsers have it, where that is not the listener's.
	public  string
	secure  bool
	metrics string
	proxies []string
	trusted []netip.Prefix
	mail    mailing
	also    []string
}

func (c *cli) serveCommand() *cobra.Command {
	var s serving
	cmd := c.command("serve", "serve", func(cmd *cobra.Command, _ []string) error {
		if (s.cert == "") != (s.key == "") {
			return errors.New("--tls-cert and --tls-key belong together; give both or neither")
		}
		origin, err := s.origin()
		if err != nil {
			return err
		}
		if s.trusted, err = prefixes(s.proxies); err != nil {
			return err
		}
		h := &house{cli: c, serving: s, at: origin, log: slog.New(slog.NewJSONHandler(c.err, nil))}
		defer h.close()
		if err := h.openOthers(cmd.Context()); err != nil {
			return err
		}
		there, err := app.Exists(c.workspace)
		if err != nil {
			return err
		}
		if !there {
			return h.serveFirstRun(cmd.Context())
		}
		site, err := h.open(cmd.Context())
		if err != nil {
			return err
		}
		return h.serve(cmd.Context(), site.Handler(), "")
	})
	f := cmd.Flags()
	f.StringVar(&s.listen, "listen", defaultListen, "address to listen at")
	f.StringVar(&s.cert, "tls-cert", "", "file of the certificate, for TLS")
	f.StringVar(&s.key, "tls-key", "", "file of its key")
	f.StringVar(&s.public, "public-url", "", "address as browsers have it, as https://soc.example.com (default: the address listened at)")
	f.StringVar(&s.metrics, "metrics", "", "address at which to answer /metrics for Prometheus, as localhost:9740 (default: nowhere)")
	f.StringArrayVar(&s.proxies, "trust-proxy", nil, "network of a proxy whose X-Forwarded-For counts, as 127.0.0.1/32; may be repeated")
	f.StringArrayVar(&s.also, "also", nil, "another workspace to serve, as NAME=DIR, at /w/NAME/; may be repeated")
	f.BoolVar(&s.secure, "secure", false, "browsers reach the site by TLS, through a proxy")
	s.mail.flags(f)
	return cmd
}

// origin is the address as browsers have it: scheme, name and port.
func (s serving) origin() (string, error) {
	if s.public == "" {
		if s.tls() {
			return "https://" + named(s.listen), nil
		}
		return "http://" + named(s.listen), nil
	}
	u, err := url.Parse(s.public)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return "", fmt.Errorf("--public-url %q is not the address of a site; write https:// and its name, with a port where it has one, and no path", s.public)
	}
	if u.Scheme == "http" && s.tls() {
		return "", fmt.Errorf("--public-url %s is without TLS, which the other flags promise; write https://", s.public)
	}
	return u.Scheme + "://" + strings.ToLower(u.Host), nil
}

// named is an address to listen at as a browser on this machine has it: one
// that means every interface is reached by the machine's own name.
func named(listen string) string {
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return listen
	}
	if ip, err := netip.ParseAddr(host); host == "" || err == nil && ip.IsUnspecified() {
		return net.JoinHostPort("localhost", port)
	}
	return listen
}

// passkeyHost is the name to which passkeys are bound. An address in numbers
// can have none.
func passkeyHost(u *url.URL) string {
	if _, err := netip.ParseAddr(u.Hostname()); err == nil || u.Hostname() == "" {
		return "localhost"
	}
	return u.Hostname()
}

// prefixes reads networks; one address alone is one.
func prefixes(words []string) ([]netip.Prefix, error) {
	var out []netip.Prefix
	for _, w := range words {
		p, err := netip.ParsePrefix(w)
		if a, aerr := netip.ParseAddr(w); aerr == nil {
			p, err = netip.PrefixFrom(a, a.BitLen()), nil
		}
		if err != nil {
			return nil, fmt.Errorf("--trust-proxy %q is no network; write an address, or one with the number of leading bits as 10.0.0.0/8", w)
		}
		out = append(out, p.Masked())
	}
	return out, nil
}

// tls tells whether browsers reach the site by TLS alone.
func (s serving) tls() bool {
	return s.cert != "" || s.secure || strings.HasPrefix(strings.ToLower(s.public), "https://")
}

// operations are the users of the operational database of a workspace.
type operations struct {
	db       *opsdb.DB
	accounts *account.Service
	desk     *desk.Service
}

// openOperations opens what a workspace in a folder, which people reach at an
// origin, keeps beside its ledgers. What happens to accounts goes to log, which
// may be nil.
func openOperations(ctx context.Context, dir string, a *app.App, origin string, log *slog.Logger) (*operations, error) {
	u, err := url.Parse(origin)
	if err != nil {
		return nil, err
	}
	key, err := account.LoadKey(filepath.Join(dir, "keys", "accounts.key"), rand.Reader)
	if err != nil {
		return nil, err
	}
	db, err := opsdb.Open(ctx, filepath.Join(dir, opsdb.FileName), account.Schema, desk.Schema)
	if err != nil {
		return nil, err
	}
	o := &operations{db: db}
	c := account.Config{Key: key, Now: time.Now, Random: rand.Reader, Directory: web.Directory{App: a},
		// Passkeys are bound to the name alone.
		RelyingParty: account.RelyingParty{ID: passkeyHost(u), Name: "Reperform", Origins: []string{origin}}}
	if log != nil {
		c.Observe = func(ctx context.Context, e account.Event) { logEvent(ctx, log, e) }
	}
	o.accounts, err = account.New(db, c)
	if err == nil {
		o.desk, err = desk.New(db, desk.Config{Key: key, Now: time.Now, Random: rand.Reader})
	}
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return o, nil
}

func (o *operations) close() { _ = o.db.Close() }

// logEvent writes a line for what happened to an account. The events hold no
// secret and no text that somebody typed.
func logEvent(ctx context.Context, log *slog.Logger, e account.Event) {
	attrs := []slog.Attr{slog.String("event", string(e.Kind))}
	for _, x := range [][2]string{{"person", e.PersonID}, {"by", e.By}, {"ip", e.IP}, {"detail", e.Detail}} {
		if x[1] != "" {
			attrs = append(attrs, slog.String(x[0], x[1]))
		}
	}
	log.LogAttrs(ctx, slog.LevelInfo, "account", attrs...)
}

// grace is how long requests in flight may take once the program is asked to end.
const grace = 10 * time.Second

// house is a workspace that is served, with what has to be ended in the end.
type house struct {
	*cli
	serving
	// at is the address as browsers have it, and base the path below it.
	at, base string
	log      *slog.Logger
	// others are workspaces beside this one, each under a path of its own.
	others []*house

	mu   sync.Mutex
	ops  *operations
	site *web.Site
	// stop ends what runs beside the requests and waits for it.
	stop func()
}

// open opens the workspace and what runs beside its requests.
func (h *house) open(ctx context.Context) (*web.Site, error) {
	a, err := h.cli.open(ctx)
	if err != nil {
		return nil, err
	}
	ops, err := openOperations(ctx, a.Dir(), a, h.at, h.log)
	if err != nil {
		return nil, err
	}
	options := web.Options{App: a, Accounts: ops.accounts, Desk: ops.desk, Origin: h.at, Base: h.base, Secure: h.tls(), Proxies: h.trusted, Log: h.log}
	public := ""
	if h.public != "" {
		public = h.at + h.base
	}
	teller, err := h.mail.open(a, ops, public, h.log)
	if err != nil {
		ops.close()
		return nil, err
	}
	if teller != nil {
		options.Mailer = teller
	}
	site, err := web.New(options)
	if err != nil {
		ops.close()
		return nil, err
	}
	metrics := func() {}
	if h.base == "" {
		if metrics, err = h.serveMetrics(site); err != nil {
			ops.close()
			return nil, err
		}
	}
	background, cancel := context.WithCancel(context.WithoutCancel(ctx))
	// The first page need not wait for what the second finds ready.
	go a.Warm(background)
	followed := make(chan struct{})
	go func() {
		defer close(followed)
		site.Follow(background)
	}()
	recorded := make(chan struct{})
	go func() {
		defer close(recorded)
		h.recordProgram(background, a)
	}()
	ran := make(chan error, 1)
	go func() {
		ran <- ops.accounts.Run(background, func(err error) { h.log.Error("accounts", "error", err.Error()) })
	}()
	told := make(chan struct{})
	go func() {
		defer close(told)
		if teller == nil {
			return
		}
		if err := teller.Run(background); err != nil {
			h.log.Error("nobody is told by mail any more; start the program again", "error", err.Error())
		}
	}()
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ops, h.site, h.stop = ops, site, func() {
		metrics()
		cancel()
		<-ran
		<-followed
		<-recorded
		// A mail that is on its way gets there; one that does not stays queued.
		select {
		case <-told:
		case <-time.After(grace):
		}
		ops.close()
	}
	return site, nil
}

// close ends what open began.
func (h *house) close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.stop != nil {
		h.stop()
		h.stop = nil
	}
	for _, o := range h.others {
		o.close()
		if o.app != nil {
			if err := o.app.Close(); err != nil {
				h.log.Error("a workspace was not closed", "workspace", o.workspace, "error", err.Error())
			}
			o.app = nil
		}
	}
}

// openOthers opens the workspaces beside the first.
func (h *house) openOthers(ctx context.Context) error {
	names := map[string]bool{}
	for _, word := range h.also {
		name, dir, ok := strings.Cut(word, "=")
		if !ok || !otherName.MatchString(name) || dir == "" {
			return fmt.Errorf("--also %q is no workspace with a name; write NAME=DIR, the name of small letters, digits and hyphens", word)
		}
		if names[name] {
			return fmt.Errorf("--also names %q twice", name)
		}
		names[name] = true
		c := *h.cli
		c.workspace, c.app, c.actor = dir, nil, ""
		o := &house{cli: &c, serving: h.serving, at: h.at, base: "/w/" + name, log: h.log.With("workspace", name)}
		h.others = append(h.others, o)
		if _, err := o.open(ctx); err != nil {
			return fmt.Errorf("--also %s: %w", word, err)
		}
	}
	return nil
}

var otherName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}$`)

// beside answers for the other workspaces under their paths, and with next for
// everything else.
func (h *house) beside(next http.Handler) http.Handler {
	if len(h.others) == 0 {
		return next
	}
	mux := http.NewServeMux()
	mux.Handle("/", next)
	for _, o := range h.others {
		mux.Handle(o.base+"/", o.site.Handler())
	}
	return mux
}

// serve answers requests until the program is asked to end. code is that of a
// first run, empty where there is a workspace.
func (h *house) serve(ctx context.Context, handler http.Handler, code string) error {
	l, err := net.Listen("tcp", h.listen)
	if err != nil {
		return fmt.Errorf("cannot listen at %s: %w; choose another address with --listen", h.listen, err)
	}
	srv := &http.Server{Handler: h.beside(handler), ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 5 * time.Minute, WriteTimeout: 2 * time.Minute,
		IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10, ErrorLog: slog.NewLogLogger(h.log.Handler(), slog.LevelWarn)}
	served := make(chan error, 1)
	go func() {
		if h.cert != "" {
			served <- srv.ServeTLS(l, h.cert, h.key)
			return
		}
		served <- srv.Serve(l)
	}()
	if err := h.greet(ctx, code); err != nil {
		return errors.Join(err, srv.Close())
	}
	select {
	case err := <-served:
		return err
	case <-ctx.Done():
	}
	h.mu.Lock()
	site := h.site
	h.mu.Unlock()
	if site != nil {
		// Streams have no end of their own.
		site.Close()
	}
	for _, o := range h.others {
		o.site.Close()
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
	defer cancel()
	if err := srv.Shutdown(last); err != nil {
		return fmt.Errorf("some requests did not finish: %w", err)
	}
	h.stopped = true
	return nil
}

// greet prints where the site is, and how to begin.
func (h *house) greet(ctx context.Context, code string) error {
	if code == "" {
		return h.print(map[string]any{"address": h.at}, func(w io.Writer) {
			fmt.Fprintf(w, "Reperform serves %s at %s\n%sInterrupt it with Ctrl-C.\n", h.app.Dir(), h.at, h.nobody(ctx)+h.alongside())
		})
	}
	setup := h.at + "/setup?code=" + code
	return h.print(map[string]any{"address": h.at, "setup": setup, "code": code}, func(w io.Writer) {
		fmt.Fprintf(w, "There is no workspace in %s yet. Make it in the browser:\n  %s\n", h.workspace, setup)
		fmt.Fprintf(w, "The code in it (%s) works once. Give it to nobody: whoever has it becomes the administrator.\nInterrupt with Ctrl-C.\n", code)
	})
}

// alongside tells where the other workspaces are.
func (h *house) alongside() string {
	var b strings.Builder
	for _, o := range h.others {
		fmt.Fprintf(&b, "and %s at %s%s/\n", o.app.Dir(), o.at, o.base)
	}
	return b.String()
}

// nobody tells, for the terminal, how somebody comes in where there is no
// account yet.
func (h *house) nobody(ctx context.Context) string {
	if n, err := h.ops.accounts.Count(ctx); err != nil || len(n) > 0 {
		return ""
	}
	return fmt.Sprintf("Nobody can sign in yet. This makes the link for the first person:\n  reperform --workspace %s account invite %s --email ADDRESS --address %s\n", h.workspace, h.app.DefaultActor(), h.at)
}

// serveMetrics answers /metrics at an address of its own, where one is given.
func (s serving) serveMetrics(site *web.Site) (stop func(), err error) {
	if s.metrics == "" {
		return func() {}, nil
	}
	l, err := net.Listen("tcp", s.metrics)
	if err != nil {
		return nil, fmt.Errorf("cannot listen at %s: %w; choose another address with --metrics", s.metrics, err)
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", site.Metrics())
	srv := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second, WriteTimeout: time.Minute}
	go func() { _ = srv.Serve(l) }()
	return func() { _ = srv.Close() }, nil
}
