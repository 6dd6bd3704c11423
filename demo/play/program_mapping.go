package play

import (
	"context"
	"fmt"

	"reperform/app"
	"reperform/demo"
	"reperform/soc1"
)

// sameControls are the controls of the SOC 2 register that are one with a control of the
// program, by their numbers.
var sameControls = []struct {
	number  int
	control string
}{
	{1, "el-1"}, {2, "el-3"}, {3, "el-2"}, {4, "el-4"}, {5, "el-5"}, {6, "el-9"}, {7, "el-6"},
	{9, "itgc-1-1"}, {10, "itgc-1-2"}, {11, "itgc-1-3"}, {12, "itgc-1-4"}, {13, "itgc-1-5"}, {14, "itgc-1-6"},
	{18, "itgc-5-1"}, {20, "itgc-5-3"}, {21, "itgc-2-1"}, {23, "itgc-4-1"}, {24, "itgc-4-2"}, {26, "el-8"},
}

func registered(n int) string { return fmt.Sprintf("tsc-2017-soc2-%02d", n) }

// mapped brings the register of the SOC 2 report early in the year and decides on most of
// its controls; the rest stays proposed.
func (y *season) mapped() {
	y.on(y.day(2, 4), 10, func(ctx context.Context) error {
		name, csv := demo.SOC2Register()
		_, err := y.app.ImportFramework(ctx, manager, app.FrameworkFile{Name: name, Bytes: csv},
			app.FrameworkImport{Framework: "TSC-2017", Version: "of the SOC 2 report for 2024", Reason: "The SOC 2 register is brought here, so that one control serves both reports."})
		return err
	})
	decide := func(day soc1.Date, hour int, x app.Reusing) {
		y.on(day, hour, func(ctx context.Context) error {
			_, err := y.app.ReuseControl(ctx, manager, x)
			return err
		})
	}
	for i, s := range sameControls {
		decide(y.day(2, 6+i/5), 9+i%5, app.Reusing{Their: registered(s.number), Control: s.control})
	}
	decide(y.day(2, 11), 10, app.Reusing{Their: registered(22), Not: "itgc-2-1", Why: "Emergency changes are ratified afterwards: that is another control than the approval."})
	decide(y.day(2, 11), 11, app.Reusing{Their: registered(9), Covers: &soc1.ObjectiveCoverage{Objective: "itgc-1", Strength: soc1.CoversPartially, Why: "Grants alone; leavers, reviews and elevated rights are other controls."}})
	decide(y.day(2, 11), 12, app.Reusing{Their: registered(21), Covers: &soc1.ObjectiveCoverage{Objective: "itgc-2", Strength: soc1.CoversPartially, Why: "Regular changes; direct changes of data are not reached."}})
	decide(y.day(2, 11), 13, app.Reusing{Their: registered(17), Covers: &soc1.ObjectiveCoverage{Objective: "itgc-5", Strength: soc1.Supports, Why: "Malware is one source of the alerts that the objective is about."}})
}
