// Package guard decides whether SQL that a person wrote may run: a single
// expression or a single SELECT, over the named tables only, of functions whose
// result depends on their arguments alone, without floating point. It uses the
// database's own parser and binder and judges the trees they return, not the
// text. It promises that an accepted expression stays inside the parentheses
// into which it is put. It does not bound time or memory; the process around it
// does.
package guard

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"reperform/population/duck"
)

// MaxLength is the longest SQL text in bytes that is looked at.
const MaxLength = 64 << 10

// maxDepth bounds the nesting of the parsed tree that is walked.
const maxDepth = 2000

// Refusal says why SQL is not accepted, and what to do.
type Refusal struct {
	Problem, Remedy string
	// At is where in the text that was parsed it is, in bytes from 1; 0 where that is
	// not known.
	At int
}

// at adds a place as the engine states it, in bytes from 0.
func (r *Refusal) at(position string) *Refusal {
	if n, err := strconv.Atoi(position); err == nil && n >= 0 {
		r.At = n + 1
	}
	return r
}

func (r *Refusal) Error() string {
	if r.Remedy == "" {
		return r.Problem
	}
	return r.Problem + "; " + r.Remedy
}

func refuse(remedy, format string, args ...any) *Refusal {
	return &Refusal{Problem: fmt.Sprintf(format, args...), Remedy: remedy}
}

// Guard judges SQL on one database.
type Guard struct {
	db     *duck.DB
	tables map[string]bool // lower-case names that may be read
	column map[string]bool // lower-case names of those tables' columns
	rules  Rules
	macros map[string]bool // macros that the caller defined
}

// New prepares a guard for statements over the named tables; columns are the
// names of all their columns, macros those that the caller itself defined.
func New(db *duck.DB, rules Rules, tables, columns, macros []string) *Guard {
	g := &Guard{db: db, rules: rules, tables: map[string]bool{}, column: map[string]bool{}, macros: map[string]bool{}}
	for _, t := range tables {
		g.tables[strings.ToLower(t)] = true
	}
	for _, c := range columns {
		g.column[strings.ToLower(c)] = true
	}
	for _, m := range macros {
		g.macros[strings.ToLower(m)] = true
	}
	return g
}

// Facts are what a tree tells about an accepted text.
type Facts struct {
	// Ordered says that the text uses functions or clauses whose result may
	// depend on the order of rows, so that it should be run twice to be sure.
	Ordered bool
	// Nested says that the text holds a subquery or a window function.
	Nested bool
	// Columns are the column references, each as its dotted parts.
	Columns [][]string
	// Tree is the expression's or the query's own tree.
	Tree map[string]any
}

// Expression judges a text that is to stand in parentheses as one expression.
func (g *Guard) Expression(text string) (*Facts, error) {
	if err := checkText(text); err != nil {
		return nil, err
	}
	item, err := g.selectItem("SELECT " + text + "\n")
	if err != nil {
		return nil, err
	}
	wrapped, err := g.selectItem("SELECT (" + text + "\n)")
	if err != nil || !sameTree(item, wrapped) {
		return nil, refuse("write one expression without a semicolon or a trailing comma", "the text is not one expression that stands for itself")
	}
	f := &Facts{Tree: item}
	w := walker{g: g, facts: f, scopes: []map[string]bool{{}}, expression: true}
	return f, w.walk(item, 0)
}

// Query judges a text that is to be one SELECT.
func (g *Guard) Query(text string) (*Facts, error) {
	if err := checkText(text); err != nil {
		return nil, err
	}
	node, err := g.node(text + "\n")
	if err != nil {
		return nil, err
	}
	wrapped, err := g.node("SELECT * FROM (" + text + "\n) AS t")
	if err != nil {
		return nil, refuse("write one SELECT without a semicolon", "the text is not one SELECT that stands for itself")
	}
	from, _ := wrapped["from_table"].(map[string]any)
	sub, _ := from["subquery"].(map[string]any)
	if !sameTree(node, sub["node"]) {
		return nil, refuse("write one SELECT without a semicolon", "the text is not one SELECT that stands for itself")
	}
	f := &Facts{Tree: node}
	w := walker{g: g, facts: f, scopes: []map[string]bool{{}}}
	return f, w.walk(node, 0)
}

func checkText(text string) error {
	if strings.TrimSpace(text) == "" {
		return refuse("write an expression", "the text is empty")
	}
	if len(text) > MaxLength {
		return refuse("shorten it, or join a table of values", "the text has %d bytes, more than the %d accepted", len(text), MaxLength)
	}
	if strings.ContainsRune(text, 0) {
		return refuse("remove it", "the text holds a NUL character")
	}
	// The parser recurses; this bounds its depth before it starts.
	depth, deepest := 0, 0
	for _, c := range text {
		switch c {
		case '(', '[', '{':
			depth++
			deepest = max(deepest, depth)
		case ')', ']', '}':
			depth--
		}
	}
	if deepest > 200 {
		return refuse("simplify it", "the text nests brackets %d deep, more than 200", deepest)
	}
	return nil
}

