package guard

import (
	"strings"

	"reperform/population/duck"
)

// Functions that the catalog calls stable and that are refused all the same,
// with the reason that people read.
var refusedFunctions = map[string]string{
	"current_setting":             "reads the engine's settings",
	"getvariable":                 "reads the engine's variables",
	"getenv":                      "reads the environment",
	"version":                     "tells of the engine, not of the data",
	"current_localtime":           "depends on the clock",
	"current_localtimestamp":      "depends on the clock",
	"age":                         "depends on the clock when it has one argument",
	"ago":                         "depends on the clock",
	"hash":                        "differs between versions of the engine",
	"approx_count_distinct":       "is approximate",
	"approx_quantile":             "is approximate",
	"approx_top_k":                "is approximate",
	"reservoir_quantile":          "is drawn at random",
	"json_serialize_sql":          "runs SQL inside SQL",
	"json_deserialize_sql":        "runs SQL inside SQL",
	"json_serialize_plan":         "runs SQL inside SQL",
	"json_execute_serialized_sql": "runs SQL inside SQL",
	"parse_duckdb_log_message":    "tells of the engine, not of the data",
	"create_sort_key":             "is internal to the engine",
	"vector_type":                 "is internal to the engine",
	"get_type":                    "is internal to the engine",
	"make_type":                   "is internal to the engine",
	"cast_to_type":                "is internal to the engine",
	"replace_type":                "is internal to the engine",
	"can_cast_implicitly":         "is internal to the engine",
	"combine":                     "is internal to the engine",
	"finalize":                    "is internal to the engine",
	"list_aggregate":              "hides which aggregate it runs: use list_sum, list_min, list_max, list_count and the like",
	"list_aggr":                   "hides which aggregate it runs: use list_sum, list_min, list_max, list_count and the like",
	"array_aggregate":             "hides which aggregate it runs: use list_sum, list_min, list_max, list_count and the like",
	"array_aggr":                  "hides which aggregate it runs: use list_sum, list_min, list_max, list_count and the like",
	"aggregate":                   "hides which aggregate it runs: use list_sum, list_min, list_max, list_count and the like",
}

// Macros that the engine brings along and that may be used; all others are
// refused, because what they stand for can change.
var allowedMacros = map[string]bool{
	"nullif": true, "split_part": true, "date_add": true, "days_in_month": true, "round_even": true, "roundbankers": true,
	"list_append": true, "list_prepend": true, "list_reverse": true, "array_append": true, "array_prepend": true, "array_reverse": true,
	"array_to_string": true, "list_count": true, "list_sum": true, "list_min": true, "list_max": true, "list_first": true, "list_last": true,
	"list_any_value": true, "list_bool_and": true, "list_bool_or": true, "list_string_agg": true, "list_product": true,
	"map_contains_entry": true, "map_contains_value": true,
}

// Table functions that may stand in FROM: they make rows of their arguments.
var allowedTableFunctions = map[string]bool{"unnest": true, "range": true, "generate_series": true}

// Names that SQL understands without parentheses as functions of the session.
var sessionNames = map[string]bool{
	"current_date": true, "current_time": true, "current_timestamp": true, "localtime": true, "localtimestamp": true,
	"user": true, "current_user": true, "session_user": true, "current_role": true, "current_catalog": true,
	"current_schema": true, "current_database": true, "today": true,
}

// Aggregates whose result depends on the order of rows, so that they must say
// which.
var orderedAggregates = map[string]bool{
	"first": true, "last": true, "any_value": true, "arbitrary": true, "list": true, "array_agg": true, "string_agg": true,
	"group_concat": true, "listagg": true, "json_group_array": true, "json_group_object": true, "json_group_structure": true,
}

// Functions whose result depends on the order of rows where it is not total.
var tieFunctions = map[string]bool{
	"arg_max": true, "arg_min": true, "argmax": true, "argmin": true, "max_by": true, "min_by": true, "arg_max_null": true, "arg_min_null": true,
	"arg_max_nulls_last": true, "arg_min_nulls_last": true, "mode": true,
	"row_number": true, "lag": true, "lead": true, "ntile": true, "first_value": true, "last_value": true, "nth_value": true, "first": true, "last": true,
	"fill": true,
}

// Rules say of every function of the engine, by its lower-case name, why it is
// refused; the empty text means that it is allowed.
type Rules map[string]string

// ReadRules reads the engine's catalog: a function is allowed if it is a
// scalar or an aggregate whose result depends on its arguments alone, in all of
// its forms, and is not in the list above.
func ReadRules(db *duck.DB) (Rules, error) {
	rows, err := db.Texts("SELECT lower(function_name), function_type, coalesce(stability, '') FROM duckdb_functions()")
	if err != nil {
		return nil, err
	}
	rules := Rules{}
	why := func(name, kind, stability string) string {
		switch {
		case refusedFunctions[name] != "":
			return refusedFunctions[name]
		case strings.HasPrefix(name, "__internal"), strings.HasPrefix(name, "st_"), strings.HasPrefix(name, "pg_"), strings.HasPrefix(name, "duckdb_"), strings.HasPrefix(name, "pragma_"):
			return "is internal to the engine"
		case kind == "scalar" || kind == "aggregate":
			switch stability {
			case "CONSISTENT", "":
				return ""
			case "VOLATILE":
				return "has a different result each time"
			}
			return "depends on the session or the clock"
		case kind == "macro" && allowedMacros[name]:
			return ""
		case kind == "macro":
			return "is a shorthand of the engine that may change"
		}
		return "makes a table or changes a setting"
	}
	for _, r := range rows {
		name := r[0]
		reason := why(name, r[1], r[2])
		// A name may have several forms; unnest and range are scalar and table
		// functions both. The strictest scalar form decides.
		if r[1] != "scalar" && r[1] != "aggregate" && r[1] != "macro" {
			if _, known := rules[name]; !known {
				rules[name] = reason
			}
			continue
		}
		if old, known := rules[name]; !known || old == "makes a table or changes a setting" || old == "" {
			rules[name] = reason
		}
	}
	for name, reason := range refusedFunctions {
		rules[name] = reason
	}
	for name := range orderedAggregates {
		if _, known := rules[name]; !known {
			rules[name] = ""
		}
	}
	// unnest is resolved by the binder and stands in no catalog as a scalar.
	rules["unnest"] = ""
	return rules, nil
}

// function judges a function by name.
func (g *Guard) function(name string) *Refusal {
	name = strings.ToLower(name)
	if g.macros[name] {
		return nil
	}
	reason, known := g.rules[name]
	if !known {
		return refuse("see the list of functions in the documentation", "the function %s is not known", name)
	}
	if reason != "" {
		return refuse("use what the rows say, or a value given in the expression", "the function %s is not allowed: it %s", name, reason)
	}
	return nil
}
