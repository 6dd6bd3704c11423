package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"reperform/ascode"
	"reperform/english"
	"reperform/record"
)

//go:generate sh -c "go run . kinds --markdown >../../docs/KINDS.md.new && mv ../../docs/KINDS.md.new ../../docs/KINDS.md"

// kindLine is a kind as it is listed.
type kindLine struct {
	Kind   string `json:"kind"`
	Title  string `json:"title"`
	Plural string `json:"plural"`
	// Home is the ledger in which records of the kind live.
	Home record.Home `json:"home"`
	// Decision kinds are written by commands of their own, not by apply.
	Decision bool        `json:"decision"`
	Fields   []fieldLine `json:"fields,omitempty"`
}

// fieldLine is one field as it is described.
type fieldLine struct {
	Name     string           `json:"name"`
	Label    string           `json:"label,omitempty"`
	Type     record.FieldType `json:"type"`
	Required bool             `json:"required,omitempty"`
	List     bool             `json:"list,omitempty"`
	Values   []string         `json:"values,omitempty"`
	// Reference is the kind whose ids the field holds.
	Reference string      `json:"reference,omitempty"`
	Help      string      `json:"help,omitempty"`
	Sensitive string      `json:"sensitive,omitempty"`
	Fields    []fieldLine `json:"fields,omitempty"`
}

func lineOfKind(k *record.Kind, fields bool) kindLine {
	l := kindLine{Kind: k.Name, Title: k.Title, Plural: k.Plural, Home: k.Home, Decision: k.Decision}
	if fields {
		l.Fields = linesOf(k.Fields)
	}
	return l
}

func linesOf(fields []record.Field) []fieldLine {
	var out []fieldLine
	for _, f := range fields {
		out = append(out, fieldLine{Name: f.Name, Label: f.Label, Type: f.Type, Required: f.Required, List: f.List, Values: f.Values,
			Reference: f.Ref, Help: f.Help, Sensitive: f.Sensitive, Fields: linesOf(f.Fields)})
	}
	return out
}

// how says whether a person writes the kind in a file.
func (l kindLine) how() string {
	if l.Decision {
		return "decision"
	}
	return "register"
}

func (c *cli) kindsCommand() *cobra.Command {
	var example, markdown bool
	cmd := c.command("kinds [KIND]", "kinds", func(_ *cobra.Command, args []string) error {
		var all []kindLine
		for _, name := range record.Kinds.Names() {
			k, err := record.Kinds.Kind(name)
			if err != nil {
				return err
			}
			all = append(all, lineOfKind(k, markdown))
		}
		switch {
		case markdown:
			_, err := io.WriteString(c.out, kindsPage(all))
			return err
		case len(args) == 0 && example:
			return fmt.Errorf("name a kind with --example; the kinds are %s", strings.Join(record.Kinds.Names(), ", "))
		case len(args) == 0:
			return c.print(all, func(w io.Writer) {
				for _, l := range all {
					fmt.Fprintf(w, "%-26s %-44s %-13s %s\n", l.Kind, l.Title, l.Home, l.how())
				}
			})
		}
		k, err := record.Kinds.Kind(args[0])
		if err != nil {
			return err
		}
		if example {
			return c.printExample(k)
		}
		l := lineOfKind(k, true)
		return c.print(l, func(w io.Writer) {
			fmt.Fprintf(w, "%s: %s, a %s of the ledger of %s\n\n", l.Kind, l.Title, l.how(), homes[l.Home])
			printFields(w, l.Fields, "  ")
		})
	})
	cmd.Args = cobra.MaximumNArgs(1)
	cmd.Flags().BoolVar(&example, "example", false, "print a minimal valid record of the kind as YAML")
	cmd.Flags().BoolVar(&markdown, "markdown", false, "print the page of all kinds, docs/KINDS.md")
	cmd.Flags().MarkHidden("markdown")
	return cmd
}

var homes = map[record.Home]string{record.Organization: "the organization", record.Examination: "an examination", record.Either: "the organization or of an examination"}

// printExample prints a record that apply accepts once what it refers to exists.
func (c *cli) printExample(k *record.Kind) error {
	if k.Decision {
		return fmt.Errorf("%s is a decision: a command of its own writes it, not a file; see `reperform help`", k.Name)
	}
	r, err := k.Example()
	if err != nil {
		return err
	}
	ledger := ""
	if k.Home == record.Examination {
		ledger = "exam-ENGAGEMENT"
	}
	b, err := ascode.Write(k, ledger, []record.Record{r})
	if err != nil {
		return err
	}
	return c.print(map[string]string{"kind": k.Name, "yaml": string(b)}, func(w io.Writer) { w.Write(b) })
}

func printFields(w io.Writer, fields []fieldLine, indent string) {
	for _, f := range fields {
		fmt.Fprintf(w, "%s%-28s %s\n", indent, f.Name, f.about())
		if f.Help != "" {
			fmt.Fprintf(w, "%s%-28s   %s\n", indent, "", f.Help)
		}
		printFields(w, f.Fields, indent+"  ")
	}
}

// about is what there is to say of a field in one line.
func (f fieldLine) about() string {
	s := string(f.Type)
	switch {
	case f.Reference != "":
		s = "id of " + english.A(f.Reference)
	case f.Type == record.Enum:
		s = "one of " + strings.Join(f.Values, ", ")
	}
	if f.List {
		s = "list: " + s
	}
	if f.Required {
		s += "; required"
	}
	if f.Sensitive != "" {
		s += "; " + f.Sensitive
	}
	if f.Label != "" {
		s += "; " + f.Label
	}
	return s
}

// kindsPage is docs/KINDS.md.
func kindsPage(all []kindLine) string {
	var b strings.Builder
	b.WriteString("<!-- Generated from the registry of kinds by `go generate ./cmd/reperform`; DO NOT EDIT. -->\n# Kinds of records\n\n")
	fmt.Fprintf(&b, "The %s that this program knows, with their fields. A *register* is written as a\n"+
		"file and recorded by `apply`; a *decision* has a command of its own. The same text comes\n"+
		"from `reperform kinds KIND`, and `reperform kinds KIND --example` prints a file to start\n"+
		"from. Each file also has `kind`, `id`, `effective` and, outside the organization's ledger,\n"+
		"`ledger`.\n\n| Kind | Title | Ledger | Written by |\n|---|---|---|---|\n", english.Count(len(all), "kind"))
	for _, l := range all {
		fmt.Fprintf(&b, "| [`%s`](#%s) | %s | %s | %s |\n", l.Kind, l.Kind, l.Title, l.Home, map[bool]string{true: "a command", false: "file"}[l.Decision])
	}
	for _, l := range all {
		fmt.Fprintf(&b, "\n## %s\n\n%s: a %s of the ledger of %s.\n\n| Field | Holds | Label | Help |\n|---|---|---|---|\n", l.Kind, l.Title, l.how(), homes[l.Home])
		pageFields(&b, l.Fields, "")
	}
	return b.String()
}

func pageFields(b *strings.Builder, fields []fieldLine, path string) {
	cell := strings.NewReplacer("|", "\\|", "\n", " ")
	for _, f := range fields {
		bare := f
		bare.Label = ""
		fmt.Fprintf(b, "| `%s` | %s | %s | %s |\n", path+f.Name, cell.Replace(bare.about()), cell.Replace(f.Label), cell.Replace(f.Help))
		pageFields(b, f.Fields, path+f.Name+map[bool]string{true: "[].", false: "."}[f.List])
	}
}
