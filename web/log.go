package web

import (
	"log/slog"
	"net/http"
	"net/url"
)

func level(status int) slog.Level {
	if status >= http.StatusInternalServerError {
		return slog.LevelError
	}
	return slog.LevelInfo
}

// logAttrs names a request without what may be secret: no query, no form.
func logAttrs(r *request, p problem, err error) []slog.Attr {
	out := []slog.Attr{slog.String("reference", p.Reference), slog.Int("status", p.Status), slog.String("method", r.Method), slog.String("path", r.URL.Path), slog.String("actor", r.actor)}
	if p.Status >= http.StatusInternalServerError {
		out = append(out, slog.String("error", err.Error()))
	}
	return out
}

func queryEscape(s string) string { return url.QueryEscape(s) }
