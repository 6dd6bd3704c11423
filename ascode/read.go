package ascode

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"reperform/record"
	"reperform/soc1"
)

// maxFile bounds a file of records; populations have their own import.
const maxFile = 32 << 20

// Read reads the files, and every .yaml, .yml and .json file below the
// folders, given by paths. The error is Problems when the content is wrong.
func Read(reg *record.Registry, paths []string) ([]*Item, error) {
	files, err := find(paths)
	if err != nil {
		return nil, err
	}
	var items []*Item
	var problems Problems
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			return nil, err
		}
		if len(b) > maxFile {
			return nil, fmt.Errorf("%s has %d bytes; a file of records may have %d: is it a population? Use `reperform population import`", f, len(b), maxFile)
		}
		its, ps := Parse(reg, f, b)
		items, problems = append(items, its...), append(problems, ps...)
	}
	problems = append(problems, duplicates(items)...)
	if err := problems.Err(); err != nil {
		return nil, err
	}
	if len(items) == 0 {
		return nil, fmt.Errorf("%s: there is no record; each begins with `kind:` and `id:`", strings.Join(paths, ", "))
	}
	return items, nil
}

func find(paths []string) ([]string, error) {
	var out []string
	for _, p := range paths {
		info, err := os.Stat(p)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("%s does not exist; name a file or a folder of .yaml or .json files", p)
		}
		if err != nil {
			return nil, err
		}
		if !info.IsDir() {
			out = append(out, p)
			continue
		}
		found := 0
		err = filepath.WalkDir(p, func(path string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			switch strings.ToLower(filepath.Ext(path)) {
			case ".yaml", ".yml", ".json":
				if d.Type().IsRegular() {
					out = append(out, path)
					found++
				}
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		if found == 0 {
			return nil, fmt.Errorf("%s holds no .yaml, .yml or .json file", p)
		}
	}
	sort.Strings(out)
	return out, nil
}

// duplicates refuses the same version of a record given twice.
func duplicates(items []*Item) Problems {
	type key struct{ ledger, kind, id, effective string }
	seen := map[key]*Item{}
	var ps Problems
	for _, it := range items {
		k := key{it.Ledger, it.Kind, it.ID, it.Effective}
		if first, ok := seen[k]; ok {
			ps = append(ps, it.Problem("id", fmt.Sprintf("The id %q is given twice; the first time at %s:%d.", it.ID, first.File, first.Line),
				"Remove one, or give each its own effective date if they are two versions."))
			continue
		}
		seen[k] = it
	}
	return ps
}

// Parse reads one file. The items are only of use when there are no problems.
func Parse(reg *record.Registry, file string, b []byte) ([]*Item, Problems) {
	read := yamlDocuments
	if strings.EqualFold(filepath.Ext(file), ".json") {
		read = jsonDocuments
	}
	nodes, broken := read(file, b)
	var items []*Item
	var problems Problems
	for _, n := range nodes {
		p := &parser{reg: reg, file: file}
		if it := p.item(n); it != nil {
			items = append(items, it)
		}
		problems = append(problems, p.problems...)
	}
	return items, append(problems, broken...)
}

// yamlDocuments reads the records of a YAML file, as far as it is valid.
func yamlDocuments(file string, b []byte) ([]*yaml.Node, Problems) {
	dec := yaml.NewDecoder(bytes.NewReader(b))
	var out []*yaml.Node
	for {
		var doc yaml.Node
		err := dec.Decode(&doc)
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return out, Problems{syntax(file, err)}
		}
		if n := firstAlias(&doc); n != nil {
			return out, Problems{aliasProblem(file, n)}
		}
		out = append(out, documents(&doc)...)
	}
}

// firstAlias finds an alias anywhere in a document. They are refused: a few
// hundred bytes of them can stand for gigabytes.
func firstAlias(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		return n
	}
	for _, c := range n.Content {
		if a := firstAlias(c); a != nil {
			return a
		}
	}
	return nil
}

func aliasProblem(file string, n *yaml.Node) Problem {
	return Problem{File: file, Line: n.Line, Message: fmt.Sprintf("The alias *%s stands for something written elsewhere, and aliases are not read here.", n.Value), Remedy: "Write the value out where it belongs."}
}

var yamlLine = regexp.MustCompile(`line (\d+): (.*)`)

