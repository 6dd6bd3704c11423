package web

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"reperform/app"
	"reperform/intake"
	"reperform/record"
	"reperform/soc1"
)

var reportID = regexp.MustCompile(`^report-[0-9a-f]{16}$`)

// newReportID is the id that a form gives to the report: sent twice, it is one record.
func newReportID() string {
	var b [8]byte
	_, _ = rand.Read(b[:])
	return "report-" + hex.EncodeToString(b[:])
}

// takeInReport takes in a report, with its PDF or by hand.
func (r *request) takeInReport() error {
	if r.past.On() {
		return badRequest("asof", errors.New("the past cannot be changed; go back to today first"))
	}
	if r.partly() {
		return withheldSubservice
	}
	if err := r.site.app.MayPut(r.Context(), r.actor, app.OrganizationLedger, "subservice_report", ""); err != nil {
		return err
	}
	r.Body = http.MaxBytesReader(r.w, r.Body, app.MostReportBytes+64<<10)
	v, files, err := r.reportParts()
	file := files["file"]
	up := &reportUpload{ID: v.Get("id"), Chosen: v.Get("subservice_organization")}
	if !reportID.MatchString(up.ID) {
		up.ID = newReportID()
	}
	again := func(status int, field, text string) error {
		up.At, up.Problem = field, text
		return r.subserviceAgain(status, up)
	}
	var large *http.MaxBytesError
	var wrong *app.FieldError
	switch {
	case errors.As(err, &large):
		return again(http.StatusRequestEntityTooLarge, "file", fmt.Sprintf("The file is larger than %d MB, which is the most that is taken in. Enter by hand what the report says, and keep the file as evidence.", app.MostReportBytes>>20))
	case errors.As(err, &wrong):
		return again(http.StatusUnprocessableEntity, wrong.Field, wrong.Text)
	case err != nil:
		return err
	}
	// The form was sent twice: the report is there.
	if _, err := r.site.app.Record(r.Context(), r.actor, app.OrganizationLedger, "subservice_report", up.ID, record.AsOf{}); err == nil {
		return r.redirect(r.reportHref(up.ID))
	}
	if file.SHA256 == "" && v.Get("by") != "hand" {
		return again(http.StatusUnprocessableEntity, "file", "Choose the PDF of the report, or enter by hand what it says.")
	}
	if up.Chosen == "" {
		return again(http.StatusUnprocessableEntity, "subservice_organization", "Choose whose report it is.")
	}
	end, err := r.site.reports.turn(r.Context())
	if err != nil {
		return err
	}
	draft, err := r.site.app.DraftSubserviceReport(r.Context(), r.actor, up.Chosen, file)
	end()
	if err == nil {
		_, err = r.site.app.TakeInSubserviceReport(r.Context(), r.actor, up.ID, 0, draft, "")
	}
	if err != nil {
		if _, there := r.site.app.Record(r.Context(), r.actor, app.OrganizationLedger, "subservice_report", up.ID, record.AsOf{}); there == nil {
			return r.redirect(r.reportHref(up.ID))
		}
		if errors.As(err, &wrong) {
			return again(http.StatusUnprocessableEntity, wrong.Field, wrong.Text)
		}
		return err
	}
	return r.redirect(r.reportHref(up.ID))
}

// reportParts reads a form in parts, with its files by the names of their fields. The
// report itself is kept only where it begins like a PDF; a letter may be anything.
func (r *request) reportParts() (url.Values, map[string]soc1.File, error) {
	v, files, size := url.Values{}, map[string]soc1.File{}, 0
	r.Body = io.NopCloser(r.body())
	m, err := r.MultipartReader()
	if err != nil {
		return v, files, badRequest("form", err)
	}
	for {
		part, err := m.NextPart()
		if errors.Is(err, io.EOF) {
			return v, files, nil
		}
		if err != nil {
			var large *http.MaxBytesError
			if errors.As(err, &large) {
				return v, files, err
			}
			return v, files, badRequest("form", fmt.Errorf("what was sent ends in the middle: %w", err))
		}
		name := part.FormName()
		if part.FileName() == "" {
			b, err := io.ReadAll(io.LimitReader(part, int64(maxForm-size)+1))
			if err != nil {
				return v, files, badRequest("form", err)
			}
			if size += len(b); size > maxForm {
				return v, files, badRequest("form", fmt.Errorf("what was typed is larger than %d MB", maxForm>>20))
			}
			v.Add(name, string(b))
			continue
		}
		if _, there := files[name]; there || len(files) == mostLetters {
			return v, files, &app.FieldError{Field: name, Text: "Choose one file for each."}
		}
		begins := bufio.NewReaderSize(part, 4096)
		head, err := begins.Peek(1024)
		if err != nil && !errors.Is(err, io.EOF) {
			return v, files, err
		}
		if name == "file" && !bytes.Contains(head, []byte("%PDF-")) {
			return v, files, &app.FieldError{Field: "file", Text: fmt.Sprintf("%s is no PDF, whatever its name says. Choose the PDF of the report, or enter by hand what it says.", clipped(part.FileName(), 80))}
		}
		kept, err := r.site.app.KeepFile(r.Context(), r.actor, app.OrganizationLedger, part.FileName(), begins)
		if err != nil {
			return v, files, err
		}
		files[name] = kept.File
	}
}

