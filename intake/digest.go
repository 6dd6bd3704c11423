package intake

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"

	"reperform/soc1"
)

// Digest is the SHA-256 of what a confirmation of a report is about, as hexadecimal
// digits: everything that the record has from the report itself, and its files. What it
// means here may be said later without another confirmation: whether an exception bears
// on us, which control meets one that is expected of us. So may bridge letters be added,
// which come later and are letters of their own.
func Digest(r soc1.ObtainedReport) string {
	type exception struct {
		Control, Deviation string
		Page               int
	}
	type expected struct{ Code, Text string }
	var exceptions []exception
	for _, e := range r.Exceptions {
		exceptions = append(exceptions, exception{e.Control, e.Deviation, e.Page})
	}
	var controls []expected
	for _, c := range r.UserEntityControls {
		controls = append(controls, expected{c.Code, c.Text})
	}
	// Strings, numbers and files always have a form in JSON.
	b, _ := json.Marshal([]any{r.SubserviceOrganization, r.Kind, r.Title, r.Auditor, r.PeriodFrom, r.PeriodTo, r.AsOf, r.Dated, r.Opinion, r.OpinionWords, r.Scope, r.CarvedOut,
		exceptions, controls, r.ReceivedOn, r.Files})
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}
