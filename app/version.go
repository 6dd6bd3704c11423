package app

import (
	"runtime"
	"runtime/debug"
)

// programVersion is the version of the product; releases change it.
const programVersion = "0.1.0"

// Versions names every part whose change could change a result.
type Versions struct {
	Program  string `json:"program"`
	Engine   string `json:"engine"`
	Renderer string `json:"renderer"`
	Go       string `json:"go"`
}

// Version tells the versions of this program.
func Version() Versions {
	v := Versions{Program: programVersion, Engine: "DuckDB", Renderer: "Typst", Go: runtime.Version()}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, d := range info.Deps {
			if d.Path == "github.com/duckdb/duckdb-go-bindings" {
				v.Engine = "duckdb-go-bindings " + d.Version
			}
		}
	}
	return v
}
