package web

import (
	"context"
	"crypto/subtle"
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"time"

	"reperform/account"
	"reperform/soc1"
	"reperform/web/static"
	"reperform/web/ui"
)

// FirstRun is what makes a workspace: the organization, where its records
// start, and the first administrator.
type FirstRun struct {
	Organization soc1.Organization
	// Service is the code of a service type of the library; empty starts with no
	// records.
	Service  string
	PersonID string
	Person   soc1.Person
	Password string
	// Client is the browser that signs in with it.
	Client account.Client
}

// ServiceType is one of the library's.
type ServiceType struct {
	Code, Name string
	// Objectives and Controls are how many it begins with.
	Objectives, Controls int
}

// SetupOptions are what a first run takes from its surroundings.
type SetupOptions struct {
	// Code is the secret that was printed in the terminal. Nobody goes on
	// without it: until there is an administrator, whoever comes first is one.
	Code string
	// Services are the service types to start from.
	Services []ServiceType
	// Make makes the workspace, all or nothing, and answers its site with the
	// first administrator's sign-in. From then on requests go to that site.
	Make func(context.Context, FirstRun) (*Site, account.SignedIn, error)
	// Secure, Proxies and Log are as for the site itself.
	Secure  bool
	Proxies []netip.Prefix
	Log     *slog.Logger
}

// Setup leads through the first run. Once the workspace is made it serves that.
type Setup struct {
	opt  SetupOptions
	bare *Site

	// making is held by the one who makes the workspace.
	making sync.Mutex

	mu   sync.RWMutex
	site http.Handler
}

// NewSetup makes the pages of a first run.
func NewSetup(opt SetupOptions) (*Setup, error) {
	assets, err := static.New(apart, parts)
	if err != nil {
		return nil, err
	}
	if len(normalCode(opt.Code)) < 16 {
		return nil, errors.New("a first run needs a code of 16 signs at least")
	}
	log := opt.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Setup{opt: opt, bare: &Site{opt: Options{Secure: opt.Secure, Proxies: opt.Proxies}, assets: assets, log: log, now: time.Now}}, nil
}

// Handler serves the first run, and after it the workspace.
func (s *Setup) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET "+static.Prefix, s.bare.assets)
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("ok\n")) })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "there is no workspace yet", http.StatusServiceUnavailable)
	})
	page := func(serve func(*request) error) http.Handler { return s.bare.handle(route{public: true, serve: serve}) }
	mux.Handle("GET /setup", page(s.form))
	mux.Handle("POST /setup", page(s.make))
	mux.Handle("POST /password-check", page(answering((*request).checkPassword)))
	mux.Handle("/", page(func(r *request) error { return r.redirect("/setup") }))
	first := s.bare.around(mux)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.RLock()
		site := s.site
		s.mu.RUnlock()
		if site == nil {
			site = first
		}
		site.ServeHTTP(w, r)
	})
}

// setupPage is the form of a first run.
type setupPage struct {
	f        *ui.Frame
	Problem  string
	Problems map[string]string
	Form     url.Values
	Code     string
	Services []ServiceType
	Zones    []string
}

// normalCode is a code as it is compared: people type it with or without dashes.
func normalCode(s string) string {
	return strings.Map(func(c rune) rune {
		if c == '-' || c == ' ' {
			return -1
		}
		return c
	}, strings.ToUpper(strings.TrimSpace(s)))
}

func (s *Setup) knows(code string) bool {
	return subtle.ConstantTimeCompare([]byte(normalCode(code)), []byte(normalCode(s.opt.Code))) == 1
}

// form shows the form to whoever has the code, and asks everybody else for it.
func (s *Setup) form(r *request) error {
	code := r.URL.Query().Get("code")
	p := &setupPage{Form: url.Values{}}
	switch {
	case s.knows(code):
		p.Code = code
	case code != "":
		p.Problem = "This is not the code. It stands in the terminal in which the program was started, and is another one after each start."
		return s.show(r, http.StatusForbidden, p)
	}
	return s.show(r, http.StatusOK, p)
}

