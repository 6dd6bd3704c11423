package soc1

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// source parses the package's own files, without the tests.
func source(t *testing.T) map[string]*ast.File {
	t.Helper()
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]*ast.File{}
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".go") || strings.HasSuffix(e.Name(), "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), e.Name(), nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		files[e.Name()] = f
	}
	return files
}

// TestFieldsAreDescribed demands of every exported struct field what the
// adapters and the reader need: a stored name, a label, a comment.
func TestFieldsAreDescribed(t *testing.T) {
	stored := regexp.MustCompile(`^[a-z][a-z0-9_]*(,omitempty|,omitzero)?$`)
	fields := 0
	for name, file := range source(t) {
		ast.Inspect(file, func(n ast.Node) bool {
			spec, ok := n.(*ast.TypeSpec)
			if !ok || !spec.Name.IsExported() {
				return true
			}
			s, ok := spec.Type.(*ast.StructType)
			if !ok {
				return true
			}
			for _, f := range s.Fields.List {
				for _, id := range f.Names {
					fields++
					where := name + ": " + spec.Name.Name + "." + id.Name
					if f.Doc.Text() == "" {
						t.Errorf("%s has no comment", where)
					}
					var tag reflect.StructTag
					if f.Tag != nil {
						text, _ := strconv.Unquote(f.Tag.Value)
						tag = reflect.StructTag(text)
					}
					if tag.Get("json") == "-" {
						continue
					}
					if !stored.MatchString(tag.Get("json")) {
						t.Errorf("%s: the stored name %q is not in snake case", where, tag.Get("json"))
					}
					if tag.Get("required") == "true" && strings.Contains(tag.Get("json"), ",") {
						t.Errorf("%s is required and left out when empty", where)
					}
					if spec.Name.Name != "Problem" && tag.Get("label") == "" {
						t.Errorf("%s has no label", where)
					}
					if !slices.Contains([]string{"", "personal", "confidential"}, tag.Get("sensitive")) {
						t.Errorf("%s: unknown sensitivity %q", where, tag.Get("sensitive"))
					}
				}
			}
			return true
		})
	}
	if fields < 300 {
		t.Errorf("saw only %d fields; does this test still read the source right?", fields)
	}
}

// TestReferencesNameKinds compares every ref tag with the table of kinds in
// the package comment, and that table with the record types.
func TestReferencesNameKinds(t *testing.T) {
	kinds := map[string]string{}
	for _, m := range regexp.MustCompile(`(?m)^\t([a-z_]+) +([A-Z][A-Za-z]+)$`).FindAllStringSubmatch(source(t)["doc.go"].Doc.Text(), -1) {
		kinds[m[1]] = m[2]
	}
	types := map[string]bool{}
	for _, r := range validRecords() {
		types[reflect.TypeOf(r).Name()] = true
	}
	for kind, name := range kinds {
		if !types[name] {
			t.Errorf("the package comment lists %s as %s, and validRecords has none", kind, name)
		}
		delete(types, name)
	}
	for name := range types {
		t.Errorf("the package comment does not list %s", name)
	}
	for _, r := range validRecords() {
		eachField(reflect.TypeOf(r), func(owner reflect.Type, f reflect.StructField) {
			kind := f.Tag.Get("ref")
			if kind != "" && kinds[kind] == "" {
				t.Errorf("%s.%s refers to an unknown kind %q", owner.Name(), f.Name, kind)
			}
			text := f.Type.Kind() == reflect.String || f.Type.Kind() == reflect.Slice && f.Type.Elem().Kind() == reflect.String
			if kind != "" && !text {
				t.Errorf("%s.%s holds no ids", owner.Name(), f.Name)
			}
		})
	}
}

// eachField visits the fields of a struct and of the structs within it.
func eachField(t reflect.Type, visit func(reflect.Type, reflect.StructField)) {
	if t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		return
	}
	for i := range t.NumField() {
		visit(t, t.Field(i))
		eachField(t.Field(i).Type, visit)
	}
}

// TestExportedHaveComments holds every exported name to a comment.
func TestExportedHaveComments(t *testing.T) {
	for name, file := range source(t) {
		for _, d := range file.Decls {
			switch x := d.(type) {
			case *ast.FuncDecl:
				if x.Name.IsExported() && x.Doc.Text() == "" {
					t.Errorf("%s: %s has no comment", name, x.Name.Name)
				}
			case *ast.GenDecl:
				for _, s := range x.Specs {
					if spec, ok := s.(*ast.TypeSpec); ok && spec.Name.IsExported() && x.Doc.Text() == "" {
						t.Errorf("%s: %s has no comment", name, spec.Name.Name)
					}
				}
			}
		}
	}
}

// TestPure proves the promise of the package comment by its imports.
func TestPure(t *testing.T) {
	allowed := []string{"fmt", "maps", "reflect", "reperform/english", "slices", "strconv", "strings", "sync", "unicode", "unicode/utf8"}
	for name, file := range source(t) {
		for _, i := range file.Imports {
			path, _ := strconv.Unquote(i.Path.Value)
			if !slices.Contains(allowed, path) {
				t.Errorf("%s imports %s; this package does no input or output and knows no time", name, path)
			}
		}
	}
}

// TestEnumerations finds every enumeration in the source and compares its
// constants with its values and labels.
func TestEnumerations(t *testing.T) {
	found := map[string]enumerated{}
	for _, r := range validRecords() {
		eachField(reflect.TypeOf(r), func(_ reflect.Type, f reflect.StructField) {
			ft := f.Type
			if ft.Kind() == reflect.Slice {
				ft = ft.Elem()
			}
			if e, ok := reflect.Zero(ft).Interface().(enumerated); ok {
				found[ft.Name()] = e
			}
		})
	}
	constants := map[string][]string{}
	for name, file := range source(t) {
		ast.Inspect(file, func(n ast.Node) bool {
			switch x := n.(type) {
			case *ast.FuncDecl:
				if x.Name.Name == "Values" && x.Recv != nil {
					owner := x.Recv.List[0].Type.(*ast.Ident).Name
					if found[owner] == nil {
						t.Errorf("%s: no record has a field of type %s", name, owner)
					}
				}
			case *ast.ValueSpec:
				if id, ok := x.Type.(*ast.Ident); ok && len(x.Values) == 1 {
					if text, isText := literal(x.Values[0]); isText {
						constants[id.Name] = append(constants[id.Name], text)
					}
				}
			}
			return true
		})
	}
	for name, e := range found {
		values := e.Values()
		if len(values) < 2 {
			t.Errorf("%s has %d values", name, len(values))
		}
		for i, v := range values {
			if slices.Contains(values[:i], v) {
				t.Errorf("%s lists %q twice", name, v)
			}
			typed := reflect.New(reflect.TypeOf(e)).Elem()
			typed.SetString(v)
			if label := typed.Interface().(interface{ Label() string }).Label(); label == "" || label == v {
				t.Errorf("%s: %q has no label", name, v)
			}
		}
		if name == "Principle" || name == "RoleReads" || name == "RoleKeeps" {
			continue // The last two name kinds, which have no constants here.
		}
		if !slices.Equal(values, constants[name]) {
			t.Errorf("%s: the constants %q are not the values %q", name, constants[name], values)
		}
	}
	if label := Frequency("fortnightly").Label(); label != "fortnightly" {
		t.Errorf("an unknown value is shown as %q", label)
	}
	if len(found) < 30 {
		t.Errorf("saw only %d enumerations; does this test still look right?", len(found))
	}
}
