package app

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// Bounds of an OSCAL document.
const (
	// MostOSCALBytes is how large it may be: the largest catalogue published has ten
	// megabytes.
	MostOSCALBytes = 24 << 20
	mostOSCALDepth = 48
)

// node is an object of a document with where it stands. What is read of it is marked, so
// that what is not can be told.
type node struct {
	o    *oscalReader
	path string
	// kind names the object where parts are counted: "control", "group".
	kind string
	m    map[string]any
}

// oscalReader reads one document.
type oscalReader struct {
	im      *frameworkImporter
	ignored map[string]int
	// said are the controls as they were read, to see those that are told twice.
	said map[string]bool
	rows []frameworkRow
	// problems keep the document from being read at all.
	problem error
}

func (im *frameworkImporter) oscalError(path, problem, remedy string) error {
	return errors.New(FrameworkProblem{ImportProblem: ImportProblem{File: im.file, Message: problem, Remedy: remedy}, Path: path}.String())
}

// oscal reads an OSCAL document in JSON: a catalogue, a component definition, or a system
// security plan. Parts that are not taken over are counted.
func (im *frameworkImporter) oscal(b []byte) ([]frameworkRow, error) {
	switch {
	case len(bytes.TrimSpace(b)) == 0:
		return nil, tableError(im.file, "the file is empty", "name the file that holds the register or the catalogue")
	case len(b) > MostOSCALBytes:
		return nil, tableError(im.file, fmt.Sprintf("the document has %d bytes, and one may have %d", len(b), MostOSCALBytes), "split it")
	}
	b = bytes.TrimPrefix(b, []byte("\xef\xbb\xbf"))
	if err := im.soundJSON(b); err != nil {
		return nil, err
	}
	var root map[string]any
	if err := json.Unmarshal(b, &root); err != nil {
		return nil, im.oscalError("$", "The document is no object.", "An OSCAL document begins with its kind, such as catalog.")
	}
	o := &oscalReader{im: im, ignored: map[string]int{}, said: map[string]bool{}}
	im.plan.Catalogue = false
	top := &node{o: o, path: "", kind: "document", m: root}
	defer func() {
		for _, k := range slices.Sorted(maps.Keys(o.ignored)) {
			im.plan.Ignored = append(im.plan.Ignored, fmt.Sprintf("%s (%d)", k, o.ignored[k]))
		}
	}()
	for _, name := range []string{"profile", "assessment-plan", "assessment-results", "plan-of-action-and-milestones"} {
		if _, ok := root[name]; ok {
			return nil, im.oscalError(name, "This kind of document is not read.", "Give a catalog, a component-definition or a system-security-plan; a profile is resolved into a catalog first.")
		}
	}
	switch {
	case top.has("catalog"):
		c := top.object("catalog", "catalog")
		im.plan.Catalogue = true
		c.version()
		params := c.params(nil)
		c.controls("", params)
		c.groups("", params)
		c.rest("uuid")
	case top.has("component-definition"):
		c := top.object("component-definition", "component-definition")
		c.version()
		o.components(c)
		c.rest("uuid")
	case top.has("system-security-plan"):
		c := top.object("system-security-plan", "system-security-plan")
		c.version()
		o.plan(c)
		c.rest("uuid")
	default:
		return nil, im.oscalError("$", "This is no OSCAL document that is read.", "It begins with catalog, component-definition or system-security-plan.")
	}
	top.rest("$schema")
	if o.problem != nil {
		return nil, o.problem
	}
	return o.rows, nil
}

