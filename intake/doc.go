// Package intake takes in the reports that subservice organizations give on their own
// controls: what the text of such a report proposes, each with the page and the passage
// it was taken from, and how far confirmed reports and bridge letters cover the period of
// the organization's own report. It promises that nothing counts that nobody confirmed,
// and that it proposes nothing without a passage. It decides nothing, reads no file, no
// clock and no ledger.
package intake
