package soc1

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"
)

// selfChecked is a value that knows whether it is well formed.
type selfChecked interface {
	// flaw returns a message and a remedy, both empty when nothing is wrong.
	// It is only asked of values that are not zero.
	flaw() (message, remedy string)
}

// enumerated is a string type that lists its values.
type enumerated interface{ Values() []string }

// examine starts the check of a record with everything that its tags and
// types already say: required fields, enumerations, dates, rates, references.
func examine(record any) *checker {
	c := &checker{}
	v := reflect.ValueOf(record)
	c.fields(v, planOf(v.Type()), nil)
	return c
}

// field is what the check needs to know of one struct field. Reading it out
// of the tags once per type, and not once per record, is what makes checking
// cheap enough to stand in the path of every command.
type field struct {
	name, label         string
	required, reference bool
	check               check
}

// check is how the values of one type are checked.
type check struct {
	kind    reflect.Kind
	self    bool     // the value checks itself
	allowed []string // the values of an enumeration
	member  *check   // of a list
	plan    []field  // of a struct
}

var (
	selfCheckedType = reflect.TypeFor[selfChecked]()
	enumeratedType  = reflect.TypeFor[enumerated]()
	plans           sync.Map // of reflect.Type to []field
)

// planOf reads the fields of a struct type, once per type.
func planOf(t reflect.Type) []field {
	if known, ok := plans.Load(t); ok {
		return known.([]field)
	}
	plan := make([]field, t.NumField())
	for i := range plan {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		plan[i] = field{
			name:      name,
			label:     f.Tag.Get("label"),
			required:  f.Tag.Get("required") == "true",
			reference: f.Tag.Get("ref") != "",
			check:     checkOf(f.Type),
		}
	}
	plans.Store(t, plan)
	return plan
}

// checkOf decides how the values of a type are checked.
func checkOf(t reflect.Type) check {
	c := check{kind: t.Kind(), self: t.Implements(selfCheckedType)}
	switch {
	case c.self:
	case t.Implements(enumeratedType):
		c.allowed = reflect.Zero(t).Interface().(enumerated).Values()
	case t.Kind() == reflect.Slice:
		member := checkOf(t.Elem())
		c.member = &member
	case t.Kind() == reflect.Struct:
		c.plan = planOf(t)
	}
	return c
}

// place is where a value stands in the record; it becomes text only when
// something is wrong there.
type place struct {
	within *place
	name   string
	index  int // of a list's member, when name is empty
}

// String is the path as a Problem has it.
func (p *place) String() string {
	switch {
	case p.name == "":
		return fmt.Sprintf("%s[%d]", p.within, p.index)
	case p.within == nil:
		return p.name
	}
	return p.within.String() + "." + p.name
}

// fields checks the fields of one struct.
func (c *checker) fields(v reflect.Value, plan []field, within *place) {
	for i := range plan {
		f := &plan[i]
		value := v.Field(i)
		if f.required && empty(value) {
			c.add((&place{within, f.name, 0}).String(), fmt.Sprintf("%q is missing.", f.label), f.missing())
			continue
		}
		if !value.IsZero() {
			c.value(value, &f.check, &place{within, f.name, 0}, f.reference)
		}
	}
}

// value checks one value and, for structs and lists, what it contains.
func (c *checker) value(v reflect.Value, how *check, where *place, reference bool) {
	switch {
	case how.self:
		if message, remedy := v.Interface().(selfChecked).flaw(); message != "" {
			c.add(where.String(), message, remedy)
		}
	case how.allowed != nil:
		if !slices.Contains(how.allowed, v.String()) {
			c.add(where.String(), fmt.Sprintf("%q is not a value of this list.", v.String()), oneOf(how.allowed))
		}
	case how.kind == reflect.Struct:
		c.fields(v, how.plan, where)
	case how.kind == reflect.Slice:
		c.list(v, how.member, where, reference)
	case how.kind == reflect.String:
		text := v.String()
		if !utf8.ValidString(text) {
			c.add(where.String(), "The text is not valid UTF-8.", "Save the file as UTF-8 and try again.")
		}
		if reference && strings.TrimSpace(text) != text {
			c.add(where.String(), fmt.Sprintf("The reference %q has blanks around it.", text), "Give the id alone.")
		}
	}
}

// list checks the members of a list; a list of references or of enumeration
// values names nothing twice and nothing empty.
func (c *checker) list(v reflect.Value, how *check, within *place, reference bool) {
	distinct := how.kind == reflect.String && (reference || how.allowed != nil)
	for i := range v.Len() {
		member, where := v.Index(i), &place{within, "", i}
		if distinct && blank(member.String()) {
			c.add(where.String(), "The list has an empty member.", "Remove it or name what is meant.")
			continue
		}
		if distinct && contains(v, i, member.String()) {
			c.add(where.String(), fmt.Sprintf("%q is listed twice.", member.String()), "List it once.")
		}
		c.value(member, how, where, reference)
	}
}

// contains reports whether a text is among the first n members of a list.
// Lists of references are short; comparing beats building a set.
func contains(list reflect.Value, n int, text string) bool {
	for i := range n {
		if list.Index(i).String() == text {
			return true
		}
	}
	return false
}

// empty reports whether a required value is missing; text of blanks says
// nothing and a list without members lists nothing.
func empty(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.String:
		return blank(v.String())
	case reflect.Slice, reflect.Map:
		return v.Len() == 0
	default:
		return v.IsZero()
	}
}

// missing says how to fill a required field, with the list of values where
// there is one.
func (f *field) missing() string {
	switch member := f.check.member; {
	case f.check.allowed != nil:
		return oneOf(f.check.allowed)
	case member != nil && member.allowed != nil:
		return oneOf(member.allowed)
	case member != nil:
		return fmt.Sprintf("List at least one under %q.", f.label)
	}
	return fmt.Sprintf("Give %q.", f.label)
}

// oneOf is the remedy for a value outside an enumeration.
func oneOf(values []string) string { return "Use one of: " + strings.Join(values, ", ") + "." }
