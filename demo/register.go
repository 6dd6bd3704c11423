package demo

import "embed"

//go:embed example/soc2-register.csv
var registerFile embed.FS

// SOC2Register is the control register of the company's SOC 2 report, as its compliance
// team keeps it in a spreadsheet, and the name of the file.
func SOC2Register() (name string, csv []byte) {
	b, err := registerFile.ReadFile("example/soc2-register.csv")
	if err != nil {
		panic("demo: the embedded register cannot be read: " + err.Error())
	}
	return "soc2-register.csv", b
}
