package web

import (
	"context"
	"embed"
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"github.com/klauspost/compress/gzhttp"

	"reperform/account"
	"reperform/app"
	"reperform/desk"
	"reperform/recent"
	"reperform/web/chart"
	"reperform/web/static"
)

// parts are the style sheets and scripts that stand beside pages.
//
//go:embed *.css
var parts embed.FS

// apart are those that one page alone needs, which ui.Frame.Parts names: what every page
// loads stays small.
//
//go:embed pages
var apart embed.FS

// Options are what a site takes from its surroundings.
type Options struct {
	App *app.App
	// Base is the path under which the workspace is served, without the slash
	// at its end; empty is the root.
	Base string
	// Accounts lets people sign in.
	Accounts *account.Service
	// Desk keeps saved views, read marks and preferences; without it, pages do
	// not offer them.
	Desk *desk.Service
	// Mailer sends mail; nil where no mail server is set up.
	Mailer Mailer
	// Secure says that browsers reach the site by TLS alone.
	Secure bool
	// Origin is the address of the site as browsers have it, such as
	// https://soc.example.com, for links that leave it; empty takes what the
	// request says.
	Origin string
	// Proxies are the networks of proxies whose word counts for where a request
	// comes from.
	Proxies []netip.Prefix
	// Who tells who asks, or by ErrSignedOut that nobody is signed in; nil asks
	// the session's cookie.
	Who func(*http.Request) (string, error)
	// Log hears of requests and errors; nil is silence.
	Log *slog.Logger
	// Now is the clock; nil is the system's.
	Now func() time.Time
}

// ErrSignedOut says that a request comes from nobody who is signed in.
var ErrSignedOut = errors.New("sign in first")

// Site serves one workspace.
type Site struct {
	opt     Options
	app     *app.App
	assets  *static.Assets
	base    string
	log     *slog.Logger
	now     func() time.Time
	routes  []route
	streams streams
	notices notices
	metrics *metrics

	matrices matrixCache
	// people are the names by ledger that the page of activity offers, see namesIn.
	people sync.Map
	shown  recent.Map[shownKey, shownRow]
	// rights are what people may change in a matrix.
	rights   recent.Map[rightsOf, matrixRights]
	presence presence
	inboxes  inboxCounts
	// marks keeps what people have read; nil where nothing does.
	marks readMarks
	// may is what people may change, see mayChange.
	may     sync.Map
	waiting waitingTables
	homes   homes
	uploads waitingFiles
	// works are long work that goes on, staged are files that wait to be frozen.
	works  works
	staged stagedFiles
	// reports are what PDFs of subservice organizations propose.
	reports readReports
	// done are the forms that were sent, see once.
	done doneOnce
	// trendPatience is how long a home page waits for its trend; zero is the
	// usual time.
	trendPatience time.Duration
}

// route is one address with the methods it answers.
type route struct {
	pattern string
	public  bool
	serve   func(*request) error
}

// New makes the site of a workspace.
func New(opt Options) (*Site, error) {
	assets, err := static.New(apart, parts, chart.Styles)
	if err != nil {
		return nil, err
	}
	s := &Site{opt: opt, app: opt.App, assets: assets, base: opt.Base, log: opt.Log, now: opt.Now}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if s.now == nil {
		s.now = time.Now
	}
	if s.opt.Who == nil {
		s.opt.Who = s.whoSession
	}
	if opt.Desk != nil {
		s.marks = opt.Desk
	}
	s.metrics = newMetrics(s)
	s.register()
	return s, nil
}

