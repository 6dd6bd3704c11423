package web

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"sort"
	"strconv"
	"strings"

	"reperform/app"
	"reperform/record"
	"reperform/soc1"
)

// Bounds of what a form may hold. What a person types stays far below.
const (
	maxForm    = 4 << 20
	maxMembers = 1000
)

// input is one field of a form with its value and what is wrong with it.
type input struct {
	Field record.Field
	// Name is the name in the form, such as "joins.0.population".
	Name string
	// Value is the text of a simple field, Values the members of a list.
	Value  string
	Values []string
	// Options are what may be chosen, for enumerations and references.
	Options []option
	// From is where the choices come from when they are too many for the page;
	// Shown is then how the one that is held is called.
	From, Shown string
	// Parts are the fields of an object; Members the objects of a list, the
	// last of them empty for one more.
	Parts   []input
	Members [][]input
	Problem string
}

type option struct {
	Value, Text string
	On          bool
}

// inputs makes the form of a kind for a body; without one it is empty.
func (r *request) inputs(fields []record.Field, values map[string]json.RawMessage, prefix string, problems map[string]string) []input {
	out := make([]input, 0, len(fields))
	for _, f := range fields {
		out = append(out, r.input(f, values[f.Name], prefix+f.Name, problems))
	}
	return out
}

func (r *request) input(f record.Field, raw json.RawMessage, name string, problems map[string]string) input {
	in := input{Field: f, Name: name, Problem: problems[dotted(name)]}
	switch {
	case f.Type == record.Object && f.List:
		var list []map[string]json.RawMessage
		_ = json.Unmarshal(raw, &list)
		for i, m := range append(list, nil) {
			in.Members = append(in.Members, r.inputs(f.Fields, m, fmt.Sprintf("%s.%d.", name, i), problems))
		}
	case f.Type == record.Object:
		var m map[string]json.RawMessage
		_ = json.Unmarshal(raw, &m)
		in.Parts = r.inputs(f.Fields, m, name+".", problems)
	case f.Type == record.Map:
		in.Value = mapText(raw)
	case f.List && f.Type == record.Text && f.Ref == "":
		in.Value = strings.Join(valuesOf(raw), "\n")
	case f.List:
		in.Values = valuesOf(raw)
		r.offer(&in, in.Values)
	default:
		if s := text(raw); len(raw) > 0 && s != "null" {
			in.Value = s
		}
		if f.Type == record.Enum || f.Ref != "" {
			r.offer(&in, []string{in.Value})
		}
	}
	return in
}

// mostOptions is how many choices stand in a page; more come as one types.
const mostOptions = 200

// offer gives an input its choices, or where they come from.
func (r *request) offer(in *input, now []string) {
	n := 0
	for _, l := range r.headings().lists(in.Field.Ref) {
		n += l.Live()
	}
	if in.Field.Ref == "" || n <= mostOptions {
		in.Options = r.options(in.Field, now)
		return
	}
	in.From = r.url("%s/choices/%s", r.at(), in.Field.Ref)
	for _, v := range now {
		if v != "" {
			in.Shown = r.optionText(in.Field.Ref, v)
			in.Options = append(in.Options, option{v, in.Shown, true})
		}
	}
}

// optionText is how a record is called among choices.
func (r *request) optionText(kind, id string) string {
	h, ok := r.headings().heading(kind, id)
	if !ok {
		return id
	}
	return clipped(h.String(), 100)
}

// pick is a record that may be chosen.
type pick struct {
	Value string `json:"value"`
	Text  string `json:"text"`
}

// choices are the records of a kind in which all words occur, for pickers.
func (r *request) choices() error {
	k, err := r.kind()
	if err != nil {
		return err
	}
	if err := r.shown(k); err != nil && k.Name != personKind {
		return err
	}
	out := []pick{}
	seen := map[string]bool{}
	words := r.URL.Query().Get("q")
	for _, l := range r.headings().lists(k.Name) {
		o := l.Where(record.Narrow{Text: clipped(words, 100)}, "choices", func(it *record.Item) (string, bool) {
			return natural(record.HeadingOf(it.Record).String()), it.Live()
		})
		o.All(func(it *record.Item) bool {
			if !seen[it.ID] {
				seen[it.ID] = true
				out = append(out, pick{it.ID, clipped(it.Heading().String(), 100)})
			}
			return len(out) < 40
		})
	}
	return r.answer(http.StatusOK, out)
}

