package chart

import "embed"

// Stylesheet are the classes that the charts use. It expects the page's tokens:
// --c-ok, --c-warn, --c-bad, --c-info, --c-mute, --c-acc, --c-track, --h1b to
// --h4b, --fg, --fg-3, --line-2, --acc.
//
//go:embed chart.css
var Stylesheet string

// Styles is the same as a file, for whoever joins style sheets.
//
//go:embed chart.css
var Styles embed.FS