// register lists every address of the site in one place.
func (s *Site) register() {
	if s.opt.Accounts != nil {
		s.addPublic("GET /sign-in", (*request).signInForm)
		s.addPublic("POST /sign-in", (*request).signIn)
		s.addPublic("POST /sign-in/code", (*request).secondFactor)
		s.addPublic("POST /sign-out", (*request).signOut)
		s.addPublic("GET /invite/{token}", (*request).invited)
		s.addPublic("POST /invite/{token}", (*request).accept)
		if s.opt.Mailer != nil {
			s.addPublic("GET /forgot", (*request).forgot)
			s.addPublic("POST /forgot", (*request).askReset)
		}
		s.registerPasskeys()
		s.registerSettings()
		s.registerSigning()
	}
	s.add("GET /time", (*request).travel)
	s.add("POST /preferences", (*request).prefer)
	s.add("GET /palette", (*request).palette)
	s.add("GET /live", (*request).stream)
	s.add("GET /activity", (*request).activity)
	s.add("GET /readiness", (*request).readiness)
	s.add("GET /readiness.pdf", (*request).readinessPDF)
	s.add("POST /gaps/accept", (*request).acceptGap)
	s.add("GET /calendar", (*request).calendar)
	s.add("GET /calendar.csv", (*request).calendarCSV)
	s.add("GET /calendar.xlsx", (*request).calendarXLSX)
	s.add("GET /calendar/measures", (*request).calendarMeasures)
	s.add("POST /calendar/own", (*request).fileOwnEvidence)
	s.add("GET /calendar/of/{control}", (*request).occurrences)
	s.add("GET /calendar/of/{control}/perform", (*request).performForm)
	s.add("POST /calendar/of/{control}/perform", (*request).perform)
	s.add("POST /calendar/of/{control}/review", (*request).reviewPerformance)
	s.add("GET /remediation", (*request).remediation)
	s.add("POST /remediation/close", (*request).closePlan)
	s.add("GET /start", (*request).start)
	s.add("POST /start", (*request).postStart)
	s.add("POST /start/use", (*request).useProposal)
	s.add("GET /scope", (*request).scope)
	s.add("POST /scope/freeze", (*request).freezeScope)
	s.add("GET /scope/forward", (*request).showForward)
	s.add("POST /scope/forward", (*request).rollForward)
	s.add("POST /gaps/withdraw", (*request).withdrawGap)
	s.add("GET /subservice", (*request).listSubservice)
	s.add("POST /subservice", (*request).takeInReport)
	s.add("GET /subservice/{id}", (*request).showReport)
	s.add("POST /subservice/{id}", (*request).saveReport)
	s.add("GET /mapping", (*request).listMapping)
	s.add("GET /mapping/of/{framework}", (*request).showFramework)
	s.add("GET /mapping/of/{framework}/coverage.csv", (*request).coverageCSV)
	s.add("GET /mapping/of/{framework}/coverage.xlsx", (*request).coverageXLSX)
	s.add("POST /mapping/reuse/{id}", (*request).reuseControl)
	s.add("GET /mapping/import", (*request).frameworkImportForm)
	s.add("POST /mapping/import", (*request).receiveFramework)
	s.add("GET /mapping/import/{token}", (*request).showFrameworkPlan)
	s.add("POST /mapping/import/{token}", (*request).recordFramework)
	s.add("GET /policies", (*request).listPolicies)
	s.add("GET /policies/starters", (*request).showStarters)
	s.add("POST /policies/starters", (*request).adoptPolicies)
	s.add("GET /policies/of/{id}", (*request).showPolicy)
	s.add("POST /policies/of/{id}/decide", (*request).decidePolicy)
	s.add("GET /policies/campaigns/{id}", (*request).showCampaign)
	s.add("POST /policies/campaigns/{id}/confirm", (*request).confirmCampaign)
	s.add("POST /policies/campaigns/{id}/file", (*request).fileCampaign)
	s.add("GET /events", (*request).listEvents)
	s.add("POST /events/confirm", (*request).confirmEvents)
	s.add("GET /events/{id}", (*request).showEvent)
	s.add("POST /events/{id}/assess", (*request).assessEvent)
	s.add("GET /training", (*request).showTraining)
	s.add("POST /training/adopt", (*request).adoptCourse)
	s.add("GET /training/course/new", (*request).newCourse)
	s.add("POST /training/course/new", (*request).keepCourse)
	s.add("GET /training/{id}", (*request).showCourse)
	s.add("GET /training/{id}/edit", (*request).editCourse)
	s.add("POST /training/{id}/edit", (*request).keepCourse)
	s.add("GET /training/{id}/quiz", (*request).showQuiz)
	s.add("POST /training/{id}/quiz", (*request).takeQuiz)
	s.add("GET /training/{id}/assign", (*request).assignCourse)
	s.add("POST /training/{id}/assign", (*request).recordAssignment)
	s.add("POST /training/{id}/evidence", (*request).fileTraining)
	s.add("GET /risks", (*request).risks)
	s.add("POST /risks/sessions", (*request).openRiskSession)
	s.add("GET /risks/sessions/{id}", (*request).riskSession)
	s.add("POST /risks/sessions/{id}/score", (*request).scoreRisks)
	s.add("POST /risks/sessions/{id}/lead/{do}", (*request).leadRisks)
	s.add("POST /matrix/change", (*request).postMatrix)
	s.add("GET /matrix/choices", (*request).matrixChoices)
	s.add("GET /matrix/statement", (*request).matrixStatement)
	s.registerMail()
	// A register and its records, in the organization's ledger or another.
	for _, at := range []string{"", "/x/{ledger}"} {
		s.add("GET "+at+"/matrix", (*request).matrix)
		s.add("GET "+at+"/matrix.xlsx", (*request).matrixXLSX)
		s.add("GET "+at+"/matrix.csv", (*request).matrixCSV)
		s.add("GET "+at+"/gaps", (*request).gaps)
		s.add("GET "+at+"/gaps.csv", (*request).gapsCSV)
		s.add("GET "+at+"/gaps.xlsx", (*request).gapsXLSX)
		s.add("GET "+at+"/papers", (*request).papers)
		s.add("GET "+at+"/papers/{test}", (*request).paper)
		s.add("GET "+at+"/papers/{test}/cells", (*request).paperCells)
		s.add("POST "+at+"/papers/{test}/cells", (*request).enterCells)
		s.add("GET "+at+"/papers/{test}/items", (*request).paperItems)
		s.add("POST "+at+"/papers/{test}/sign", (*request).signPaper)
		s.add("POST "+at+"/papers/{test}/evidence", (*request).attachToPaper)
		s.add("POST "+at+"/papers/{test}/run", (*request).runPaper)
		s.add("POST "+at+"/papers/{test}/exceptions", (*request).decideExceptions)
		s.add("GET "+at+"/papers/{test}/csv", (*request).paperCSV)
		s.add("GET "+at+"/papers/{test}/xlsx", (*request).paperXLSX)
		s.add("GET "+at+"/populations", (*request).listPopulations)
		s.add("GET "+at+"/populations/new", (*request).newPopulation)
		s.add("POST "+at+"/populations/new", (*request).attachPopulation)
		s.add("POST "+at+"/populations/files", (*request).uploadPopulation)
		s.add("GET "+at+"/populations/staged/{token}", (*request).stagedPopulation)
		s.add("POST "+at+"/populations/staged/{token}", (*request).freezePopulation)
		s.add("GET "+at+"/populations/derive", (*request).derivePopulation)
		s.add("POST "+at+"/populations/derive", (*request).runDerivation)
		s.add("GET "+at+"/populations/under-way/{token}", (*request).showWork)
		s.add("GET "+at+"/populations/{id}", (*request).population)
		s.add("POST "+at+"/populations/{id}", (*request).checkPopulation)
		s.add("GET "+at+"/entry/{pos}", (*request).entry)
		s.add("GET "+at+"/r/{kind}", (*request).list)
		s.add("GET "+at+"/r/{kind}/new", (*request).create)
		s.add("POST "+at+"/r/{kind}/new", (*request).saveNew)
		s.add("GET "+at+"/r/{kind}/{id}", (*request).record)
		s.add("GET "+at+"/r/{kind}/{id}/edit", (*request).edit)
		s.add("POST "+at+"/r/{kind}/{id}/edit", (*request).save)
		s.add("POST "+at+"/r/{kind}/{id}/resolve", (*request).resolve)
		s.add("GET "+at+"/r/{kind}/{id}/history", (*request).history)
		s.add("POST "+at+"/evidence/files", (*request).uploadFile)
		s.add("POST "+at+"/r/{kind}/{id}/files", (*request).addFiles)
		s.add("GET "+at+"/r/{kind}/{id}/files/{sha256}", (*request).download)
		s.add("GET "+at+"/r/{kind}/{id}/files/{sha256}/view", (*request).viewFile)
		s.add("GET "+at+"/r/{kind}/{id}/files/{sha256}/raw/{name}", (*request).showRaw)
	}
	s.registerPlanning()
	s.registerTalk()
	s.registerTables()
	s.registerViews()
	s.registerPeople()
	s.registerMailTrouble()
	s.registerHome()
}