// check says what saving a form would say of its fields, and records nothing.
func (r *request) check() error {
	k, err := r.changeable()
	if err != nil {
		return err
	}
	v, err := r.formValues()
	if err != nil {
		return err
	}
	fields := only(k, v.Get("_field"))
	body, problems, err := decodeForm(fields, v)
	if err != nil {
		return err
	}
	id := strings.TrimSpace(v.Get("_id"))
	if v.Get("_field") != "" {
		if it := r.headings().item(k.Name, id); it != nil && !it.Redacted {
			base, err := looseBody(it.Body)
			if err != nil {
				return err
			}
			put(base, body, []string{v.Get("_field")})
			body = base
		}
	}
	if it := r.headings().item(k.Name, id); v.Get("_field") == "" && it != nil && !it.Redacted {
		if err := files(k, it.Body, body); err != nil {
			return err
		}
	}
	value, err := valueOf(k, body, problems)
	if err != nil {
		return err
	}
	if checked, ok := value.(interface{ Validate() []soc1.Problem }); ok && len(problems) == 0 {
		if id == "" {
			id = proposedID(k, body)
		}
		bulk, err := r.site.app.PutRecords(r.Context(), r.actor, []app.RecordChange{{Ledger: r.ledger, Kind: k.Name, ID: id, Revision: -1, Value: checked}}, "Checked.", true)
		if err != nil && !errors.Is(err, app.ErrBulk) {
			return err
		}
		for _, p := range bulk.Items[0].Problems {
			if problems[p.Field] == "" {
				problems[p.Field] = strings.TrimSpace(p.Message + " " + p.Remedy)
			}
		}
	}
	out := map[string]any{"problems": problems}
	if help := helpText(r.Context(), value); help != "" && v.Get("_field") == "" {
		out["help"] = help
	}
	return r.answer(http.StatusOK, out)
}

// options are what a field may hold. A value that is no longer among them
// stays, so that opening a form and saving it changes nothing.
func (r *request) options(f record.Field, now []string) []option {
	var out []option
	for i, v := range f.Values {
		out = append(out, option{v, f.ValueLabels[i], slices.Contains(now, v)})
	}
	if f.Ref != "" {
		for _, v := range r.headings().views {
			list, err := v.List(r.Context(), f.Ref)
			if err != nil {
				continue
			}
			for _, x := range list {
				if !slices.ContainsFunc(out, func(o option) bool { return o.Value == x.ID }) {
					out = append(out, option{x.ID, clipped(record.HeadingOf(x).String(), 100), slices.Contains(now, x.ID)})
				}
			}
		}
		if f.Ref == personKind && len(r.headings().lists(personKind)) == 0 {
			for _, o := range r.knownPeople() {
				o.On = slices.Contains(now, o.Value)
				out = append(out, o)
			}
		}
		sort.SliceStable(out, func(i, j int) bool { return natural(out[i].Text) < natural(out[j].Text) })
	}
	for _, v := range now {
		if v != "" && !slices.ContainsFunc(out, func(o option) bool { return o.Value == v }) {
			out = append(out, option{v, v, true})
		}
	}
	if !f.List {
		return out
	}
	// What is chosen stands first, in the order in which it is recorded: a form
	// sends its choices in the order that it shows.
	sort.SliceStable(out, func(i, j int) bool {
		a, b := slices.Index(now, out[i].Value), slices.Index(now, out[j].Value)
		return a >= 0 && (b < 0 || a < b)
	})
	return out
}

// dotted turns the name of an input into the path of a problem: joins.0.population
// is joins[0].population.
func dotted(name string) string {
	parts := strings.Split(name, ".")
	out := parts[0]
	for _, p := range parts[1:] {
		if _, err := strconv.Atoi(p); err == nil {
			out += "[" + p + "]"
			continue
		}
		out += "." + p
	}
	return out
}

func mapText(raw json.RawMessage) string {
	var m map[string][]string
	if json.Unmarshal(raw, &m) != nil {
		return ""
	}
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	var lines []string
	for _, k := range keys {
		lines = append(lines, k+": "+strings.Join(m[k], ", "))
	}
	return strings.Join(lines, "\n")
}

// formValues reads a form, bounded.
func (r *request) formValues() (url.Values, error) {
	v, err := r.typedValues()
	if err != nil {
		return nil, err
	}
	return v, r.once(v, nil)
}

// typedValues reads a form, bounded, and begins nothing.
func (r *request) typedValues() (url.Values, error) {
	r.Body = http.MaxBytesReader(r.w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		var large *http.MaxBytesError
		if errors.As(err, &large) {
			return nil, badRequest("form", fmt.Errorf("what was sent is larger than %d MB; attach large texts as files", maxForm>>20))
		}
		return nil, badRequest("form", err)
	}
	return r.PostForm, nil
}

// aboutForm are the names in a form that are not fields of the record.
var aboutForm = []string{"_reason", "_effective", "_revision", "_id", "_field", "_to"}

// decodeForm makes the body of a record from a form. Only fields of the kind
// are taken; any other name is refused, so that nobody writes through a form
// what it does not show. Problems are by the path of the field.
func decodeForm(fields []record.Field, v url.Values) (map[string]any, map[string]string, error) {
	d := decoder{form: v, used: map[string]bool{}, problems: map[string]string{}}
	body, err := d.object(fields, "")
	if err != nil {
		return nil, nil, err
	}
	for name := range v {
		if !d.used[name] && !slices.Contains(aboutForm, name) {
			return nil, nil, badRequest("form", fmt.Errorf("there is no field %q", clipped(name, 60)))
		}
	}
	return body, d.problems, nil
}

type decoder struct {
	form     url.Values
	used     map[string]bool
	problems map[string]string
}

func (d *decoder) get(name string) string {
	d.used[name] = true
	return d.form.Get(name)
}

