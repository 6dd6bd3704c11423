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
	"time"

	"github.com/spf13/cobra"

	"reperform/account"
	"reperform/app"
	"reperform/opsdb"
	"reperform/web"
)

// defaultListen is reached from this machine alone. By name, because passkeys
// are bound to one.
const defaultListen = "localhost:8740"

// serving are the flags of serve.
type serving struct {
	listen, cert, key string
	address           string
	secure            bool
}

func (c *cli) serveCommand() *cobra.Command {
	var s serving
	cmd := c.command("serve", "serve", func(cmd *cobra.Command, _ []string) error {
		if (s.cert == "") != (s.key == "") {
			return errors.New("--tls-cert and --tls-key belong together; give both or neither")
		}
		if err := s.check(); err != nil {
			return err
		}
		there, err := app.Exists(c.workspace)
		if err != nil {
			return err
		}
		if !there {
			return c.serveFirstRun(cmd.Context(), s)
		}
		log := slog.New(slog.NewJSONHandler(c.err, nil))
		h := &house{cli: c, serving: s, log: log}
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
	f.StringVar(&s.address, "address", "", "address by which browsers reach the site, such as https://soc.example.com (default: that of --listen)")
	f.BoolVar(&s.secure, "secure", false, "browsers reach the site by TLS, through a proxy")
	return cmd
}

// check looks whether the address, if one is given, can be one.
func (s *serving) check() error {
	if s.address == "" {
		return nil
	}
	u, err := url.Parse(s.address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Path != "" && u.Path != "/" {
		return fmt.Errorf("--address %q is not the address of a site; write it like https://soc.example.com, without a path", s.address)
	}
	s.address = u.Scheme + "://" + u.Host
	s.secure = s.secure || u.Scheme == "https"
	return nil
}

// origin is the address as browsers have it.
func (s serving) origin() string {
	switch {
	case s.address != "":
		return s.address
	case s.cert != "" || s.secure:
		return "https://" + named(s.listen)
	}
	return "http://" + named(s.listen)
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

// passkeyHost is the name to which passkeys are bound. An address in numbers can
// have none.
func passkeyHost(origin string) string {
	u, err := url.Parse(origin)
	if err != nil || u.Hostname() == "" {
		return "localhost"
	}
	if _, err := netip.ParseAddr(u.Hostname()); err == nil {
		return "localhost"
	}
	return u.Hostname()
}

// openAccounts opens the accounts of a workspace in a folder. Events go to log,
// which may be nil.
func openAccounts(ctx context.Context, dir string, a *app.App, origin string, log *slog.Logger) (*account.Service, func(), error) {
	key, err := account.LoadKey(filepath.Join(dir, "keys", "accounts.key"), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	db, err := opsdb.Open(ctx, filepath.Join(dir, "operations.db"), account.Schema)
	if err != nil {
		return nil, nil, err
	}
	c := account.Config{Key: key, Now: time.Now, Random: rand.Reader, Directory: web.Directory{App: a},
		RelyingParty: account.RelyingParty{ID: passkeyHost(origin), Name: "Reperform", Origins: []string{origin}}}
	if log != nil {
		c.Observe = func(ctx context.Context, e account.Event) { logEvent(ctx, log, e) }
	}
	s, err := account.New(db, c)
	if err != nil {
		return nil, nil, errors.Join(err, db.Close())
	}
	return s, func() { _ = db.Close() }, nil
}

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
	log *slog.Logger

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
	accounts, closeAccounts, err := openAccounts(ctx, a.Dir(), a, h.origin(), h.log)
	if err != nil {
		return nil, err
	}
	site, err := web.New(web.Options{App: a, Accounts: accounts, Origin: h.origin(), Secure: h.cert != "" || h.secure, Log: h.log})
	if err != nil {
		closeAccounts()
		return nil, err
	}
	background, cancel := context.WithCancel(context.WithoutCancel(ctx))
	ran := make(chan error, 1)
	go func() {
		ran <- accounts.Run(background, func(err error) { h.log.Error("accounts", "error", err.Error()) })
	}()
	h.site, h.stop = site, func() {
		cancel()
		<-ran
		closeAccounts()
	}
	return site, nil
}

// nobody tells, for the terminal, that there is no account yet.
func (h *house) nobody(ctx context.Context) string {
	a := h.app
	accounts, closeAccounts, err := openAccounts(ctx, a.Dir(), a, h.origin(), nil)
	if err != nil {
		return ""
	}
	defer closeAccounts()
	if n, err := accounts.Count(ctx); err != nil || len(n) > 0 {
		return ""
	}
	return fmt.Sprintf("Nobody can sign in yet. The link for the first person:\n  reperform --workspace %s account invite %s --email ADDRESS --address %s\n", h.workspace, a.DefaultActor(), h.origin())
}

// serve answers requests until the program is asked to end. code is that of a
// first run, empty where there is a workspace.
func (h *house) serve(ctx context.Context, handler http.Handler, code string) error {
	defer func() {
		if h.stop != nil {
			h.stop()
		}
	}()
	l, err := net.Listen("tcp", h.listen)
	if err != nil {
		return fmt.Errorf("cannot listen at %s: %w; choose another address with --listen", h.listen, err)
	}
	srv := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 5 * time.Minute, WriteTimeout: 2 * time.Minute,
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
		return err
	}
	select {
	case err := <-served:
		return err
	case <-ctx.Done():
	}
	// Streams have no end of their own.
	if h.site != nil {
		h.site.Close()
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
		return h.print(map[string]any{"address": h.origin()}, func(w io.Writer) {
			fmt.Fprintf(w, "Reperform serves %s at %s\n%sInterrupt it with Ctrl-C.\n", h.app.Dir(), h.origin(), h.nobody(ctx))
		})
	}
	at := h.origin() + "/setup?code=" + code
	return h.print(map[string]any{"address": h.origin(), "setup": at, "code": code}, func(w io.Writer) {
		fmt.Fprintf(w, "There is no workspace in %s yet. Make it in the browser:\n  %s\n", h.workspace, at)
		fmt.Fprintf(w, "The code in it (%s) works once. Give it to nobody: whoever has it becomes the administrator.\nInterrupt with Ctrl-C.\n", code)
	})
}
