package ascode

import (
	"bytes"
	"encoding/json"
	"fmt"
	"sort"
	"strings"

	"go.yaml.in/yaml/v3"

	"reperform/record"
	"reperform/soc1"
)

// Write renders records of one kind as a stream of YAML documents.
func Write(kind *record.Kind, ledger string, records []record.Record) ([]byte, error) {
	var b bytes.Buffer
	for i, r := range records {
		if i > 0 {
			b.WriteString("---\n")
		}
		n, err := node(kind, ledger, r)
		if err != nil {
			return nil, err
		}
		enc := yaml.NewEncoder(&b)
		enc.SetIndent(2)
		if err := enc.Encode(n); err != nil {
			return nil, err
		}
		if err := enc.Close(); err != nil {
			return nil, err
		}
	}
	return b.Bytes(), nil
}

func node(kind *record.Kind, ledger string, r record.Record) (*yaml.Node, error) {
	dec := json.NewDecoder(bytes.NewReader(r.Body))
	dec.UseNumber()
	var body map[string]any
	if err := dec.Decode(&body); err != nil {
		return nil, fmt.Errorf("%s %s: %w", r.Kind, r.ID, err)
	}
	m := &yaml.Node{Kind: yaml.MappingNode}
	put := func(name string, v *yaml.Node) { m.Content = append(m.Content, text(name), v) }
	put("kind", text(kind.Name))
	put("id", text(r.ID))
	if ledger != "" {
		put("ledger", text(ledger))
	}
	if r.Effective != "" {
		put("effective", date(r.Effective))
	}
	if r.Retired {
		put("retired", literal("true", "!!bool"))
	}
	fields(m, kind.Fields, body)
	return m, nil
}

// fields appends what the body holds in the order of the kind. Fields of a
// newer program are left out: applying keeps them by itself.
func fields(m *yaml.Node, known []record.Field, body map[string]any) {
	for _, f := range known {
		v, ok := body[f.Name]
		// An enumeration without a value is not there: no file may say "".
		if ok && v != nil && !(f.Type == record.Enum && v == "") {
			m.Content = append(m.Content, text(f.Name), value(&f, v))
		}
	}
}

func value(f *record.Field, v any) *yaml.Node {
	switch x := v.(type) {
	case []any:
		n := &yaml.Node{Kind: yaml.SequenceNode}
		short := len(x) > 0
		for _, e := range x {
			c := value(f, e)
			short = short && c.Kind == yaml.ScalarNode && len(c.Value) < 24 && !strings.Contains(c.Value, "\n")
			n.Content = append(n.Content, c)
		}
		if short || len(x) == 0 {
			n.Style = yaml.FlowStyle
		}
		return n
	case map[string]any:
		n := &yaml.Node{Kind: yaml.MappingNode}
		if f.Type == record.Object {
			fields(n, f.Fields, x)
			return n
		}
		keys := make([]string, 0, len(x))
		for k := range x {
			keys = append(keys, k)
		}
		sort.Strings(keys)
		for _, k := range keys {
			n.Content = append(n.Content, text(k), value(&record.Field{Type: record.Map}, x[k]))
		}
		return n
	case json.Number:
		return literal(x.String(), "!!int")
	case bool:
		return literal(fmt.Sprint(x), "!!bool")
	case string:
		if f.Type == record.Date {
			return date(x)
		}
		return text(x)
	}
	return text(fmt.Sprint(v))
}

// date is written without quotes when it is one; a field that holds anything
// else is written so that it reads back as the same text.
func date(s string) *yaml.Node {
	if _, err := soc1.ParseDate(s); err != nil {
		return text(s)
	}
	return literal(s, "!!timestamp")
}

func literal(s, tag string) *yaml.Node { return &yaml.Node{Kind: yaml.ScalarNode, Tag: tag, Value: s} }

func text(s string) *yaml.Node {
	n := &yaml.Node{}
	n.SetString(s)
	return n
}
