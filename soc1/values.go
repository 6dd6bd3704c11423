package soc1

import (
	"fmt"
	"strings"
)

// BasisPoints is a rate in hundredths of a percent, 0 to 10000, so that every
// decision on a rate is made in whole numbers.
type BasisPoints int

// Percent writes the rate without rounding: 500 is "5%", 525 is "5.25%".
func (b BasisPoints) Percent() string {
	sign, n := "", int(b)
	if n < 0 {
		sign, n = "-", -n
	}
	if n%100 == 0 {
		return fmt.Sprintf("%s%d%%", sign, n/100)
	}
	return strings.TrimRight(fmt.Sprintf("%s%d.%02d", sign, n/100, n%100), "0") + "%"
}

// flaw refuses what is not a rate.
func (b BasisPoints) flaw() (message, remedy string) {
	if b < 0 || b > 10000 {
		return fmt.Sprintf("The rate of %d basis points is outside 0 to 10000.", int(b)),
			"Give hundredths of a percent: 500 means 5%."
	}
	return "", ""
}

// Money is an amount in the smallest unit of a currency (cents for USD).
type Money struct {
	// Minor is the amount in the currency's smallest unit; may be negative.
	Minor int64 `json:"minor" label:"Amount in minor units"`
	// Currency is the ISO 4217 code, three capital letters.
	Currency string `json:"currency" label:"Currency"`
}

// flaw refuses an amount without a currency code.
func (m Money) flaw() (message, remedy string) {
	if !isCurrency(m.Currency) {
		return fmt.Sprintf("%q is not a currency code.", m.Currency), currencyRemedy
	}
	return "", ""
}

// subunits are the digits of the currencies whose smallest unit is no hundredth (ISO
// 4217, column "minor unit").
var subunits = map[string]int{"CLP": 0, "ISK": 0, "JPY": 0, "KRW": 0, "PYG": 0, "UGX": 0, "VND": 0, "XAF": 0, "XOF": 0, "XPF": 0,
	"BHD": 3, "IQD": 3, "JOD": 3, "KWD": 3, "LYD": 3, "OMR": 3, "TND": 3}

// String writes the amount as "USD 1,250.00".
func (m Money) String() string {
	digits, ok := subunits[m.Currency]
	if !ok {
		digits = 2
	}
	sign, text := "", fmt.Sprint(m.Minor)
	if m.Minor < 0 {
		sign, text = "-", text[1:]
	}
	if len(text) <= digits {
		text = strings.Repeat("0", digits+1-len(text)) + text
	}
	whole, part := text[:len(text)-digits], text[len(text)-digits:]
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if part != "" {
		part = "." + part
	}
	return strings.TrimSpace(m.Currency + " " + sign + whole + part)
}

const currencyRemedy = "Give the ISO 4217 code in capitals, for example USD."

// isCurrency reports whether a text has the shape of an ISO 4217 code.
func isCurrency(s string) bool {
	return len(s) == 3 && strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
}

// Ref names a record in this or another ledger.
type Ref struct {
	// Ledger is the id of the ledger; empty means the ledger of the record
	// that holds the reference.
	Ledger string `json:"ledger,omitempty" label:"Ledger"`
	// Kind is the record's kind, such as "control".
	Kind string `json:"kind" label:"Kind"`
	// ID is the record's id within its ledger and kind.
	ID string `json:"id" label:"Id"`
	// Revision is the revision meant, from 1; zero means the revision in
	// force at the time of reading.
	Revision int64 `json:"revision,omitempty" label:"Revision"`
}

// String writes the reference as ledger/kind/id@revision, leaving out what is
// not given.
func (r Ref) String() string {
	s := r.Kind + "/" + r.ID
	if r.Ledger != "" {
		s = r.Ledger + "/" + s
	}
	if r.Revision != 0 {
		s += fmt.Sprintf("@%d", r.Revision)
	}
	return s
}

// flaw refuses a reference that names nothing.
func (r Ref) flaw() (message, remedy string) {
	if blank(r.Kind) || blank(r.ID) {
		return "The reference does not name a kind and an id.", "Give both, for example kind control and id pay-3-2."
	}
	if r.Revision < 0 {
		return fmt.Sprintf("The revision %d is negative.", r.Revision), "Give a revision from 1, or leave it out."
	}
	return "", ""
}