func syntax(file string, err error) Problem {
	p := Problem{File: file, Line: 1, Message: "This is not valid YAML: " + strings.TrimPrefix(err.Error(), "yaml: ") + ".", Remedy: "Check the indentation and the quotes."}
	if m := yamlLine.FindStringSubmatch(err.Error()); m != nil {
		p.Line, _ = strconv.Atoi(m[1])
		p.Message = "This is not valid YAML: " + m[2] + "."
	}
	return p
}

// documents unwraps a YAML document: a record, or a list of records.
func documents(doc *yaml.Node) []*yaml.Node {
	if doc.Kind != yaml.DocumentNode || len(doc.Content) == 0 {
		return nil
	}
	n := doc.Content[0]
	switch {
	case n.Kind == yaml.SequenceNode:
		return n.Content
	case n.Kind == yaml.ScalarNode && n.Tag == "!!null":
		return nil
	}
	return []*yaml.Node{n}
}

type parser struct {
	reg      *record.Registry
	file     string
	item_    *Item
	problems Problems
}

func (p *parser) add(n *yaml.Node, path, message, remedy string) {
	pr := Problem{File: p.file, Line: n.Line, Field: path, Message: message, Remedy: remedy}
	if p.item_ != nil {
		pr.Record = strings.TrimSpace(p.item_.Kind + " " + p.item_.ID)
	}
	p.problems = append(p.problems, pr)
}

// item reads one record: the envelope's fields, then the kind's.
func (p *parser) item(n *yaml.Node) *Item {
	if n.Kind != yaml.MappingNode {
		p.add(n, "", "A record is a mapping of fields, and this is not one.", "Begin with `kind:` and `id:`.")
		return nil
	}
	it := &Item{File: p.file, Line: n.Line, lines: map[string]int{}}
	p.item_ = it
	rest := &yaml.Node{Kind: yaml.MappingNode, Line: n.Line}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		if seen[k.Value] {
			p.add(k, k.Value, "The field is given twice.", "Remove one.")
			continue
		}
		seen[k.Value] = true
		switch k.Value {
		case "kind":
			it.Kind = p.scalar(v, "kind")
		case "id":
			it.ID = p.scalar(v, "id")
		case "ledger":
			it.Ledger = p.scalar(v, "ledger")
		case "effective":
			it.Effective = p.scalar(v, "effective")
			if _, err := soc1.ParseDate(it.Effective); err != nil {
				p.add(v, "effective", err.Error(), "")
			}
		case "retired":
			switch text := p.scalar(v, "retired"); text {
			case "true", "false":
				it.Retired = text == "true"
			default:
				p.add(v, "retired", fmt.Sprintf("%q is neither true nor false.", text), "Write true or false.")
			}
		default:
			rest.Content = append(rest.Content, k, v)
			continue
		}
		it.lines[k.Value] = k.Line
	}
	if it.Kind == "" {
		p.add(n, "kind", "The record does not say of which kind it is.", "Add `kind:`, for example `kind: control`.")
		return nil
	}
	kind, err := p.reg.Kind(it.Kind)
	if err != nil {
		p.add(n, "kind", fmt.Sprintf("There is no kind %q.", it.Kind), suggest(it.Kind, p.reg.Names()))
		return nil
	}
	if record.CheckID(it.ID) != nil {
		p.add(n, "id", fmt.Sprintf("%q is not an id.", it.ID), "Use letters, digits, dots, dashes, underscores, colons and slashes, at most 120, beginning with a letter or digit.")
		return nil
	}
	body := p.object(kind.Fields, rest, "")
	if len(p.problems) > 0 {
		return nil
	}
	return p.finish(it, kind, body)
}

func (p *parser) finish(it *Item, kind *record.Kind, body map[string]any) *Item {
	raw, err := json.Marshal(body)
	if err == nil {
		it.Value = kind.New()
		err = json.Unmarshal(raw, it.Value)
	}
	if err != nil {
		p.problems = append(p.problems, it.Problem("", capital(err.Error())+".", "Compare the record with an exported one of its kind."))
		return nil
	}
	if it.Body, err = json.Marshal(it.Value); err != nil {
		p.problems = append(p.problems, it.Problem("", err.Error(), ""))
		return nil
	}
	// What a decision needs is known to its command, which is how it is
	// recorded; what lacks for it would only mislead here.
	if it.Retired || kind.Decision {
		return it
	}
	for _, pr := range kind.Validate(deref(it.Value)) {
		p.problems = append(p.problems, it.Problem(pr.Field, pr.Message, pr.Remedy))
	}
	return it
}

