package web

import (
	"log/slog"
	"net/http"
	"net/url"
	"strings"
)

func level(status int) slog.Level {
	if status >= http.StatusInternalServerError {
		return slog.LevelError
	}
	return slog.LevelInfo
}

// logAttrs names a request without what may be secret: no query, no form.
func logAttrs(r *request, p problem, err error) []slog.Attr {
	path := r.URL.Path
	// What is a key in an address stays out of the log.
	if token := r.PathValue("token"); token != "" {
		path = strings.ReplaceAll(path, token, "…")
	}
	out := []slog.Attr{slog.String("reference", p.Reference), slog.Int("status", p.Status), slog.String("method", r.Method), slog.String("path", path), slog.String("actor", r.actor)}
	if p.Status >= http.StatusInternalServerError {
		out = append(out, slog.String("error", err.Error()))
	}
	return out
}

func queryEscape(s string) string { return url.QueryEscape(s) }