// soundJSON refuses what is no JSON, goes too deep, or names a member twice.
func (im *frameworkImporter) soundJSON(b []byte) error {
	type level struct {
		names map[string]bool
		name  string
		index int
		key   bool
	}
	var stack []level
	path := func() string {
		s := ""
		for _, l := range stack {
			if l.names != nil {
				s += "." + l.name
			} else {
				s += fmt.Sprintf("[%d]", l.index)
			}
		}
		return strings.TrimPrefix(s, ".")
	}
	where := func(off int64) string {
		off = min(off, int64(len(b)))
		line := 1 + bytes.Count(b[:off], []byte("\n"))
		return fmt.Sprintf("line %d, character %d", line, off-int64(bytes.LastIndexByte(b[:off], '\n')))
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	for {
		t, err := d.Token()
		if errors.Is(err, io.EOF) && len(stack) == 0 {
			return nil
		}
		if err != nil {
			off := d.InputOffset()
			var syntax *json.SyntaxError
			if errors.As(err, &syntax) {
				off = syntax.Offset
			}
			return im.oscalError(where(off), "The document is no JSON: "+strings.TrimPrefix(err.Error(), "json: ")+".", "Export it again; "+stopLower(path()))
		}
		top := func() *level {
			if len(stack) == 0 {
				return nil
			}
			return &stack[len(stack)-1]
		}
		switch x := t.(type) {
		case json.Delim:
			if x == '{' || x == '[' {
				l := level{}
				if x == '{' {
					l.names, l.key = map[string]bool{}, true
				}
				if stack = append(stack, l); len(stack) > mostOSCALDepth {
					return im.oscalError(where(d.InputOffset()), fmt.Sprintf("The document goes more than %d levels deep.", mostOSCALDepth), "No OSCAL document does.")
				}
				continue
			}
			stack = stack[:len(stack)-1]
		case string:
			if l := top(); l != nil && l.names != nil && l.key {
				if l.name, l.key = x, false; l.names[x] {
					return im.oscalError(path(), "The member stands twice.", "Keep one of the two.")
				}
				l.names[x] = true
				continue
			}
		}
		// A value is over: the next member, or the next element.
		if l := top(); l != nil {
			if l.names != nil {
				l.key = true
			} else {
				l.index++
			}
		}
	}
}

func stopLower(path string) string {
	if path == "" {
		return "it is broken at its beginning."
	}
	return "it is broken at " + path + "."
}

func (n *node) at(name string) string { return strings.TrimPrefix(n.path+"."+name, ".") }

func (n *node) has(name string) bool {
	if n == nil {
		return false
	}
	_, ok := n.m[name]
	return ok
}

func (n *node) wrong(name, what string) {
	if n.o.problem == nil {
		n.o.problem = n.o.im.oscalError(n.at(name), "This is no "+what+".", "See the OSCAL model of this document.")
	}
}

// text takes a member that is a text; empty where there is none.
func (n *node) text(name string) string {
	v, ok := n.m[name]
	if !ok {
		return ""
	}
	delete(n.m, name)
	s, ok := v.(string)
	if !ok {
		n.wrong(name, "text")
	}
	return strings.TrimSpace(s)
}

// object takes a member that is an object; an empty one where there is none.
func (n *node) object(name, kind string) *node {
	out := &node{o: n.o, path: n.at(name), kind: kind, m: map[string]any{}}
	v, ok := n.m[name]
	if !ok {
		return out
	}
	delete(n.m, name)
	if m, ok := v.(map[string]any); ok {
		out.m = m
	} else {
		n.wrong(name, "object")
	}
	return out
}

// list takes a member that is a list of objects.
func (n *node) list(name, kind string) []*node {
	v, ok := n.m[name]
	if !ok {
		return nil
	}
	delete(n.m, name)
	all, ok := v.([]any)
	if !ok {
		n.wrong(name, "list")
		return nil
	}
	var out []*node
	for i, x := range all {
		p := fmt.Sprintf("%s[%d]", name, i)
		m, ok := x.(map[string]any)
		if !ok {
			n.wrong(p, "object")
			continue
		}
		out = append(out, &node{o: n.o, path: n.at(p), kind: kind, m: m})
	}
	return out
}

// rest counts what was not taken, but members that say nothing to anybody.
func (n *node) rest(silent ...string) {
	for name, v := range n.m {
		if slices.Contains(silent, name) {
			continue
		}
		c := 1
		if l, ok := v.([]any); ok {
			c = len(l)
		}
		n.o.ignored[n.kind+"."+name] += c
	}
}

// version takes what the document says of its version, unless whoever imports said it.
func (n *node) version() {
	m := n.object("metadata", "metadata")
	title, version := m.text("title"), m.text("version")
	if n.o.im.o.Version == "" {
		n.o.im.o.Version = strings.TrimSpace(strings.TrimSpace(title + " " + version))
	}
	m.rest("last-modified", "oscal-version", "published")
}

// params are what the parameters of a part are called, with those of what it is within.
func (n *node) params(within map[string]string) map[string]string {
	list := n.list("params", "param")
	if len(list) == 0 && within != nil {
		return within
	}
	out := map[string]string{}
	maps.Copy(out, within)
	for _, p := range list {
		id, label := p.text("id"), p.text("label")
		if s := p.object("select", "param.select"); label == "" {
			label = strings.Join(s.texts("choice"), " or ")
		}
		out[id] = label
		p.rest("class")
	}
	// A choice may name another parameter.
	for id, label := range out {
		out[id] = insertParam.ReplaceAllStringFunc(label, func(m string) string { return out[insertParam.FindStringSubmatch(m)[1]] })
	}
	return out
}

// texts takes a member that is a list of texts.
func (n *node) texts(name string) []string {
	v, ok := n.m[name]
	if !ok {
		return nil
	}
	delete(n.m, name)
	all, ok := v.([]any)
	if !ok {
		n.wrong(name, "list")
	}
	var out []string
	for i, x := range all {
		s, ok := x.(string)
		if !ok {
			n.wrong(fmt.Sprintf("%s[%d]", name, i), "text")
		}
		out = append(out, strings.TrimSpace(s))
	}
	return out
}

func (n *node) groups(within string, params map[string]string) {
	for _, g := range n.list("groups", "group") {
		title := g.text("title")
		if title == "" {
			title = within
		}
		own := g.params(params)
		g.controls(title, own)
		g.groups(title, own)
		g.rest("id", "class")
	}
}

func (n *node) controls(group string, within map[string]string) {
	for _, c := range n.list("controls", "control") {
		id, title, label, withdrawn := c.text("id"), c.text("title"), "", false
		for _, p := range c.list("props", "prop") {
			name, value, class := p.text("name"), p.text("value"), p.text("class")
			switch {
			case name == "label" && (label == "" || class == ""):
				label = value
			case name == "status" && strings.EqualFold(value, "withdrawn"):
				withdrawn = true
			case name != "label" && name != "sort-id":
				n.o.ignored["control.props "+name]++
			}
		}
		params := c.params(within)
		var text []string
		for _, p := range c.list("parts", "part") {
			if name := p.text("name"); name == "statement" {
				text = append(text, p.prose(params)...)
			} else {
				n.o.ignored["control.parts "+name]++
			}
		}
		if withdrawn {
			n.o.ignored["control withdrawn"]++
		} else {
			r := frameworkRow{path: c.path, cells: map[string]string{"identifier": label, "group": group, "title": title, "text": strings.Join(text, "\n")}}
			if _, ok := n.o.identifier(label); !ok {
				if known, ok := n.o.identifier(id); ok || label == "" {
					r.cells["identifier"] = known
				}
			}
			n.o.rows = append(n.o.rows, r)
		}
		c.controls(group, params)
		c.rest("class")
	}
}

func (o *oscalReader) identifier(raw string) (string, bool) {
	if o.im.known == nil {
		o.im.knownIDs()
	}
	return o.im.identify(raw)
}

var insertParam = regexp.MustCompile(`\{\{\s*insert:\s*param,\s*([^}\s]+)\s*\}\}`)

// prose is the text of a part and of those within it, each on its line with its label.
func (n *node) prose(params map[string]string) []string {
	label := ""
	for _, p := range n.list("props", "prop") {
		if name, value := p.text("name"), p.text("value"); name == "label" && label == "" {
			label = value
		}
	}
	var out []string
	if s := n.text("prose"); s != "" {
		s = insertParam.ReplaceAllStringFunc(s, func(m string) string {
			if l := params[insertParam.FindStringSubmatch(m)[1]]; l != "" {
				return "[" + l + "]"
			}
			return "[to be set]"
		})
		out = append(out, strings.TrimSpace(label+" "+s))
	}
	for _, p := range n.list("parts", "part") {
		p.text("name")
		out = append(out, p.prose(params)...)
	}
	n.rest("id", "class", "title")
	return out
}

// components reads how components implement requirements.
func (o *oscalReader) components(c *node) {
	for _, x := range c.list("components", "component") {
		title := x.text("title")
		for _, ci := range x.list("control-implementations", "control-implementation") {
			for _, r := range ci.list("implemented-requirements", "implemented-requirement") {
				o.implemented(r, title, nil)
			}
			ci.rest("uuid", "source", "description")
		}
		x.rest("uuid", "type", "description", "purpose")
	}
}

// plan reads how a system implements requirements.
func (o *oscalReader) plan(c *node) {
	titles := map[string]string{}
	si := c.object("system-implementation", "system-implementation")
	for _, x := range si.list("components", "component") {
		titles[x.text("uuid")] = x.text("title")
		x.rest("type", "description", "status", "purpose")
	}
	si.rest()
	ci := c.object("control-implementation", "control-implementation")
	for _, r := range ci.list("implemented-requirements", "implemented-requirement") {
		o.implemented(r, "", titles)
	}
	ci.rest("description")
}

// implemented makes a control of an implemented requirement.
func (o *oscalReader) implemented(r *node, component string, titles map[string]string) {
	raw := r.text("control-id")
	id, _ := o.identifier(raw)
	text := []string{}
	add := func(label, s string) {
		if s != "" {
			text = append(text, strings.TrimSpace(label+" "+s))
		}
	}
	by := func(n *node) {
		for _, b := range n.list("by-components", "by-component") {
			label := titles[b.text("component-uuid")]
			if label != "" {
				label += ":"
			}
			add(label, b.text("description"))
			b.rest("uuid", "implementation-status")
		}
	}
	add("", r.text("description"))
	by(r)
	for _, s := range r.list("statements", "statement") {
		add("", s.text("description"))
		by(s)
		s.text("statement-id")
		s.rest("uuid")
	}
	add("", r.text("remarks"))
	r.rest("uuid")
	if len(text) == 0 {
		o.ignored["implemented-requirement without a description"]++
		return
	}
	code := id
	if component != "" {
		code = id + " " + component
	}
	// A component is described once for each baseline, in the same words: once is enough.
	said := code + "\n" + strings.Join(text, "\n")
	if o.said[said] {
		o.ignored["implemented-requirement that says the same again"]++
		return
	}
	o.said[said] = true
	o.rows = append(o.rows, frameworkRow{path: r.path, cells: map[string]string{"code": code, "text": strings.Join(text, "\n"), "identifiers": raw}, identifiers: []string{raw}})
}