// mostLetters bounds the files of one form.
const mostLetters = 20

// letterField is the name under which the form sends the file of a letter, sentField the
// one under which it names a file that was sent before.
var letterField, sentField = regexp.MustCompile(`^(bridge_letters\.\d{1,3})\.file$`), regexp.MustCompile(`^(bridge_letters\.\d{1,3})\.sent$`)

// letterFiles takes the files of letters out of a form: they are found again by the days
// of their letter.
func (r *request) letterFiles(v url.Values, files map[string]soc1.File) (map[[2]string]soc1.File, error) {
	out := map[[2]string]soc1.File{}
	days := func(at string) [2]string {
		return [2]string{strings.TrimSpace(v.Get(at + ".from")), strings.TrimSpace(v.Get(at + ".to"))}
	}
	for name := range v {
		if m := sentField.FindStringSubmatch(name); m != nil {
			f, ok := r.site.uploads.get(v.Get(name), r.actor, app.OrganizationLedger, r.site.now())
			if !ok {
				return nil, badRequest(name, errors.New("a letter that was sent before is not there any more; go back and add it again"))
			}
			out[days(m[1])] = f
		}
	}
	for name, f := range files {
		if m := letterField.FindStringSubmatch(name); m != nil {
			out[days(m[1])] = f
		}
	}
	for name := range v {
		if letterField.MatchString(name) || sentField.MatchString(name) {
			v.Del(name)
		}
	}
	return out, nil
}

// saveReport records what was corrected and, where asked, the person's own word on it.
func (r *request) saveReport() error {
	if r.past.On() {
		return badRequest("asof", errors.New("the past cannot be changed; go back to today first"))
	}
	id := r.PathValue("id")
	_, now, err := r.reportNow(id)
	if err != nil {
		return err
	}
	if err := r.site.app.MayPut(r.Context(), r.actor, app.OrganizationLedger, "subservice_report", id); err != nil {
		return err
	}
	v, letters, err := r.reportForm()
	if err != nil {
		return err
	}
	revision, err := revisionIn(v)
	if err != nil {
		return err
	}
	confirm, conclusion := v.Get("do") == "confirm", tidy(v.Get("conclusion"))
	for _, name := range v["drop"] {
		for n := range v {
			if strings.HasPrefix(n, name+".") {
				v.Del(n)
			}
		}
	}
	for _, n := range []string{"do", "conclusion", "drop"} {
		v.Del(n)
	}
	k, err := record.Kinds.Kind("subservice_report")
	if err != nil {
		return err
	}
	body, problems, err := decodeForm(reportFields(k), v)
	if err != nil {
		return err
	}
	keptReport(body, now.Value, letters)
	value, err := valueOf(k, body, problems)
	if err != nil {
		return err
	}
	b, err := json.Marshal(body)
	if err != nil {
		return err
	}
	was, err := json.Marshal(now.Value)
	if err != nil {
		return err
	}
	for _, x := range k.TextProblems(b, was) {
		if problems[x.Field] == "" {
			problems[x.Field] = strings.TrimSpace(x.Message + " " + x.Remedy)
		}
	}
	report, ok := value.(soc1.ObtainedReport)
	if !ok {
		return badRequest("form", errors.New("the form is not that of a report"))
	}
	typed := &typedReport{body: body, revision: revision, conclusion: conclusion, problems: problems}
	if confirm {
		for _, f := range report.Wanting() {
			if problems[f] == "" {
				problems[f] = "This is missing. A report is confirmed with its auditor, its days, its opinion and the day it was received."
			}
		}
		if conclusion == "" {
			problems["conclusion"] = "Say what the report means for us."
		}
	}
	if len(problems) > 0 {
		typed.problem = fmt.Sprintf("Nothing was recorded: %s below.", count(len(problems), "field")+" to put right")
		return r.reportAgain(http.StatusUnprocessableEntity, typed)
	}
	if err := r.reviseReport(id, revision, now, report); err != nil {
		return r.reportRefused(err, typed, now)
	}
	if confirm {
		// What is confirmed is what this form showed.
		seen, again, err := r.fresh(id)
		if err == nil && intake.Digest(again) != intake.Digest(report) {
			err = &app.FieldError{Field: "revision", Text: "Somebody changed the report meanwhile. Read it again, and confirm then."}
		}
		if err == nil {
			_, err = r.site.app.ConfirmSubserviceReport(r.Context(), r.actor, app.SubserviceConfirming{Report: id, Seen: seen, Conclusion: conclusion})
		}
		if err != nil {
			return r.reportRefused(err, typed, now)
		}
	}
	return r.redirect(r.reportHref(id))
}

