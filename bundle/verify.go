package bundle

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"reperform/english"
	"reperform/ledger"
	"reperform/population"
	"reperform/record"
	"reperform/report/typst"
	"reperform/soc1"
)

// Status is what became of a claim.
type Status string

// The three states of a claim.
const (
	Holds          Status = "holds"
	Fails          Status = "fails"
	NotReperformed Status = "not re-performed"
)

// Claim is one thing that a bundle claims, and what became of it.
type Claim struct {
	// ID names the claim, such as "population/pay-lines/hash".
	ID     string `json:"id"`
	Text   string `json:"text"`
	Status Status `json:"status"`
	// Detail says what was found or why it was not re-performed.
	Detail string `json:"detail,omitempty"`
}

// Verification is the result of verifying a bundle.
type Verification struct {
	File       string   `json:"file"`
	For        Audience `json:"for"`
	Engagement string   `json:"engagement"`
	Digest     string   `json:"digest"`
	Claims     []Claim  `json:"claims"`
	// Limits say what the bundle does not establish, even if every claim holds:
	// each is the end of a sentence that begins "This does not establish".
	Limits []string `json:"limits,omitempty"`
	// Redactions are the documents within the engagement that were redacted.
	Redactions []record.Redaction `json:"redactions,omitempty"`
}

// Count is the number of claims with the status.
func (v *Verification) Count(s Status) int {
	n := 0
	for _, c := range v.Claims {
		if c.Status == s {
			n++
		}
	}
	return n
}

// Options are what verification takes from its surroundings.
type Options struct {
	// Checkpoint is a note that left the machine earlier, if there is one.
	Checkpoint []byte
	// Keys are verifier keys, in the form of sumdb/note, that the caller had
	// from the operator by another way than the bundle. Without one, and
	// without a checkpoint, a bundle proves that it was not changed since
	// somebody signed it, not who signed.
	Keys []string
	// PDF, when set, is a report that the caller had by another way than the
	// bundle, to be held against it.
	PDF []byte
	// Program is the version of this program. A report made by another version
	// that reads differently today is not re-performed rather than wrong.
	// Empty means that every difference is wrong.
	Program string
	// Limit is the time that one claim may take; 0 is no limit.
	Limit time.Duration
	// Engine re-performs populations, selections and tests; Typst the report.
	// Nil leaves that out, and says so.
	Engine *population.Engine
	Typst  *typst.Engine
	// Scratch is a folder for files that the engine reads; it is the caller's
	// to remove.
	Scratch string
	// Progress, when set, hears of each claim when its turn comes.
	Progress func(id string)
}

// Verify re-performs what a bundle claims, offline. The error tells that the
// file could not be read as a bundle at all; what does not hold is in the
// result.
func Verify(ctx context.Context, path string, opt Options) (*Verification, error) {
	c, err := openContainer(path)
	if errors.Is(err, ErrForm) {
		v := &Verification{File: path}
		v.Claims = []Claim{{ID: "container", Text: "The file is a bundle in canonical form.", Status: Fails, Detail: err.Error()}}
		return v, nil
	}
	if err != nil {
		return nil, err
	}
	defer c.close()
	v := &verifier{ctx: ctx, c: c, opt: opt, used: map[string]bool{}, out: &Verification{File: path, Digest: fmt.Sprintf("%x", c.computed)}}
	v.run()
	return v.out, ctx.Err()
}

type verifier struct {
	ctx  context.Context
	c    *container
	opt  Options
	out  *Verification
	ab   about
	mem  *memory
	used map[string]bool
	// bound is the ledger that a given checkpoint confirmed; anchored says that
	// the organization's ledger extends what the auditor recorded of it.
	bound string
	// boundSize is how many of its entries that checkpoint covers.
	boundSize int64
	anchored  bool
	// issue is what a bundle for an issued report shows of its issue, once that
	// holds.
	issue *shown
	// issuances are those that an auditor's file holds.
	issuances []record.Typed[soc1.Issuance]
	// files are parts written out for the engine, by SHA-256.
	files map[string]string
	// frozen are the SHA-256s of the files that are populations.
	frozen map[string]bool
}

func (v *verifier) claim(id, text string, status Status, detail string) {
	v.out.Claims = append(v.out.Claims, Claim{ID: visible(id), Text: visible(text), Status: status, Detail: visible(detail)})
	if v.opt.Progress != nil {
		v.opt.Progress(id)
	}
}

// visible keeps what a bundle calls its records from writing lines of its own,
// or over others, on the terminal of whoever verifies.
func visible(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return utf8.RuneError
	}, s)
}

// check turns the outcome of a check into a claim: nil holds, a skip is not
// re-performed, anything else fails. A check that panics fails.
func (v *verifier) check(id, text string, f func() (string, error)) bool {
	if v.opt.Progress != nil {
		v.opt.Progress(id)
	}
	detail, err := v.guarded(f)
	var s skip
	switch {
	case errors.As(err, &s):
		v.claim(id, text, NotReperformed, s.why)
	case err != nil:
		v.claim(id, text, Fails, err.Error())
	default:
		v.claim(id, text, Holds, detail)
		return true
	}
	return false
}