func (s *Site) add(pattern string, serve func(*request) error) {
	s.routes = append(s.routes, route{pattern: pattern, serve: serve})
}

func (s *Site) addPublic(pattern string, serve func(*request) error) {
	s.routes = append(s.routes, route{pattern: pattern, public: true, serve: serve})
}

// Handler serves the site.
func (s *Site) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET "+static.Prefix, s.assets)
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("ok\n")) })
	mux.HandleFunc("GET /readyz", s.ready)
	for _, r := range s.routes {
		mux.Handle(r.pattern, s.metrics.measured(r.pattern, s.handle(r)))
	}
	mux.Handle("/", s.metrics.measured("", s.handle(route{serve: (*request).nowhere})))
	return s.around(mux)
}

// around puts about all pages what holds for each of them: compression, a wall
// against forms of other sites, the base, and what browsers must hold it to.
func (s *Site) around(h http.Handler) http.Handler {
	compress, err := gzhttp.NewWrapper(gzhttp.MinSize(800), gzhttp.ExceptContentTypes([]string{"text/event-stream", "font/woff2"}))
	if err == nil {
		h = compress(h)
	}
	wall := http.NewCrossOriginProtection()
	wall.SetDenyHandler(s.handle(route{public: true, serve: func(*request) error { return errForeign }}))
	// A mail program asks from wherever it is. What it may do, the token in the
	// address says, and no cookie.
	wall.AddInsecureBypassPattern("POST " + unsubscribe)
	h = wall.Handler(h)
	if s.base != "" {
		h = http.StripPrefix(s.base, h)
	}
	return secure(h)
}

// ready answers whether the workspace can be read.
func (s *Site) ready(w http.ResponseWriter, r *http.Request) {
	if _, err := s.app.Zone(r.Context()); err != nil {
		s.log.Error("not ready", "error", err.Error())
		http.Error(w, "the workspace cannot be read", http.StatusServiceUnavailable)
		return
	}
	_, _ = w.Write([]byte("ok\n"))
}

// pagePolicy is what browsers must hold every page to. Scripts and styles come from
// files of ours alone.
const pagePolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; " +
	"form-action 'self'; frame-ancestors 'none'; base-uri 'none'; manifest-src 'self'; media-src 'self'"

// secure sets it, and what else holds for every answer.
func secure(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", pagePolicy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=(), payment=(), usb=()")
		next.ServeHTTP(w, r)
	})
}

type contextKey int

const referenceKey contextKey = iota

func reference(ctx context.Context) string {
	s, _ := ctx.Value(referenceKey).(string)
	return s
}
