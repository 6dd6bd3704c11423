package ascode

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"go.yaml.in/yaml/v3"
)

// maxDepth bounds how deeply values of a file may nest; no record comes near.
const maxDepth = 200

// jsonDocuments reads a file of one or more JSON values into the nodes that
// the YAML reader gives, with their lines. YAML is nearly a superset of JSON,
// but not of tabs and surrogate pairs, which JSON files have.
func jsonDocuments(file string, b []byte) ([]*yaml.Node, Problems) {
	b = bytes.TrimPrefix(b, []byte("\ufeff"))
	r := &jsonReader{bytes: b, dec: json.NewDecoder(bytes.NewReader(b)), line: 1}
	r.dec.UseNumber()
	var out []*yaml.Node
	for {
		n, err := r.value(0)
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			place := r.dec.InputOffset()
			if errors.Is(err, io.ErrUnexpectedEOF) {
				place = int64(len(bytes.TrimRight(b, " \t\r\n")))
			}
			return out, Problems{{File: file, Line: r.at(place), Message: "This is not valid JSON: " + sentence(err) + ".", Remedy: "Check the quotes, the commas and the brackets."}}
		}
		doc := &yaml.Node{Kind: yaml.DocumentNode, Content: []*yaml.Node{n}}
		out = append(out, documents(doc)...)
	}
}

// sentence tells a person what the decoder's end of file means.
func sentence(err error) string {
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return "the file ends in the middle of a value"
	}
	return err.Error()
}

// jsonReader makes nodes of tokens and counts lines as it goes.
type jsonReader struct {
	bytes  []byte
	dec    *json.Decoder
	line   int
	offset int64
}

// at is the line of an offset; offsets only grow.
func (r *jsonReader) at(offset int64) int {
	offset = min(offset, int64(len(r.bytes)))
	r.line += bytes.Count(r.bytes[r.offset:offset], []byte("\n"))
	r.offset = offset
	return r.line
}

func (r *jsonReader) value(depth int) (*yaml.Node, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("values nest more than %d deep", maxDepth)
	}
	t, err := r.dec.Token()
	if err != nil {
		if depth > 0 && errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return nil, err
	}
	n := &yaml.Node{Kind: yaml.ScalarNode, Line: r.at(r.dec.InputOffset())}
	switch x := t.(type) {
	case string:
		n.Tag, n.Value = "!!str", x
	case json.Number:
		n.Tag, n.Value = "!!float", x.String()
	case bool:
		n.Tag, n.Value = "!!bool", fmt.Sprint(x)
	case nil:
		n.Tag, n.Value = "!!null", "null"
	case json.Delim:
		return n, r.inside(n, x, depth)
	}
	return n, nil
}

// inside reads what an object or a list holds, up to its end.
func (r *jsonReader) inside(n *yaml.Node, open json.Delim, depth int) error {
	n.Kind, n.Tag = yaml.SequenceNode, "!!seq"
	if open == '{' {
		n.Kind, n.Tag = yaml.MappingNode, "!!map"
	}
	for r.dec.More() {
		c, err := r.value(depth + 1)
		if err != nil {
			return err
		}
		n.Content = append(n.Content, c)
	}
	_, err := r.dec.Token()
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