// guarded runs a check within its time, and survives it.
func (v *verifier) guarded(f func() (string, error)) (detail string, err error) {
	whole := v.ctx
	defer func() {
		if r := recover(); r != nil {
			detail, err = "", fmt.Errorf("what the bundle holds made this program stumble: %v", r)
		}
		// Whatever a check says after its time was up, it did not finish.
		if errors.Is(v.ctx.Err(), context.DeadlineExceeded) && whole.Err() == nil {
			err = skip{fmt.Sprintf("it took longer than the %s allowed", v.opt.Limit)}
		}
		v.ctx = whole
	}()
	if v.opt.Limit > 0 {
		var cancel context.CancelFunc
		v.ctx, cancel = context.WithTimeout(whole, v.opt.Limit)
		defer cancel()
	}
	detail, err = f()
	if errors.Is(err, population.ErrCrashed) || errors.Is(err, population.ErrStopped) {
		err = skip{err.Error()}
	}
	return detail, err
}

// phase runs checks that share what they read; what keeps them from being made
// at all is a claim of its own.
func (v *verifier) phase(id, text string, f func() error) {
	defer func() {
		if r := recover(); r != nil {
			v.claim(id, text, Fails, fmt.Sprintf("what the bundle holds made this program stumble: %v", r))
		}
	}()
	if err := f(); err != nil {
		v.claim(id, text, Fails, err.Error())
	}
}

// skip says why something was not re-performed.
type skip struct{ why string }

func (s skip) Error() string { return s.why }

func (v *verifier) read(name string) ([]byte, error) {
	v.used[name] = true
	return v.c.read(name)
}

func (v *verifier) run() {
	v.check("container", "No byte of the file was changed since it was written.", func() (string, error) {
		if !bytes.Equal(v.c.digest, v.c.computed) {
			return "", fmt.Errorf("the file ends with digest %x, its bytes give %x", v.c.digest, v.c.computed)
		}
		return fmt.Sprintf("%x", v.c.computed), nil
	})
	if !v.check("about", "The bundle says what it is.", v.about) {
		return
	}
	v.mem = newMemory()
	v.ledgers()
	if v.ab.For == ForFile {
		v.reperform()
	}
	v.report()
	if v.ab.For == ForFile {
		v.phase("issue", "The issues of the report can be read.", v.issues)
		v.redacted()
	}
	if v.opt.PDF != nil {
		v.check("report/given", "The PDF given is the report of this bundle.", v.given)
	}
	v.out.Limits = v.limits()
	v.check("container/parts", "The bundle holds nothing that was not checked.", func() (string, error) {
		for _, n := range v.c.names {
			if !v.used[n] {
				return "", fmt.Errorf("part %s belongs to nothing", n)
			}
		}
		return english.Count(len(v.c.names), "part"), nil
	})
}

func (v *verifier) about() (string, error) {
	b, err := v.read(partAbout)
	if err != nil {
		return "", err
	}
	var version struct {
		Version int `json:"version"`
	}
	if err := json.Unmarshal(b, &version); err != nil {
		return "", fmt.Errorf("%s: %w", partAbout, err)
	}
	if version.Version > aboutIssued {
		return "", fmt.Errorf("the bundle has version %d, this program reads %d: use a newer program", version.Version, aboutIssued)
	}
	if err := decodeCanonical(b, &v.ab); err != nil {
		return "", fmt.Errorf("%s: %w", partAbout, err)
	}
	if v.ab.Version != aboutVersion && v.ab.Version != aboutIssued {
		return "", fmt.Errorf("there is no version %d of a bundle", v.ab.Version)
	}
	if v.ab.For != ForFile && v.ab.For != ForReport {
		return "", fmt.Errorf("the bundle is for %q, which is neither file nor report", v.ab.For)
	}
	if v.ab.Version == aboutIssued && (v.ab.For != ForReport || v.ab.Work == v.ab.Organization) {
		return "", fmt.Errorf("version %d is the form of a report that a service auditor issued, and nothing else has it", aboutIssued)
	}
	if !ledger.ValidName(v.ab.Work) || !ledger.ValidName(v.ab.Organization) {
		return "", fmt.Errorf("%q and %q do not both name a ledger", v.ab.Work, v.ab.Organization)
	}
	for name := range v.ab.Genesis {
		if name != v.ab.Work && name != v.ab.Organization {
			return "", fmt.Errorf("it names a key of ledger %q, which it does not hold", name)
		}
	}
	v.out.For, v.out.Engagement = v.ab.For, v.ab.Engagement
	return fmt.Sprintf("for %s, engagement %s, made by version %s", v.ab.For, v.ab.Engagement, v.ab.Program), nil
}
