package tabular

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"path"
	"strconv"
	"strings"

	"reperform/population/duck"
)

// workbook is what all sheets of a file share.
type workbook struct {
	sheets  []worksheet
	strings []string
	dates   []dateStyle // by style number
	base    int64       // days from 1970-01-01 to the serial number 0
	is1904  bool
}

type worksheet struct {
	name string
	part *zip.File
	// hidden says that a spreadsheet program does not show the sheet.
	hidden bool
}

type dateStyle uint8

const (
	noDate dateStyle = iota
	dateOnly
	dateAndTime
	timeOnly
)

// maxStrings bounds the memory of the shared strings that are kept, with
// stringCost for each beside its bytes: the engine's process has 512 MiB for
// all.
const (
	maxStrings = 256 << 20
	stringCost = 24
)

// A part that unpacks to more than bombSize is refused at once where that is more
// than bombRatio times what it takes in the file. The texts that a workbook
// shares are each there once and pack to a tenth, seldom to a fiftieth; made to
// fill memory they pack to a thousandth. A sheet of equal rows may pack that
// well, so that only texts are held to it.
const (
	bombSize  = 16 << 20
	bombRatio = 200
)

// mostStrings bounds the shared texts of a workbook by their number: reading
// eight million takes some twenty seconds, and a sheet has a million rows.
const mostStrings = 8 << 20

// tooLarge says that a workbook is refused for its size, whole as it may be.
type tooLarge string

func (e tooLarge) Error() string { return string(e) }

var errTooManyTexts = tooLarge(fmt.Sprintf("it shares more than %d texts", mostStrings))

// bomb says what speaks against unpacking the shared texts.
func bomb(p *zip.File) error {
	if size := p.UncompressedSize64; size > bombSize && size/bombRatio > p.CompressedSize64 {
		return tooLarge(fmt.Sprintf("its texts take %d bytes in the file and %d unpacked, which no spreadsheet program writes", p.CompressedSize64, size))
	}
	return nil
}

// shortReader refuses XML that goes on for too long without a tag: the decoder
// reads a text whole before anybody can ask how long it is.
type shortReader struct {
	r           io.Reader
	longest, in int
}

// short bounds texts to cells of maxCell bytes, each of which may be written
// as an entity of six.
func short(r io.Reader, maxCell int) *shortReader {
	return &shortReader{r: r, longest: 6*maxCell + 1<<16}
}

func (s *shortReader) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	if i := bytes.LastIndexByte(p[:n], '<'); i >= 0 {
		s.in = n - i
	} else if s.in += n; s.in > s.longest {
		return 0, fmt.Errorf("a text is longer than %d bytes", s.longest)
	}
	return n, err
}

func openWorkbook(file *File, maxCell int) (*workbook, error) {
	bad := func(problem, remedy string) error {
		return &InputError{File: file.Name, Problem: problem, Remedy: remedy}
	}
	var magic [8]byte
	n, _ := file.f.ReadAt(magic[:], 0)
	switch {
	case n == 0:
		return nil, bad("the file is empty", "export it again")
	case n == 8 && magic[0] == 0xD0 && magic[1] == 0xCF && magic[2] == 0x11 && magic[3] == 0xE0:
		return nil, bad("the workbook is protected by a password, or is in the old .xls format", "save it as an unprotected .xlsx")
	}
	z, err := zip.NewReader(file.f, file.Size)
	if err != nil {
		return nil, bad("this is not an .xlsx workbook: "+err.Error(), "check the file, or say its format")
	}
	parts := map[string]*zip.File{}
	for _, f := range z.File {
		parts[strings.TrimPrefix(f.Name, "/")] = f
	}
	w := &workbook{}
	damaged := func(err error) error {
		var large tooLarge
		if errors.As(err, &large) {
			return bad("the workbook is too large: "+err.Error(), "export the sheet as CSV")
		}
		return bad("the workbook is damaged: "+err.Error(), "open it and save it again")
	}
	main, err := mainPart(parts)
	if err != nil {
		return nil, damaged(err)
	}
	if err := w.readSheets(parts, main); err != nil {
		return nil, damaged(err)
	}
	dir := path.Dir(main)
	if p := parts[path.Join(dir, "sharedStrings.xml")]; p != nil {
		if err := w.readStrings(p, maxCell); err != nil {
			return nil, damaged(err)
		}
	}
	if p := parts[path.Join(dir, "styles.xml")]; p != nil {
		if err := w.readStyles(p); err != nil {
			return nil, damaged(err)
		}
	}
	w.base, _ = daysOf(1899, 12, 30)
	if w.is1904 {
		w.base, _ = daysOf(1904, 1, 1)
	}
	return w, nil
}

