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
	"strings"
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
		a, err := c.open(cmd.Context())
		if err != nil {
			return err
		}
		ops, err := openOperations(cmd.Context(), a, origin)
		if err != nil {
			return err
		}
		defer ops.close()
		return c.serve(cmd.Context(), a, ops, s, origin)
	})
	f := cmd.Flags()
	f.StringVar(&s.listen, "listen", defaultListen, "address to listen at")
	f.StringVar(&s.cert, "tls-cert", "", "file of the certificate, for TLS")
	f.StringVar(&s.key, "tls-key", "", "file of its key")
	f.StringVar(&s.public, "public-url", "", "address as browsers have it, as https://soc.example.com (default: the address listened at)")
	f.StringVar(&s.metrics, "metrics", "", "address at which to answer /metrics for Prometheus, as localhost:9740 (default: nowhere)")
	f.StringArrayVar(&s.proxies, "trust-proxy", nil, "network of a proxy whose X-Forwarded-For counts, as 127.0.0.1/32; may be repeated")
	f.BoolVar(&s.secure, "secure", false, "browsers reach the site by TLS, through a proxy")
	return cmd
}

// origin is the address as browsers have it: scheme, name and port.
func (s serving) origin() (string, error) {
	if s.public == "" {
		if s.tls() {
			return "https://" + s.listen, nil
		}
		return "http://" + s.listen, nil
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

// openOperations opens what a workspace, which people reach at an origin, keeps
// beside its ledgers.
func openOperations(ctx context.Context, a *app.App, origin string) (*operations, error) {
	u, err := url.Parse(origin)
	if err != nil {
		return nil, err
	}
	key, err := account.LoadKey(filepath.Join(a.Dir(), "keys", "accounts.key"), rand.Reader)
	if err != nil {
		return nil, err
	}
	db, err := opsdb.Open(ctx, filepath.Join(a.Dir(), opsdb.FileName), account.Schema, desk.Schema)
	if err != nil {
		return nil, err
	}
	o := &operations{db: db}
	o.accounts, err = account.New(db, account.Config{Key: key, Now: time.Now, Random: rand.Reader, Directory: web.Directory{App: a},
		// Passkeys are bound to the name alone.
		RelyingParty: account.RelyingParty{ID: u.Hostname(), Name: "Reperform", Origins: []string{origin}}})
	if err == nil {
		o.desk, err = desk.New(db, desk.Config{Key: key, Now: time.Now, Random: rand.Reader})
	}
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return o, nil
}

func (o *operations) close() { _ = o.db.Close() }

// grace is how long requests in flight may take once the program is asked to end.
const grace = 10 * time.Second

func (c *cli) serve(ctx context.Context, a *app.App, ops *operations, s serving, origin string) error {
	log := slog.New(slog.NewJSONHandler(c.err, nil))
	site, err := web.New(web.Options{App: a, Accounts: ops.accounts, Desk: ops.desk, Secure: s.tls(), Proxies: s.trusted, Log: log})
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", s.listen)
	if err != nil {
		return fmt.Errorf("cannot listen at %s: %w; choose another address with --listen", s.listen, err)
	}
	srv := &http.Server{Handler: site.Handler(), ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 5 * time.Minute, WriteTimeout: 2 * time.Minute,
		IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn)}
	metrics, err := s.serveMetrics(site)
	if err != nil {
		return errors.Join(err, l.Close())
	}
	defer metrics()
	// The first page need not wait for what the second finds ready.
	go a.Warm(ctx)
	background, stop := context.WithCancel(ctx)
	defer stop()
	ran := make(chan error, 1)
	go func() {
		ran <- ops.accounts.Run(background, func(err error) { log.Error("accounts", "error", err.Error()) })
	}()
	served := make(chan error, 1)
	go func() {
		if s.cert != "" {
			served <- srv.ServeTLS(l, s.cert, s.key)
			return
		}
		served <- srv.Serve(l)
	}()
	if err := c.print(map[string]any{"address": origin}, func(w io.Writer) {
		fmt.Fprintf(w, "Reperform serves %s at %s\nInterrupt it with Ctrl-C.\n", a.Dir(), origin)
	}); err != nil {
		return err
	}
	select {
	case err := <-served:
		return err
	case <-ctx.Done():
	}
	// Streams have no end of their own.
	site.Close()
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
	defer cancel()
	err = srv.Shutdown(last)
	stop()
	<-ran
	if err != nil {
		return fmt.Errorf("some requests did not finish: %w", err)
	}
	c.stopped = true
	return nil
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
