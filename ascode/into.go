package ascode

import (
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// ReadInto reads a YAML or JSON file that is not a record, such as the
// description of an import, into a struct with json tags. It is as strict as
// Read: the error is Problems with line, field and remedy. A date needs no
// quotes, nor do digits that are meant as text.
func ReadInto(file string, into any) error {
	b, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	if len(b) > maxFile {
		return fmt.Errorf("%s has %d bytes; such a file may have %d", file, len(b), maxFile)
	}
	return ParseInto(file, b, into)
}

// ParseInto is ReadInto for bytes; file names them in problems.
func ParseInto(file string, b []byte, into any) error {
	read := yamlDocuments
	if strings.EqualFold(filepath.Ext(file), ".json") {
		read = jsonDocuments
	}
	nodes, broken := read(file, b)
	if err := broken.Err(); err != nil {
		return err
	}
	if len(nodes) != 1 {
		return Problems{{File: file, Line: 1, Message: fmt.Sprintf("The file holds %d documents; one is needed.", len(nodes)), Remedy: "Write one mapping of fields."}}
	}
	s := &shaper{file: file}
	v := s.value(nodes[0], reflect.TypeOf(into).Elem(), "")
	if err := s.problems.Err(); err != nil {
		return err
	}
	raw, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return s.unfit(nodes[0], err)
	}
	return nil
}

// shaper turns nodes into what encoding/json gives to a Go type, so that the
// type and not the spelling decides what is text and what a number.
type shaper struct {
	file     string
	problems Problems
}

// unfit is the error of a type that reads its own text.
func (s *shaper) unfit(n *yaml.Node, err error) error {
	var typed *json.UnmarshalTypeError
	if errors.As(err, &typed) {
		return Problems{{File: s.file, Line: n.Line, Field: typed.Field, Message: "The value is of another type than this field.", Remedy: "Compare it with the command's help."}}
	}
	return Problems{{File: s.file, Line: n.Line, Message: capital(err.Error()) + "."}}
}

func (s *shaper) add(n *yaml.Node, path, message, remedy string) any {
	s.problems = append(s.problems, Problem{File: s.file, Line: n.Line, Field: path, Message: message, Remedy: remedy})
	return nil
}

// textual are the types that read their own text, such as a column's type.
var textual = reflect.TypeFor[encoding.TextUnmarshaler]()

func (s *shaper) value(n *yaml.Node, t reflect.Type, path string) any {
	for n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if n.Kind == yaml.ScalarNode && n.Tag == "!!null" {
		return nil
	}
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	own := reflect.PointerTo(t).Implements(textual)
	switch t.Kind() {
	case reflect.Struct:
		if !own {
			return s.fields(n, t, path)
		}
	case reflect.Slice:
		return s.list(n, t, path)
	case reflect.Map:
		return s.mapping(n, t, path)
	}
	if n.Kind != yaml.ScalarNode {
		return s.add(n, path, "This must be a single value.", "")
	}
	if own {
		if err := reflect.New(t).Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(n.Value)); err != nil {
			return s.add(n, path, capital(err.Error())+".", "")
		}
		return n.Value
	}
	if !plainTags[n.Tag] {
		return s.add(n, path, fmt.Sprintf("The tag %s has no meaning here.", n.Tag), "Write the value without a tag.")
	}
	switch {
	case t.Kind() == reflect.Bool:
		if n.Value != "true" && n.Value != "false" {
			return s.add(n, path, fmt.Sprintf("%q is neither true nor false.", n.Value), "Write true or false.")
		}
		return n.Value == "true"
	case t.Kind() >= reflect.Int && t.Kind() <= reflect.Uint64:
		i, err := strconv.ParseInt(strings.ReplaceAll(n.Value, "_", ""), 10, 64)
		if err != nil {
			return s.add(n, path, fmt.Sprintf("%q is not a whole number.", n.Value), "Write digits only.")
		}
		return i
	}
	return n.Value
}

func (s *shaper) list(n *yaml.Node, t reflect.Type, path string) any {
	if n.Kind != yaml.SequenceNode {
		return s.add(n, path, "This must be a list.", "Write each value on a line of its own after a dash.")
	}
	out := make([]any, len(n.Content))
	for i, e := range n.Content {
		out[i] = s.value(e, t.Elem(), fmt.Sprintf("%s[%d]", path, i))
	}
	return out
}

func (s *shaper) mapping(n *yaml.Node, t reflect.Type, path string) any {
	if n.Kind != yaml.MappingNode {
		return s.add(n, path, "This must be a mapping.", "")
	}
	out := map[string]any{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k := n.Content[i]
		if _, twice := out[k.Value]; twice {
			s.add(k, join(path, k.Value), "The name is given twice.", "Remove one.")
		}
		out[k.Value] = s.value(n.Content[i+1], t.Elem(), join(path, k.Value))
	}
	return out
}

func (s *shaper) fields(n *yaml.Node, t reflect.Type, path string) any {
	names := map[string]reflect.Type{}
	var order []string
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.IsExported() && name != "" && name != "-" {
			names[name] = f.Type
			order = append(order, name)
		}
	}
	if n.Kind != yaml.MappingNode {
		return s.add(n, path, "This must be a mapping of fields.", "Its fields are "+strings.Join(order, ", ")+".")
	}
	out := map[string]any{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k := n.Content[i]
		at := join(path, k.Value)
		ft, known := names[k.Value]
		_, twice := out[k.Value]
		switch {
		case !known:
			s.add(k, at, fmt.Sprintf("There is no field %q here.", k.Value), suggest(k.Value, order))
		case twice:
			s.add(k, at, "The field is given twice.", "Remove one.")
		default:
			out[k.Value] = s.value(n.Content[i+1], ft, at)
		}
	}
	return out
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}
