package record

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"sort"
	"strings"

	"reperform/soc1"
)

// Home says in which ledger records of a kind live.
type Home string

// The homes of kinds.
const (
	// Organization kinds live in the organization's ledger only.
	Organization Home = "organization"
	// Examination kinds live in the ledger of an examination only.
	Examination Home = "examination"
	// Either: management's own in the organization's ledger, the service
	// auditor's in the examination's.
	Either Home = "either"
)

// Spec is what a registration says of a kind beyond its struct.
type Spec struct {
	// Name is the kind as files and the ledger spell it: "control_objective".
	Name string
	// Title and Plural are for people.
	Title, Plural string
	Home          Home
	// Decision kinds are written by commands of their own, never by applying
	// a file.
	Decision bool
	// Timeless kinds hold from when they are known, not from a calendar date.
	Timeless bool
	// Version of the document's form; it grows when an older program must
	// no longer rewrite the kind. 0 means 1.
	Version int
}

// Kind is a registered kind with its fields, as every generic part reads it.
type Kind struct {
	Spec
	Fields   []Field
	typ      reflect.Type
	validate func(reflect.Value) []soc1.Problem
}

// FieldType is the shape of a field's value.
type FieldType string

// The field types.
const (
	Text    FieldType = "text"
	Integer FieldType = "integer"
	Boolean FieldType = "boolean"
	Date    FieldType = "date"
	Instant FieldType = "instant"
	Enum    FieldType = "enum"
	Object  FieldType = "object"
	Map     FieldType = "map"
)

// Field describes one field of a kind.
type Field struct {
	Name      string
	Label     string
	Help      string
	Type      FieldType
	List      bool
	Required  bool
	Multiline bool
	// Ref is the kind whose ids the field holds.
	Ref string
	// Values are what an enumeration allows, ValueLabels the words that people
	// read for them, in the same order.
	Values, ValueLabels []string
	// Sensitive is "personal" or "confidential" when the field is.
	Sensitive string
	// Data says that the value was computed from data, which may hold any
	// character, and not written by a person.
	Data bool
	// Signature says that only a person's signature gives the field its value:
	// no form offers it, no file brings it.
	Signature bool
	// File says that the value names a file, or files in a list: it comes with
	// the bytes, and nobody types it.
	File bool
	// Fields of an object, or of the objects of a list.
	Fields []Field
}

// validator is what every record struct of package soc1 offers.
type validator interface{ Validate() []soc1.Problem }

// Registry holds the kinds by name.
type Registry struct {
	kinds map[string]*Kind
}

// Kind finds a kind by name.
func (r *Registry) Kind(name string) (*Kind, error) {
	if k, ok := r.kinds[name]; ok {
		return k, nil
	}
	return nil, fmt.Errorf("there is no kind %q; the kinds are %s", name, strings.Join(r.Names(), ", "))
}

// Names lists the kinds by name.
func (r *Registry) Names() []string {
	out := make([]string, 0, len(r.kinds))
	for n := range r.kinds {
		out = append(out, n)
	}
	sort.Strings(out)
	return out
}

// Register adds the kind of a struct to the registry. It panics on a mistake
// of the program: a name used twice, or a field whose tags say nothing.
func Register[T validator](r *Registry, s Spec) *Kind {
	if s.Version == 0 {
		s.Version = 1
	}
	typ := reflect.TypeFor[T]()
	if _, ok := r.kinds[s.Name]; ok {
		panic("record: kind " + s.Name + " is registered twice")
	}
	k := &Kind{Spec: s, typ: typ, Fields: fieldsOf(typ)}
	k.validate = func(v reflect.Value) []soc1.Problem { return v.Interface().(validator).Validate() }
	if r.kinds == nil {
		r.kinds = map[string]*Kind{}
	}
	r.kinds[s.Name] = k
	return k
}

var enumType = reflect.TypeFor[interface{ Values() []string }]()

func fieldsOf(t reflect.Type) []Field {
	var out []Field
	for i := range t.NumField() {
		sf := t.Field(i)
		if !sf.IsExported() {
			continue
		}
		name, _, _ := strings.Cut(sf.Tag.Get("json"), ",")
		if name == "" || name == "-" {
			panic(fmt.Sprintf("record: %s.%s has no json name", t, sf.Name))
		}
		f := Field{Name: name, Label: sf.Tag.Get("label"), Help: sf.Tag.Get("help"), Ref: sf.Tag.Get("ref"),
			Required: sf.Tag.Get("required") == "true", Multiline: sf.Tag.Get("multiline") == "true", Sensitive: sf.Tag.Get("sensitive"), Data: sf.Tag.Get("data") == "true", Signature: sf.Tag.Get("given") == "signature"}
		ft := sf.Type
		if ft.Kind() == reflect.Pointer {
			ft = ft.Elem()
		}
		if ft.Kind() == reflect.Slice && ft.Elem().Kind() != reflect.Uint8 {
			f.List = true
			ft = ft.Elem()
		}
		f.typed(ft)
		out = append(out, f)
	}
	return out
}