type relationships struct {
	Items []struct {
		ID     string `xml:"Id,attr"`
		Type   string `xml:"Type,attr"`
		Target string `xml:"Target,attr"`
	} `xml:"Relationship"`
}

// decode reads a small part of the package whole.
func decode(p *zip.File, v any) error {
	if p == nil {
		return errors.New("a part is missing")
	}
	body, err := p.Open()
	if err != nil {
		return err
	}
	defer body.Close()
	return xml.NewDecoder(io.LimitReader(body, 64<<20)).Decode(v)
}

func mainPart(parts map[string]*zip.File) (string, error) {
	var rels relationships
	if err := decode(parts["_rels/.rels"], &rels); err != nil {
		return "", err
	}
	for _, r := range rels.Items {
		if strings.HasSuffix(r.Type, "/officeDocument") {
			return strings.TrimPrefix(r.Target, "/"), nil
		}
	}
	return "", errors.New("it names no main part")
}

func (w *workbook) readSheets(parts map[string]*zip.File, main string) error {
	var book struct {
		Props struct {
			Date1904 string `xml:"date1904,attr"`
		} `xml:"workbookPr"`
		Sheets []struct {
			Name  string `xml:"name,attr"`
			State string `xml:"state,attr"`
			ID    string `xml:"http://schemas.openxmlformats.org/officeDocument/2006/relationships id,attr"`
			ID2   string `xml:"http://purl.oclc.org/ooxml/officeDocument/relationships id,attr"`
		} `xml:"sheets>sheet"`
	}
	if err := decode(parts[main], &book); err != nil {
		return err
	}
	w.is1904 = book.Props.Date1904 == "1" || book.Props.Date1904 == "true"
	var rels relationships
	if err := decode(parts[path.Join(path.Dir(main), "_rels", path.Base(main)+".rels")], &rels); err != nil {
		return err
	}
	targets := map[string]string{}
	for _, r := range rels.Items {
		target := r.Target
		if !strings.HasPrefix(target, "/") {
			target = path.Join(path.Dir(main), target)
		}
		targets[r.ID] = strings.TrimPrefix(target, "/")
	}
	for _, s := range book.Sheets {
		w.sheets = append(w.sheets, worksheet{s.Name, parts[targets[s.ID+s.ID2]], s.State == "hidden" || s.State == "veryHidden"})
	}
	if len(w.sheets) == 0 {
		return errors.New("it has no sheets")
	}
	return nil
}

// readStrings reads the shared strings; the runs of a rich text are joined and
// phonetic hints left out.
func (w *workbook) readStrings(p *zip.File, maxCell int) error {
	if err := bomb(p); err != nil {
		return err
	}
	body, err := p.Open()
	if err != nil {
		return err
	}
	defer body.Close()
	d := xml.NewDecoder(short(body, maxCell))
	var text strings.Builder
	inText, phonetic, size := false, 0, 0
	for {
		t, err := d.RawToken()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		switch t := t.(type) {
		case xml.StartElement:
			switch t.Name.Local {
			case "sst":
				if n, err := strconv.ParseUint(attr(t, "uniqueCount"), 10, 64); err == nil && n > mostStrings {
					return errTooManyTexts
				}
			case "si":
				text.Reset()
			case "rPh":
				phonetic++
			case "t":
				inText = phonetic == 0
			}
		case xml.CharData:
			if inText {
				text.Write(t)
			}
		case xml.EndElement:
			switch t.Name.Local {
			case "t":
				inText = false
			case "rPh":
				phonetic--
			case "si":
				if size += text.Len() + stringCost; size > maxStrings {
					return tooLarge(fmt.Sprintf("its texts need more than %d MiB", maxStrings>>20))
				}
				if len(w.strings) == mostStrings {
					return errTooManyTexts
				}
				w.strings = append(w.strings, text.String())
			}
		}
	}
}

func (w *workbook) readStyles(p *zip.File) error {
	var styles struct {
		Formats []struct {
			ID   int    `xml:"numFmtId,attr"`
			Code string `xml:"formatCode,attr"`
		} `xml:"numFmts>numFmt"`
		Cells []struct {
			Format int `xml:"numFmtId,attr"`
		} `xml:"cellXfs>xf"`
	}
	if err := decode(p, &styles); err != nil {
		return err
	}
	codes := map[int]string{}
	for _, f := range styles.Formats {
		codes[f.ID] = f.Code
	}
	for _, c := range styles.Cells {
		w.dates = append(w.dates, styleOf(c.Format, codes[c.Format]))
	}
	return nil
}