func (s *Setup) show(r *request, status int, p *setupPage) error {
	p.f, p.Services, p.Zones = r.plainFrame("Set up Reperform"), s.opt.Services, zones
	return r.write(status, ui.Plain(p.f, p.Code != "", setupBody(p)))
}

// make makes the workspace of a form, or shows it again with what is wrong.
func (s *Setup) make(r *request) error {
	v, err := r.formValues()
	if err != nil {
		return err
	}
	p := &setupPage{Form: v, Code: v.Get("code"), Problems: map[string]string{}}
	if !s.knows(p.Code) {
		p.Code, p.Problem = "", "This is not the code. It stands in the terminal in which the program was started, and is another one after each start."
		return s.show(r, http.StatusForbidden, p)
	}
	run, err := s.read(r, v, p.Problems)
	if err != nil {
		return err
	}
	if len(p.Problems) > 0 {
		p.Problem = count(len(p.Problems), "field") + " to correct. Nothing was made yet."
		return s.show(r, http.StatusUnprocessableEntity, p)
	}
	// One at a time, and only once: whoever waited here comes too late.
	s.making.Lock()
	defer s.making.Unlock()
	s.mu.RLock()
	done := s.site != nil
	s.mu.RUnlock()
	if done {
		return r.redirect("/sign-in")
	}
	// The work is whole or undone; a browser that goes away does not stop it.
	site, in, err := s.opt.Make(context.WithoutCancel(r.Context()), run)
	if err != nil {
		if x := explain(err); x.Status != http.StatusUnprocessableEntity {
			return err
		}
		p.Problem = err.Error()
		return s.show(r, http.StatusUnprocessableEntity, p)
	}
	s.mu.Lock()
	s.site = site.Handler()
	s.mu.Unlock()
	r.site = site
	r.setCookie(site.sessionCookie(), in.Token, 0)
	return r.redirect(site.base + "/welcome")
}

// read makes a first run of a form. Problems are by the name of the field.
func (s *Setup) read(r *request, v url.Values, problems map[string]string) (FirstRun, error) {
	text := func(name string) string { return strings.TrimSpace(v.Get(name)) }
	run := FirstRun{
		Organization: soc1.Organization{Name: text("organization"), Timezone: text("timezone"), Currency: strings.ToUpper(text("currency")), Country: text("country")},
		Service:      text("service"),
		Person: soc1.Person{Name: text("name"), Title: text("title"), Email: text("email"), Side: soc1.SideServiceOrganization,
			Roles: []soc1.Role{soc1.Administrator, soc1.ComplianceManager}},
		Password: v.Get("password"), Client: r.client(),
	}
	var err error
	if run.PersonID, err = personID(); err != nil {
		return run, err
	}
	say := func(field, words string) {
		if problems[field] == "" {
			problems[field] = words
		}
	}
	for _, x := range run.Organization.Validate() {
		field := x.Field
		if field == "name" {
			field = "organization"
		}
		say(field, strings.TrimSpace(x.Message+" "+x.Remedy))
	}
	if _, err := time.LoadLocation(run.Organization.Timezone); err != nil {
		say("timezone", "This time zone is not known. Choose one of the list, such as America/Chicago.")
	}
	if run.Service != "" && !hasService(s.opt.Services, run.Service) {
		say("service", "There is no such service type.")
	}
	for _, x := range run.Person.Validate() {
		say(x.Field, strings.TrimSpace(x.Message+" "+x.Remedy))
	}
	if _, err := account.NormalizeEmail(run.Person.Email); err != nil {
		say("email", "Give the e-mail address by which you sign in.")
	}
	switch err := account.CheckPassword(run.Password, run.Person.Email, run.Person.Name); {
	case err != nil:
		say("password", err.Error())
	case run.Password != v.Get("again"):
		say("again", "The two passwords differ. Type the same one twice.")
	}
	return run, nil
}

func hasService(all []ServiceType, code string) bool {
	for _, s := range all {
		if s.Code == code {
			return true
		}
	}
	return false
}