// File describes bytes that are kept beside the ledger.
type File struct {
	// Name is the file's name as received, without a folder.
	Name string `json:"name" label:"File name" sensitive:"confidential"`
	// MediaType is the IANA media type, such as "text/csv".
	MediaType string `json:"media_type,omitempty" label:"Media type"`
	// Size is the number of bytes.
	Size int64 `json:"size" label:"Size in bytes"`
	// SHA256 is the digest of the bytes, 64 lower-case hexadecimal digits.
	SHA256 string `json:"sha256" label:"SHA-256"`
	// Flags are what a reader should know before opening the file, found when it
	// was taken in.
	Flags []FileFlag `json:"flags,omitempty" label:"Found in the file"`
}

// FileFlag is something about a file that whoever opens it should know. Files are
// kept whatever is found, and nothing in them is ever run.
type FileFlag string

// What can be found in a file.
const (
	FileMacros     FileFlag = "macros"
	FileOtherType  FileFlag = "other_type"
	FileExecutable FileFlag = "executable"
	FileEncrypted  FileFlag = "encrypted"
	FileInflated   FileFlag = "inflated"
	FileScripted   FileFlag = "scripted"
)

var fileFlags = enumeration{
	{"macros", "Contains macros"}, {"other_type", "Is not what its name says"}, {"executable", "Is a program"},
	{"encrypted", "Is encrypted"}, {"inflated", "Unpacks to a very large size"}, {"scripted", "Contains scripts"},
}

// Values lists the stored spellings.
func (FileFlag) Values() []string { return fileFlags.values() }

// Label is the words a person reads.
func (f FileFlag) Label() string { return fileFlags.label(string(f)) }

// none tells whether no file is given.
func (f File) none() bool {
	return f.Name == "" && f.MediaType == "" && f.Size == 0 && f.SHA256 == "" && len(f.Flags) == 0
}

// IsZero reports the same, so that no file is not written.
func (f File) IsZero() bool { return f.none() }

// flaw refuses a file that cannot be found again.
func (f File) flaw() (message, remedy string) {
	if blank(f.Name) {
		return "The file has no name.", "Give the file's name as received."
	}
	if f.Size < 0 {
		return fmt.Sprintf("The size %d is negative.", f.Size), "Give the number of bytes."
	}
	if !isDigest(f.SHA256) {
		return fmt.Sprintf("The file %q has no SHA-256 value.", f.Name), "Give 64 lower-case hexadecimal digits."
	}
	return "", ""
}

// ParseMoney reads an amount of a currency as people write it: 1250, 1,250.00 or
// -3.5. More digits than the currency has are refused, and so is whatever could be
// read in two ways.
func ParseMoney(text, currency string) (Money, error) {
	m := Money{Currency: currency}
	if !isCurrency(currency) {
		return m, fmt.Errorf("%q is not a currency code. %s", currency, currencyRemedy)
	}
	digits, ok := subunits[currency]
	if !ok {
		digits = 2
	}
	wrong := fmt.Errorf("%q is not an amount. Write it as 1250.00 or -1,250.00", text)
	s := strings.ReplaceAll(strings.TrimSpace(text), "−", "-")
	s, negative := strings.CutPrefix(s, "-")
	whole, part, dotted := strings.Cut(s, ".")
	if groups := strings.Split(whole, ","); len(groups) > 1 {
		for i, g := range groups {
			if i == 0 && (len(g) == 0 || len(g) > 3) || i > 0 && len(g) != 3 {
				return m, wrong
			}
		}
		whole = strings.Join(groups, "")
	}
	switch {
	case whole == "" && part == "", dotted && part == "", strings.Trim(whole+part, "0123456789") != "":
		return m, wrong
	case len(part) > digits:
		return m, fmt.Errorf("%q has more digits after the point than %s has", text, currency)
	case len(whole) > 15:
		return m, fmt.Errorf("%q is larger than can be recorded", text)
	}
	for _, r := range whole + part + strings.Repeat("0", digits-len(part)) {
		m.Minor = m.Minor*10 + int64(r-'0')
	}
	if negative {
		m.Minor = -m.Minor
	}
	return m, nil
}