// reportForm is the form of a report, in parts where letters may come with it.
func (r *request) reportForm() (url.Values, map[[2]string]soc1.File, error) {
	if media, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); media != "multipart/form-data" {
		v, err := r.formValues()
		if err != nil {
			return nil, nil, err
		}
		letters, err := r.letterFiles(v, nil)
		return v, letters, err
	}
	r.Body = http.MaxBytesReader(r.w, r.Body, app.MostReportBytes+maxForm)
	v, files, err := r.reportParts()
	if err != nil {
		return nil, nil, err
	}
	letters, err := r.letterFiles(v, files)
	return v, letters, err
}

// keptReport keeps what the form does not hold, and puts the files of letters to them.
func keptReport(body map[string]any, was soc1.ObtainedReport, files map[[2]string]soc1.File) {
	body["subservice_organization"] = was.SubserviceOrganization
	if was.Owner != "" {
		body["owner"] = was.Owner
	}
	if len(was.Files) > 0 {
		body["files"] = was.Files
	}
	letters, _ := body["bridge_letters"].([]any)
	// A file without days is a letter whose days are missing.
	if f, ok := files[[2]string{}]; ok {
		letters = append(letters, map[string]any{"file": f})
		body["bridge_letters"] = letters
	}
	for i, x := range letters {
		m, ok := x.(map[string]any)
		if !ok || m["file"] != nil {
			continue
		}
		from, _ := m["from"].(string)
		to, _ := m["to"].(string)
		if f, ok := files[[2]string{from, to}]; ok {
			m["file"] = f
			continue
		}
		at := slices.IndexFunc(was.BridgeLetters, func(b soc1.ObtainedBridge) bool { return string(b.From) == from && string(b.To) == to })
		if at < 0 && len(letters) >= len(was.BridgeLetters) && i < len(was.BridgeLetters) {
			at = i
		}
		if at >= 0 && was.BridgeLetters[at].File.SHA256 != "" {
			m["file"] = was.BridgeLetters[at].File
		}
	}
}

// fresh is the report as it is recorded now.
func (r *request) fresh(id string) (int64, soc1.ObtainedReport, error) {
	x, err := r.site.app.Record(r.Context(), r.actor, app.OrganizationLedger, "subservice_report", id, record.AsOf{})
	if err != nil {
		return 0, soc1.ObtainedReport{}, err
	}
	v, err := record.Decode[soc1.ObtainedReport](x)
	return x.Revision, v, err
}

func (r *request) seenRevision(id string) int64 {
	n, _, err := r.fresh(id)
	if err != nil {
		return 0
	}
	return n
}

func sameReport(a, b soc1.ObtainedReport) bool {
	x, _ := json.Marshal(a)
	y, _ := json.Marshal(b)
	return bytes.Equal(x, y)
}

// reviseReport records what was corrected. A form that says what is recorded already,
// because it was sent twice, records nothing.
func (r *request) reviseReport(id string, revision int64, now *intake.Report, v soc1.ObtainedReport) error {
	if sameReport(now.Value, v) {
		return nil
	}
	reason := "What the report means here."
	if intake.Digest(now.Value) != intake.Digest(v) {
		reason = "Compared with the report and corrected."
	}
	_, err := r.site.app.TakeInSubserviceReport(r.Context(), r.actor, id, revision, v, reason)
	var stale *app.StaleError
	if errors.As(err, &stale) {
		if _, again, other := r.fresh(id); other == nil && sameReport(again, v) {
			return nil
		}
	}
	return err
}

// reportRefused shows the form as it was typed, with what is wrong.
func (r *request) reportRefused(err error, typed *typedReport, now *intake.Report) error {
	var wrong *app.FieldError
	var stale *app.StaleError
	switch {
	case errors.As(err, &stale):
		typed.revision = r.seenRevision(now.ID)
		typed.problem = "Somebody changed the report while you worked on it. Your form is as you typed it, and nothing of it was recorded. Look at the record first; sent again, yours takes the place of theirs."
		return r.reportAgain(http.StatusConflict, typed)
	case errors.As(err, &wrong):
		typed.problem = wrong.Text
		if wrong.Field != "revision" && wrong.Field != "report" {
			typed.problems[wrong.Field] = wrong.Text
		}
		typed.revision = r.seenRevision(now.ID)
		return r.reportAgain(http.StatusUnprocessableEntity, typed)
	}
	return err
}