func (p *parser) scalar(n *yaml.Node, path string) string {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if n.Kind != yaml.ScalarNode {
		p.add(n, path, "This must be a single value.", "")
		return ""
	}
	if n.Tag == "!!null" {
		return ""
	}
	return n.Value
}

func (p *parser) object(fields []record.Field, n *yaml.Node, prefix string) map[string]any {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if n.Kind != yaml.MappingNode {
		p.add(n, strings.TrimSuffix(prefix, "."), "This must be a mapping of fields.", "Its fields are "+fieldNames(fields)+".")
		return nil
	}
	out := map[string]any{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		path := prefix + k.Value
		f := lookup(fields, k.Value)
		if f == nil {
			p.add(k, path, fmt.Sprintf("There is no field %q here.", k.Value), suggest(k.Value, names(fields)))
			continue
		}
		if _, twice := out[f.Name]; twice {
			p.add(k, path, "The field is given twice.", "Remove one.")
			continue
		}
		p.item_.lines[path] = k.Line
		if x := p.field(f, v, path); x != nil {
			out[f.Name] = x
		}
	}
	return out
}

func (p *parser) field(f *record.Field, n *yaml.Node, path string) any {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if n.Kind == yaml.ScalarNode && n.Tag == "!!null" {
		return nil
	}
	if !f.List {
		return p.value(f, n, path)
	}
	if n.Kind != yaml.SequenceNode {
		p.add(n, path, "This must be a list.", "Write each value on a line of its own after a dash.")
		return nil
	}
	list := []any{}
	for i, e := range n.Content {
		at := fmt.Sprintf("%s[%d]", path, i)
		p.item_.lines[at] = e.Line
		if x := p.value(f, e, at); x != nil {
			list = append(list, x)
		}
	}
	return list
}

// texts reads a mapping of names to texts or lists of texts: identifiers of
// other frameworks, whose digits are not numbers.
func (p *parser) texts(n *yaml.Node, path string) any {
	if n.Kind != yaml.MappingNode {
		p.add(n, path, "This must be a mapping.", "Write each name on a line of its own, a colon, and a list of texts.")
		return nil
	}
	out := map[string]any{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		at := path + "." + k.Value
		p.item_.lines[at] = k.Line
		if v.Kind == yaml.AliasNode {
			v = v.Alias
		}
		one := []*yaml.Node{v}
		if v.Kind == yaml.SequenceNode {
			one = v.Content
		}
		list := make([]any, len(one))
		for j, e := range one {
			list[j] = p.value(&record.Field{Type: record.Text}, e, at)
		}
		if _, twice := out[k.Value]; twice {
			p.add(k, at, "The name is given twice.", "Remove one.")
		}
		out[k.Value] = list
	}
	return out
}

// plainTags are the tags that YAML itself gives to values written without one;
// their text is taken as it stands.
var plainTags = map[string]bool{"!!str": true, "!!int": true, "!!float": true, "!!bool": true, "!!timestamp": true, "!!merge": true}

func (p *parser) value(f *record.Field, n *yaml.Node, path string) any {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	switch f.Type {
	case record.Object:
		m := p.object(f.Fields, n, path+".")
		if m == nil {
			return nil
		}
		return m
	case record.Map:
		return p.texts(n, path)
	}
	if n.Kind != yaml.ScalarNode {
		p.add(n, path, "This must be a single value.", "")
		return nil
	}
	if n.Tag == "!!null" {
		p.add(n, path, "A list holds no empty value.", "Remove it, or write the value.")
		return nil
	}
	if !plainTags[n.Tag] {
		p.add(n, path, fmt.Sprintf("The tag %s has no meaning here.", n.Tag), "Write the value without a tag.")
		return nil
	}
	switch f.Type {
	case record.Integer:
		i, err := strconv.ParseInt(strings.ReplaceAll(n.Value, "_", ""), 10, 64)
		if err != nil {
			p.add(n, path, fmt.Sprintf("%q is not a whole number.", n.Value), "Write digits only.")
			return nil
		}
		return i
	case record.Boolean:
		switch n.Value {
		case "true", "false":
			return n.Value == "true"
		}
		p.add(n, path, fmt.Sprintf("%q is neither true nor false.", n.Value), "Write true or false.")
		return nil
	case record.Enum:
		for _, v := range f.Values {
			if v == n.Value {
				return n.Value
			}
		}
		p.add(n, path, fmt.Sprintf("%q is not a value of this field.", n.Value), suggest(n.Value, f.Values))
		return nil
	}
	return n.Value
}
