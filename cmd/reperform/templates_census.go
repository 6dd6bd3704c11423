package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"go.yaml.in/yaml/v3"

	"reperform/ascode"
	"reperform/english"
	"reperform/record"
	"reperform/soc1"
	"reperform/soc1/library"
)

func (c *cli) templatesTest() *cobra.Command {
	var engagement, effective, out string
	var planned bool
	cmd := c.command("test CODE...", "templates", func(_ *cobra.Command, args []string) error {
		var from soc1.Date
		if effective != "" {
			d, err := soc1.ParseDate(effective)
			if err != nil {
				return fmt.Errorf("--effective: %w", err)
			}
			from = d
		}
		controls, err := censusControls(args)
		if err != nil {
			return err
		}
		files := map[string][]byte{}
		for _, k := range controls {
			if err := censusFiles(files, k, engagement, from, planned); err != nil {
				return err
			}
		}
		if err := os.MkdirAll(out, 0o755); err != nil {
			return err
		}
		for name, b := range files {
			if err := os.WriteFile(filepath.Join(out, name), b, 0o644); err != nil {
				return err
			}
		}
		left := judged(controls)
		return c.print(map[string]any{"folder": out, "controls": len(controls), "files": len(files), "judged": left}, func(w io.Writer) {
			fmt.Fprintf(w, "%s of %s in %s.\n", english.Count(len(files), "file"), english.Count(len(controls), "control"), out)
			if len(left) > 0 {
				fmt.Fprintln(w, "For a person, and so in no census; plan a test by sample for:")
			}
			for _, j := range left {
				fmt.Fprintf(w, "  %-9s %s  %s\n", j.Control, j.Attribute, j.Text)
			}
		})
	})
	cmd.Short = "Write management's own census tests of controls as files to apply"
	cmd.Args = cobra.MinimumNArgs(1)
	f := cmd.Flags()
	f.StringVar(&engagement, "engagement", "", "id of the engagement that the tests belong to (required)")
	f.StringVar(&effective, "effective", "", "date from which the records hold (default: the day they are applied)")
	f.BoolVar(&planned, "planned", false, "leave the population open, for tests planned before there is an extract")
	f.StringVarP(&out, "output", "o", "", "folder to write (required)")
	cmd.MarkFlagRequired("engagement")
	cmd.MarkFlagRequired("output")
	return cmd
}

// judgedAttribute is an attribute that only a person can decide.
type judgedAttribute struct {
	Control   string `json:"control"`
	Attribute string `json:"attribute"`
	Text      string `json:"text"`
}

// judged are those of controls.
func judged(controls []library.Control) []judgedAttribute {
	out := []judgedAttribute{}
	for _, k := range controls {
		for i, a := range k.Attributes {
			if a.Manual() {
				out = append(out, judgedAttribute{k.Code, library.Letter(i), a.Text})
			}
		}
	}
	return out
}

// censusControls are the controls named, each by its code or all of a service
// type by the type's, without those that only a person can test.
func censusControls(codes []string) ([]library.Control, error) {
	var out []library.Control
	for _, code := range codes {
		if strings.Contains(code, ".") {
			k, _, err := library.ControlOf(code)
			if err != nil {
				return nil, err
			}
			out = append(out, k)
			continue
		}
		s, err := library.ServiceOf(code)
		if err != nil {
			return nil, err
		}
		for _, o := range s.Objectives {
			for _, k := range o.Controls {
				if k.Extract != nil {
					k, _, err := library.ControlOf(k.Code)
					if err != nil {
						return nil, err
					}
					out = append(out, k)
				}
			}
		}
	}
	return out, nil
}

// censusFiles adds the three files of a control: the records of the test, the
// layout of the extract, and what the import of the extract is told. Only the
// first is of records, and its name alone ends so that apply reads it.
func censusFiles(files map[string][]byte, k library.Control, engagement string, from soc1.Date, planned bool) error {
	name := strings.ReplaceAll(strings.ToLower(k.Code), ".", "-")
	population := "pop-" + name
	of := population
	if planned {
		of = ""
	}
	rs, err := library.Census(k.Code, engagement, of)
	if err != nil {
		return err
	}
	var text bytes.Buffer
	for _, r := range rs {
		body, err := json.Marshal(r.Value)
		if err != nil {
			return err
		}
		kind, err := record.Kinds.Kind(r.Kind)
		if err != nil {
			return err
		}
		b, err := ascode.Write(kind, "", []record.Record{{Kind: r.Kind, ID: r.ID, Effective: string(from), Body: body}})
		if err != nil {
			return err
		}
		if text.Len() > 0 {
			text.WriteString("---\n")
		}
		text.Write(b)
	}
	spec, err := importSpec(k, population, name)
	if err != nil {
		return err
	}
	files[name+".yaml"], files[name+".csv"], files[name+".spec"] = text.Bytes(), []byte(k.Extract.CSV()), spec
	return nil
}

// importSpec is the description that population import reads with --spec. The
// source system, the query and the period are the organization's to add.
func importSpec(k library.Control, population, control string) ([]byte, error) {
	type column struct {
		Name string `yaml:"name"`
		Type string `yaml:"type"`
	}
	var spec struct {
		ID         string `yaml:"id"`
		Population struct {
			Title    string   `yaml:"title"`
			Key      []string `yaml:"key,flow"`
			Controls []string `yaml:"controls,flow"`
		} `yaml:"population"`
		Schema struct {
			Columns []column `yaml:"columns"`
		} `yaml:"schema"`
	}
	spec.ID = population
	spec.Population.Title, spec.Population.Key, spec.Population.Controls = k.Population, k.Extract.Key, []string{control}
	for _, col := range k.Extract.Columns {
		spec.Schema.Columns = append(spec.Schema.Columns, column{col.Name, col.SchemaType()})
	}
	var b bytes.Buffer
	enc := yaml.NewEncoder(&b)
	enc.SetIndent(2)
	if err := enc.Encode(spec); err != nil {
		return nil, err
	}
	return b.Bytes(), enc.Close()
}
