// Package web is the application in the browser: it reads through views that
// are authorized, sends every change through package app, and holds no rule of
// its own. A page is a typed struct, a template and, where it needs one, a
// style sheet and a script, all beside each other. Handlers return errors; one
// place turns them into pages with a reference number. Pages work before and
// without scripts; scripts make them live.
package web
