package web

import (
	"context"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"reperform/desk"
)

// metrics count what the site does, by route and never by address, record or
// person: whoever reads them learns nothing about what stands in the ledgers.
type metrics struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	took     *prometheus.HistogramVec
}

func newMetrics(s *Site) *metrics {
	m := &metrics{registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "reperform_http_requests_total",
			Help: "Requests answered, by route and status."}, []string{"route", "status"}),
		took: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "reperform_http_request_duration_seconds",
			Help:    "Time in the handler of a page, before compression; event streams are not among them.",
			Buckets: []float64{.0005, .001, .002, .005, .01, .02, .05, .1, .25, 1, 5, 30}}, []string{"route"}),
	}
	m.registry.MustRegister(m.requests, m.took,
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "reperform_event_streams", Help: "Event streams open now."}, func() float64 { return float64(s.Streams()) }),
		prometheus.NewCounterFunc(prometheus.CounterOpts{Name: "reperform_ledger_entries_total", Help: "Entries in all ledgers of the workspace together."}, func() float64 { return float64(s.app.Entries()) }),
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	if s.opt.Mailer != nil && s.opt.Desk != nil {
		outbox := func(name, help string, value func(desk.OutboxState) int) {
			m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, func() float64 {
				ctx, stop := context.WithTimeout(context.Background(), time.Second)
				defer stop()
				o, err := s.opt.Desk.Outbox(ctx)
				if err != nil {
					return math.NaN()
				}
				return float64(value(o))
			}))
		}
		outbox("reperform_mail_waiting", "Mails that are still to be sent.", func(o desk.OutboxState) int { return o.Waiting })
		outbox("reperform_mail_given_up", "Mails given up within the last week.", func(o desk.OutboxState) int { return o.Failed })
	}
	return m
}

// Metrics answers with the figures of the site in the form of Prometheus. It
// asks nobody to sign in and belongs at an address of its own, which only the
// operator's collector reaches.
func (s *Site) Metrics() http.Handler {
	return promhttp.HandlerFor(s.metrics.registry, promhttp.HandlerOpts{})
}

// measured counts the answers of a route.
func (m *metrics) measured(pattern string, next http.Handler) http.Handler {
	if pattern == "" {
		pattern = "none"
	}
	took := m.took.WithLabelValues(pattern)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		begun := time.Now()
		a := &answer{ResponseWriter: w, status: http.StatusOK}
		next.ServeHTTP(a, r)
		m.requests.WithLabelValues(pattern, strconv.Itoa(a.status)).Inc()
		if !a.streamed {
			took.Observe(time.Since(begun).Seconds())
		}
	})
}

// answer remembers how a request was answered.
type answer struct {
	http.ResponseWriter
	status   int
	streamed bool
}

func (a *answer) WriteHeader(status int) {
	a.status = status
	a.streamed = a.Header().Get("Content-Type") == "text/event-stream"
	a.ResponseWriter.WriteHeader(status)
}

// Unwrap lets http.ResponseController reach what it controls.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }
