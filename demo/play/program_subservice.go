package play

import (
	"bytes"
	"context"

	"reperform/app"
	"reperform/demo"
	"reperform/record"
	"reperform/soc1"
)

// reportObtained takes in the report that a subservice organization gave, as the page
// does: its file is kept, and the record begins with what its text proposes.
func (y *season) reportObtained(ctx context.Context, id, organization string) error {
	name, pdf := demo.ObtainedReport(organization, y.year)
	kept, err := y.app.KeepFile(ctx, manager, app.OrganizationLedger, name, bytes.NewReader(pdf))
	if err != nil {
		return err
	}
	draft, err := y.app.DraftSubserviceReport(ctx, manager, organization, kept.File)
	if err != nil {
		return err
	}
	_, err = y.app.TakeInSubserviceReport(ctx, manager, id, 0, draft, "")
	return err
}

// rereport changes what stands of a report.
func (y *season) rereport(ctx context.Context, id, reason string, change func(*soc1.ObtainedReport)) error {
	x, err := y.app.Record(ctx, manager, app.OrganizationLedger, "subservice_report", id, record.AsOf{})
	if err != nil {
		return err
	}
	v, err := record.Decode[soc1.ObtainedReport](x)
	if err != nil {
		return err
	}
	change(&v)
	_, err = y.app.TakeInSubserviceReport(ctx, manager, id, x.Revision, v, reason)
	return err
}

// obtained tells of the reports that the subservice organizations gave in a year: the
// bank's is read, confirmed and followed by a letter; the host's waits to be read.
func (y *season) obtained() {
	const bank, host = "fernbrook-report", "stonevale-report"
	y.on(y.day(8, 12), 9, func(ctx context.Context) error { return y.reportObtained(ctx, bank, "fernbrook") })
	y.on(y.day(8, 14), 15, func(ctx context.Context) error {
		err := y.rereport(ctx, bank, "What the exception means here.", func(v *soc1.ObtainedReport) {
			for i := range v.Exceptions {
				v.Exceptions[i].Affects = soc1.No
				v.Exceptions[i].Why = "Treasury compares every file with the bank’s confirmation each business day (PAY-5.3) and found the late entry on its own; it was reissued the same day."
			}
		})
		if err != nil {
			return err
		}
		_, err = y.app.ConfirmSubserviceReport(ctx, manager, app.SubserviceConfirming{Report: bank, Conclusion: "Our objectives on payments can rest on it until the end of June. For the months after it a letter, and the next report."})
		return err
	})
	// The key of the channel is with a device that nobody has named yet.
	meets := [][]string{{"pay-5-2", "itgc-1-3"}, {"pay-5-3"}, {"pay-5-4"}, {"itgc-1-2"}, {"pay-5-5"}, nil, {"el-8"}}
	y.on(y.day(8, 18), 11, func(ctx context.Context) error {
		return y.rereport(ctx, bank, "Which control of ours meets which of theirs.", func(v *soc1.ObtainedReport) {
			for i := range v.UserEntityControls {
				if i < len(meets) {
					v.UserEntityControls[i].Controls = meets[i]
				}
			}
		})
	})
	y.on(y.day(10, 9), 10, func(ctx context.Context) error {
		return y.rereport(ctx, bank, "The bridge letter came.", func(v *soc1.ObtainedReport) {
			v.BridgeLetters = append(v.BridgeLetters, soc1.ObtainedBridge{From: y.day(7, 1), To: y.day(9, 30), Dated: y.day(10, 8), Changes: "No change of controls that matters to our files, says the bank’s management."})
		})
	})
	y.on(y.day(10, 26), 9, func(ctx context.Context) error { return y.reportObtained(ctx, host, "stonevale") })
}
