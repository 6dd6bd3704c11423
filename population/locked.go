package population

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"reperform/population/duck"
	"reperform/population/guard"
)

// view is a frozen population under the name by which SQL reads it.
type view struct {
	name  string
	input Input
}

// locked is a database for SQL that people wrote: it sees the named
// populations and nothing else, and its settings can no longer be changed.
type locked struct {
	*duck.DB
	guard *guard.Guard
}

// lockedOptions vary a locked database to show that a result does not depend
// on what it must not depend on.
type lockedOptions struct {
	threads  int  // 0 means the usual number
	reversed bool // read the rows of every population back to front
}

func (c *childServer) openLocked(zone string, views []view, holidays []string, o lockedOptions) (*locked, error) {
	db, err := c.open(zone)
	if err != nil {
		return nil, err
	}
	l := &locked{DB: db}
	if err := l.prepare(c, views, holidays, o); err != nil {
		db.Close()
		return nil, err
	}
	return l, nil
}

func (l *locked) prepare(c *childServer, views []view, holidays []string, o lockedOptions) error {
	var tables, columns, paths []string
	for _, v := range views {
		if err := checkViewName(v.name, tables); err != nil {
			return err
		}
		tables = append(tables, v.name)
		paths = append(paths, duck.Literal(v.input.Path))
		from := "read_parquet(" + duck.Literal(v.input.Path) + ")"
		if o.reversed && !hasColumn(v.input.Columns, "file_row_number") {
			from = "read_parquet(" + duck.Literal(v.input.Path) + ", file_row_number=true) ORDER BY file_row_number DESC"
		}
		sql := "SELECT " + selectList(v.input.Columns) + " FROM " + from
		have, err := l.Describe(sql)
		if err == nil {
			err = sameTypes(have, v.input.Columns)
		}
		if err == nil {
			err = l.Exec("CREATE VIEW " + duck.Ident(v.name) + " AS " + sql)
		}
		if err != nil {
			return &InputError{File: v.name, Problem: "the frozen file cannot be used: " + firstLine(err), Remedy: "import or derive the population again"}
		}
		for _, f := range v.input.Columns {
			columns = append(columns, f.Name)
		}
	}
	if err := createMacros(l.DB, holidays); err != nil {
		return err
	}
	var err error
	if c.rules == nil {
		if c.rules, err = guard.ReadRules(l.DB); err != nil {
			return err
		}
	}
	l.guard = guard.New(l.DB, c.rules, tables, columns, slices.Concat(Macros, macroHelpers))
	if o.threads > 0 {
		if err := l.Exec(fmt.Sprintf("SET threads=%d", o.threads)); err != nil {
			return err
		}
	}
	// allowed_paths names exact files; allowed_directories would also permit
	// writing. From the last statement on nothing can be set any more.
	return l.Exec("SET allowed_paths=[" + strings.Join(paths, ", ") + "]; SET enable_external_access=false; SET lock_configuration=true;")
}

func hasColumn(columns []FrozenField, name string) bool {
	for _, c := range columns {
		if strings.EqualFold(c.Name, name) {
			return true
		}
	}
	return false
}

// checkViewName keeps names of populations plain, so that they read the same in
// SQL, in records and in reports.
func checkViewName(name string, taken []string) error {
	bad := func(problem string) error {
		return &SQLError{Where: "name " + fmt.Sprintf("%q", name), Problem: problem, Remedy: "use letters, digits and underscores, beginning with a letter"}
	}
	for i, r := range name {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
		if !letter && (i == 0 || r != '_' && (r < '0' || r > '9')) {
			return bad("this is not a name for a population")
		}
	}
	if name == "" || len(name) > 63 {
		return bad("this is not a name for a population")
	}
	for _, t := range taken {
		if strings.EqualFold(t, name) {
			return bad("two populations have the same name")
		}
	}
	return nil
}

func firstLine(err error) string {
	s, _, _ := strings.Cut(err.Error(), "\n")
	return strings.TrimSpace(s)
}

// sqlError says where SQL was refused.
func sqlError(where, sql string, err error) error {
	var r *guard.Refusal
	if errors.As(err, &r) {
		out := &SQLError{Where: where, SQL: sql, Problem: r.Problem, Remedy: r.Remedy}
		if before := r.At - 1; before >= 0 && before <= len(sql) && where == "derivation" {
			// Only the query of a derivation is parsed as it stands.
			start := strings.LastIndexByte(sql[:before], '\n') + 1
			out.Line, out.Column = strings.Count(sql[:before], "\n")+1, utf8.RuneCountInString(sql[start:before])+1
		}
		return out
	}
	return &SQLError{Where: where, SQL: sql, Problem: firstLine(err)}
}

// boolean judges an expression and checks that it is a boolean in its place.
func (l *locked) boolean(where, sql, from string) (*guard.Facts, error) {
	facts, err := l.guard.Expression(sql)
	if err != nil {
		return nil, sqlError(where, sql, err)
	}
	columns, err := l.guard.Types("SELECT (" + sql + "\n) AS outcome" + from)
	if err != nil {
		return nil, sqlError(where, sql, err)
	}
	if t := columns[0].Type; t.Kind != duck.Bool {
		return nil, &SQLError{Where: where, SQL: sql, Problem: "the expression is of type " + t.Name + " and not a boolean", Remedy: "compare it with something"}
	}
	return facts, nil
}

// verify makes sure that a file is the one whose hashes the input states, and
// returns its population hash: the stated one if the file's bytes are those
// recorded with it, otherwise recomputed from the rows.
func (c *childServer) verify(in Input) (string, error) {
	if in.FrozenSHA256 != "" && in.PopulationHash != "" {
		sum, _, err := hashFile(in.Path)
		if err != nil {
			return "", err
		}
		if sum != in.FrozenSHA256 {
			return "", &InputError{File: in.Path, Problem: "the frozen file's bytes are not those recorded: SHA-256 " + sum + " instead of " + in.FrozenSHA256, Remedy: "restore the file"}
		}
		return in.PopulationHash, nil
	}
	f, err := c.rehash(Input{Path: in.Path, Columns: in.Columns})
	if err != nil {
		return "", err
	}
	if in.PopulationHash != "" && f.PopulationHash != in.PopulationHash {
		return "", &InputError{File: in.Path, Problem: "the rows are not those recorded: population hash " + f.PopulationHash + " instead of " + in.PopulationHash, Remedy: "restore the file"}
	}
	return f.PopulationHash, nil
}