func (d *decoder) object(fields []record.Field, prefix string) (map[string]any, error) {
	out := map[string]any{}
	for _, f := range fields {
		x, err := d.field(f, prefix+f.Name)
		if err != nil {
			return nil, err
		}
		if x != nil {
			out[f.Name] = x
		}
	}
	return out, nil
}

func (d *decoder) field(f record.Field, name string) (any, error) {
	switch {
	case f.Type == record.Object && f.List:
		return d.members(f, name)
	case f.Type == record.Object:
		m, err := d.object(f.Fields, name+".")
		if err != nil || len(m) == 0 {
			return nil, err
		}
		return m, nil
	case f.Type == record.Map:
		return d.mapping(name)
	case f.List && f.Type == record.Text && f.Ref == "":
		return list(lines(d.get(name))), nil
	case f.List:
		d.used[name] = true
		var out []string
		for _, given := range d.form[name] {
			for _, s := range lines(given) {
				if !slices.Contains(out, s) {
					out = append(out, s)
				}
			}
		}
		if f.Type == record.Integer {
			return d.integers(name, out)
		}
		return list(out), nil
	}
	return d.scalar(f, name)
}

func (d *decoder) scalar(f record.Field, name string) (any, error) {
	s := d.get(name)
	if f.Multiline {
		s = strings.ReplaceAll(s, "\r\n", "\n")
	}
	s = strings.TrimSpace(s)
	if s == "" {
		return nil, nil
	}
	switch f.Type {
	case record.Boolean:
		return s == "true" || s == "on", nil
	case record.Integer:
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil {
			d.problems[dotted(name)] = fmt.Sprintf("%q is not a whole number.", clipped(s, 40))
			return nil, nil
		}
		return n, nil
	}
	return s, nil
}

func (d *decoder) integers(name string, texts []string) (any, error) {
	var out []int64
	for _, s := range texts {
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil {
			d.problems[dotted(name)] = fmt.Sprintf("%q is not a whole number.", clipped(s, 40))
			continue
		}
		out = append(out, n)
	}
	if len(out) == 0 {
		return nil, nil
	}
	return out, nil
}

// members reads a list of objects; those left empty are not members.
func (d *decoder) members(f record.Field, name string) (any, error) {
	indexes := map[int]bool{}
	for n := range d.form {
		rest, ok := strings.CutPrefix(n, name+".")
		if !ok {
			continue
		}
		digits, _, _ := strings.Cut(rest, ".")
		i, err := strconv.Atoi(digits)
		if err != nil || i < 0 || i >= maxMembers {
			return nil, badRequest("form", fmt.Errorf("there is no field %q", clipped(n, 60)))
		}
		indexes[i] = true
	}
	order := make([]int, 0, len(indexes))
	for i := range indexes {
		order = append(order, i)
	}
	sort.Ints(order)
	var out []any
	for _, i := range order {
		m, err := d.object(f.Fields, fmt.Sprintf("%s.%d.", name, i))
		if err != nil {
			return nil, err
		}
		if len(m) > 0 {
			out = append(out, m)
		}
	}
	if len(out) == 0 {
		return nil, nil
	}
	return out, nil
}

// mapping reads lines of the form "framework: id, id".
func (d *decoder) mapping(name string) (any, error) {
	out := map[string][]string{}
	for _, l := range lines(d.get(name)) {
		key, rest, ok := strings.Cut(l, ":")
		key = strings.TrimSpace(key)
		if !ok || key == "" {
			d.problems[dotted(name)] = fmt.Sprintf("The line %q has no name before a colon. Write for example: TSC: CC6.1, CC6.2", clipped(l, 60))
			continue
		}
		for _, s := range strings.Split(rest, ",") {
			if s = strings.TrimSpace(s); s != "" {
				out[key] = append(out[key], s)
			}
		}
	}
	if len(out) == 0 {
		return nil, nil
	}
	return out, nil
}

func lines(s string) []string {
	var out []string
	for l := range strings.SplitSeq(s, "\n") {
		if l = strings.TrimSpace(l); l != "" {
			out = append(out, l)
		}
	}
	return out
}

func list(s []string) any {
	if len(s) == 0 {
		return nil
	}
	return s
}

// valueOf makes a value of the kind's struct from a decoded form and says what
// is wrong with it, by path.
func valueOf(k *record.Kind, body map[string]any, problems map[string]string) (any, error) {
	b, err := json.Marshal(body)
	if err != nil {
		return nil, badRequest("form", err)
	}
	p := k.New()
	if err := json.Unmarshal(b, p); err != nil {
		return nil, badRequest("form", err)
	}
	v := k.Deref(p)
	for _, x := range k.Validate(v) {
		if problems[x.Field] == "" {
			problems[x.Field] = strings.TrimSpace(x.Message + " " + x.Remedy)
		}
	}
	return v, nil
}

// effective is the date from which a change holds.
func effective(v url.Values) (soc1.Date, error) {
	s := strings.TrimSpace(v.Get("_effective"))
	if s == "" {
		return "", nil
	}
	return soc1.ParseDate(s)
}