// selectItem parses "SELECT x" and returns the tree of x.
func (g *Guard) selectItem(sql string) (map[string]any, error) {
	node, err := g.node(sql)
	if err != nil {
		return nil, err
	}
	list, _ := node["select_list"].([]any)
	from, _ := node["from_table"].(map[string]any)
	plain := node["type"] == "SELECT_NODE" && len(list) == 1 && from["type"] == "EMPTY"
	for _, clause := range []string{"where_clause", "having", "qualify", "sample"} {
		plain = plain && node[clause] == nil
	}
	for _, clause := range []string{"modifiers", "group_expressions", "group_sets"} {
		list, _ := node[clause].([]any)
		plain = plain && len(list) == 0
	}
	if !plain || node["aggregate_handling"] != "STANDARD_HANDLING" {
		return nil, refuse("write one expression, without clauses, commas or semicolons around it", "the text is not a single expression")
	}
	item, _ := list[0].(map[string]any)
	if alias, _ := item["alias"].(string); alias != "" {
		return nil, refuse("leave out the alias", "the expression has the alias %q", alias)
	}
	return item, nil
}

// node parses one SELECT statement and returns its query node.
func (g *Guard) node(sql string) (map[string]any, error) {
	row, err := g.db.One("SELECT json_serialize_sql(" + duck.Literal(sql) + ")")
	if err != nil {
		return nil, refuse("", "the text cannot be parsed: %s", firstLine(err.Error()))
	}
	var tree struct {
		Error   bool             `json:"error"`
		Message string           `json:"error_message"`
		Kind    string           `json:"error_type"`
		At      string           `json:"position"`
		Stmts   []map[string]any `json:"statements"`
	}
	d := json.NewDecoder(strings.NewReader(row[0]))
	d.UseNumber()
	if err := d.Decode(&tree); err != nil {
		return nil, refuse("", "the parser's answer cannot be read: %v", err)
	}
	switch {
	case tree.Error && tree.Kind == "not implemented":
		return nil, refuse("only SELECT and expressions are accepted", "this kind of statement is not allowed")
	case tree.Error:
		return nil, refuse("correct the SQL", "the text does not parse: %s", firstLine(tree.Message)).at(tree.At)
	case len(tree.Stmts) != 1:
		return nil, refuse("write one", "the text holds %d statements, not one", len(tree.Stmts))
	}
	node, _ := tree.Stmts[0]["node"].(map[string]any)
	if node == nil {
		return nil, refuse("only SELECT and expressions are accepted", "this kind of statement is not allowed")
	}
	return node, nil
}

func firstLine(s string) string {
	s, _, _ = strings.Cut(s, "\n")
	return strings.TrimSpace(s)
}

// sameTree compares trees but for the places in the text where they stand.
func sameTree(a, b any) bool {
	return reflect.DeepEqual(stripLocations(a), stripLocations(b))
}

func stripLocations(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, x := range v {
			if k != "query_location" {
				out[k] = stripLocations(x)
			}
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, x := range v {
			out[i] = stripLocations(x)
		}
		return out
	}
	return v
}

// Types binds an accepted SELECT and judges the types and functions in its
// plan. It returns the result's columns.
func (g *Guard) Types(sql string) ([]duck.Column, error) {
	row, err := g.db.One("SELECT json_serialize_plan(" + duck.Literal(sql) + ")")
	if err != nil {
		return nil, refuse("", "the types cannot be checked: %s", firstLine(err.Error()))
	}
	var plan struct {
		Error   bool   `json:"error"`
		Message string `json:"error_message"`
		At      string `json:"position"`
		Plans   []any  `json:"plans"`
	}
	d := json.NewDecoder(bytes.NewReader([]byte(row[0])))
	d.UseNumber()
	if err := d.Decode(&plan); err != nil {
		return nil, refuse("", "the types cannot be checked: %v", err)
	}
	if plan.Error {
		return nil, refuse("check names and types", "%s", firstLine(plan.Message)).at(plan.At)
	}
	check := planCheck{g: g}
	for _, p := range plan.Plans {
		check.walk(p, false, 0)
	}
	if check.found != nil {
		return nil, check.found
	}
	columns, err := g.db.Describe(sql)
	if err != nil {
		return nil, refuse("check names and types", "%s", firstLine(err.Error()))
	}
	return columns, nil
}