// styleOf says whether a number format shows a date (ECMA-376 part 1, 18.8.30).
func styleOf(id int, code string) dateStyle {
	switch {
	case code != "":
		return styleOfCode(code)
	case id >= 14 && id <= 17 || id >= 27 && id <= 31 || id == 36 || id >= 50 && id <= 58:
		return dateOnly
	case id == 22:
		return dateAndTime
	case id >= 18 && id <= 21 || id >= 32 && id <= 35 || id >= 45 && id <= 47:
		return timeOnly
	}
	return noDate
}

func styleOfCode(code string) dateStyle {
	day, clock := false, false
	for i := 0; i < len(code); i++ {
		switch c := code[i] | 0x20; {
		case code[i] == '"':
			for i++; i < len(code) && code[i] != '"'; i++ {
			}
		case code[i] == '\\' || code[i] == '_' || code[i] == '*':
			i++
		case code[i] == '[':
			from := i
			for i < len(code) && code[i] != ']' {
				i++
			}
			if in := strings.ToLower(code[from+1 : min(i, len(code))]); in == "h" || in == "hh" || in == "m" || in == "mm" || in == "s" || in == "ss" {
				clock = true
			}
		case code[i] == ';':
			i = len(code) // the first section is for positive numbers
		case c == 'y' || c == 'd':
			day = true
		case c == 'h' || c == 's':
			clock = true
		case c == 'e' && strings.HasPrefix(strings.ToLower(code[i:]), "general"):
			return noDate
		case c == 'g' && strings.HasPrefix(strings.ToLower(code[i:]), "general"):
			return noDate
		}
	}
	switch {
	case day && clock:
		return dateAndTime
	case day:
		return dateOnly
	case clock:
		return timeOnly
	case strings.Contains(strings.ToLower(code), "mmm"):
		return dateOnly
	}
	return noDate
}

// text turns a stored value into the text that a CSV export would have.
func (w *workbook) text(kind, style, v string) (string, error) {
	switch kind {
	case "s":
		i, err := strconv.Atoi(v)
		if err != nil || i < 0 || i >= len(w.strings) {
			return "", errors.New("refers to a text that the file does not hold")
		}
		return w.strings[i], nil
	case "b":
		if v == "1" {
			return "true", nil
		}
		return "false", nil
	case "e":
		return "", errors.New("holds an error value")
	case "str", "d", "inlineStr":
		return v, nil
	}
	x, err := strconv.ParseFloat(v, 64)
	if err != nil || math.IsNaN(x) || math.IsInf(x, 0) {
		return "", errors.New("holds something that is not a number")
	}
	shown := noDate
	if s, err := strconv.Atoi(style); err == nil && s >= 0 && s < len(w.dates) {
		shown = w.dates[s]
	}
	if shown != noDate {
		return w.serial(x, shown)
	}
	return fifteenDigits(x), nil
}

// fifteenDigits writes a number with the fifteen significant digits that
// spreadsheet programs show and compute with; what follows them in the file is
// noise of binary floating point (19.99 is stored as 19.989999999999998).
func fifteenDigits(x float64) string {
	rounded, err := strconv.ParseFloat(strconv.FormatFloat(x, 'g', 15, 64), 64)
	if err != nil {
		rounded = x
	}
	return strconv.FormatFloat(rounded, 'f', -1, 64)
}

// serial turns a day number into a date or a timestamp. The 1900 system counts
// a 29 February 1900 that never was, so its first sixty days are refused
// rather than guessed.
func (w *workbook) serial(x float64, shown dateStyle) (string, error) {
	if x < 0 || x >= 2958466 {
		return "", errors.New("holds a date beyond the years 1900 to 9999")
	}
	millis := int64(math.Round(x * 86400e3))
	days, rest := millis/86400e3, millis%86400e3
	if shown == timeOnly && days == 0 {
		at := string(duck.AppendTimestamp(nil, rest*1000))
		return strings.TrimSuffix(at[11:], ".000000"), nil
	}
	if !w.is1904 && days <= 60 {
		return "", errors.New("holds a date before March 1900, which spreadsheet programs count differently")
	}
	if shown == dateOnly && rest == 0 {
		return string(duck.AppendDate(nil, w.base+days)), nil
	}
	at := duck.AppendTimestamp(nil, (w.base+days)*86400e6+rest*1000)
	return string(at), nil
}