func (f *Field) typed(t reflect.Type) {
	switch {
	case t == reflect.TypeFor[soc1.Date]():
		f.Type = Date
	case t == reflect.TypeFor[soc1.Instant]():
		f.Type = Instant
	case t.Implements(enumType):
		f.Type = Enum
		f.Values = reflect.Zero(t).Interface().(interface{ Values() []string }).Values()
		f.ValueLabels = labelsOf(t, f.Values)
	case t.Kind() == reflect.Struct:
		f.Type, f.File = Object, t == reflect.TypeFor[soc1.File]()
		f.Fields = fieldsOf(t)
	case t.Kind() == reflect.Map:
		f.Type = Map
	case t.Kind() == reflect.Bool:
		f.Type = Boolean
	case t.Kind() >= reflect.Int && t.Kind() <= reflect.Uint64:
		f.Type = Integer
	default:
		f.Type = Text
	}
}

// labelsOf asks the type of an enumeration for the words that people read.
func labelsOf(t reflect.Type, values []string) []string {
	out := make([]string, len(values))
	for i, s := range values {
		out[i] = s
		v := reflect.New(t).Elem()
		if v.Kind() != reflect.String {
			continue
		}
		v.SetString(s)
		if l, ok := v.Interface().(interface{ Label() string }); ok {
			out[i] = l.Label()
		}
	}
	return out
}

// ValueLabel is the word that people read for a value of an enumeration.
func (f Field) ValueLabel(value string) string {
	if i := slices.Index(f.Values, value); i >= 0 {
		return f.ValueLabels[i]
	}
	return value
}

// New returns a pointer to an empty value of the kind's struct.
func (k *Kind) New() any { return reflect.New(k.typ).Interface() }

// Pointer returns a pointer to a copy of a value of the kind's struct.
func (k *Kind) Pointer(v any) any {
	p := reflect.New(k.typ)
	p.Elem().Set(reflect.ValueOf(v))
	return p.Interface()
}

// Is reports whether v is a value of the kind's struct.
func (k *Kind) Is(v any) bool { return reflect.TypeOf(v) == k.typ }

// Validate checks a value (not a pointer) of the kind's struct by itself.
func (k *Kind) Validate(v any) []soc1.Problem { return k.validate(reflect.ValueOf(v)) }

// Field finds a field by name.
func (k *Kind) Field(name string) (Field, bool) {
	i := slices.IndexFunc(k.Fields, func(f Field) bool { return f.Name == name })
	if i < 0 {
		return Field{}, false
	}
	return k.Fields[i], true
}

// Signed tells whether records of the kind are signed by a person.
func (k *Kind) Signed() bool {
	return slices.ContainsFunc(k.Fields, func(f Field) bool { return f.Signature })
}

// Reference is one id that a document refers to.
type Reference struct {
	// Path of the field, such as "joins[1].population".
	Path string
	Kind string
	ID   string
}

// References lists what a body refers to.
func (k *Kind) References(body json.RawMessage) ([]Reference, error) {
	var v map[string]any
	if err := json.Unmarshal(body, &v); err != nil {
		return nil, err
	}
	var out []Reference
	collect(k.Fields, v, "", &out)
	return out, nil
}

func collect(fields []Field, v map[string]any, prefix string, out *[]Reference) {
	for _, f := range fields {
		x, ok := v[f.Name]
		if !ok || x == nil {
			continue
		}
		path := prefix + f.Name
		if list, ok := x.([]any); ok {
			for i, e := range list {
				one(f, e, fmt.Sprintf("%s[%d]", path, i), out)
			}
			continue
		}
		one(f, x, path, out)
	}
}

func one(f Field, x any, path string, out *[]Reference) {
	switch y := x.(type) {
	case string:
		if f.Ref != "" && y != "" {
			*out = append(*out, Reference{Path: path, Kind: f.Ref, ID: y})
		}
	case map[string]any:
		if f.Type == Object {
			collect(f.Fields, y, path+".", out)
		}
	}
}

// Deref is the value that a pointer made by New points to.
func (k *Kind) Deref(p any) any { return reflect.ValueOf(p).Elem().Interface() }
