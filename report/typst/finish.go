package typst

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"
	"unicode/utf16"

	"github.com/pdfcpu/pdfcpu/pkg/api"
	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/model"
	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/types"
)

// Meta is what a finished PDF says of itself. Everything comes from the caller,
// so that the same Meta and document give the same file.
type Meta struct {
	Title   string // shown in the window's title bar; empty keeps the document's own
	Author  string // empty keeps the document's own
	Subject string
	// Created is the date of creation and of modification. Zero leaves the
	// file without dates.
	Created time.Time
	// ID is the file's identifier (ISO 32000-1, 14.4), twice, since the file
	// is not an update of another. Zero derives it from document and Meta.
	ID [16]byte
}

// producer is who wrote the file, by the convention of the Info dictionary.
const producer = "Typst 0.14.2"

// Finish turns a document of Compile into the file to hand out: title, author
// and dates in the Info dictionary and as XMP, the title instead of the file
// name in the window, a bounding box for each figure, a given identifier, and a
// third of the size. Other tags, language and bookmarks stay as they are. It claims no conformance to a
// standard. The bytes depend on the arguments alone.
func Finish(pdf []byte, meta Meta) ([]byte, error) {
	doc, err := readPDF(pdf)
	if err != nil {
		return nil, err
	}
	catalog, err := doc.Catalog()
	if err != nil {
		return nil, fmt.Errorf("typst: finishing: %w", err)
	}
	info, err := infoOf(doc)
	if err != nil {
		return nil, err
	}
	if meta.Title == "" {
		meta.Title = textOf(info, "Title")
	}
	if meta.Author == "" {
		meta.Author = textOf(info, "Author")
	}
	if meta.ID == [16]byte{} {
		meta.ID = deriveID(pdf, meta)
	}

	if err := showTitle(doc, catalog); err != nil {
		return nil, err
	}
	if err := dropDefaultSuspects(doc, catalog); err != nil {
		return nil, err
	}
	if err := boundFigures(doc); err != nil {
		return nil, err
	}
	writeInfo(info, meta)
	language, _ := catalog["Lang"].(types.StringLiteral)
	packet := xmp(meta, string(language))
	stream := types.StreamDict{Dict: types.Dict{"Type": types.Name("Metadata"), "Subtype": types.Name("XML")}, Raw: packet}
	if err := replaceMetadata(doc, catalog, stream); err != nil {
		return nil, err
	}
	return writePDF(doc, meta.ID)
}

// pdfcpu would otherwise write a configuration into the user's home.
var disableConfig = sync.OnceFunc(api.DisableConfigDir)

func readPDF(pdf []byte) (*model.XRefTable, error) {
	disableConfig()
	ctx, err := api.ReadContext(bytes.NewReader(pdf), model.NewDefaultConfiguration())
	if err != nil {
		return nil, fmt.Errorf("typst: reading the PDF: %w", err)
	}
	if ctx.Encrypt != nil {
		return nil, errors.New("typst: the PDF is encrypted; finish it before encrypting it")
	}
	// Objects from object streams come half parsed, and changes to a parsed copy
	// would be lost.
	for n, entry := range ctx.Table {
		if lazy, ok := entry.Object.(types.LazyObjectStreamObject); ok {
			if entry.Object, err = lazy.DecodedObject(context.Background()); err != nil {
				return nil, fmt.Errorf("typst: reading the PDF: object %d: %w", n, err)
			}
		}
	}
	return ctx.XRefTable, nil
}

func infoOf(doc *model.XRefTable) (types.Dict, error) {
	if doc.Info == nil {
		d := types.NewDict()
		ref, err := doc.IndRefForNewObject(d)
		if err != nil {
			return nil, fmt.Errorf("typst: finishing: %w", err)
		}
		doc.Info = ref
		return d, nil
	}
	d, err := doc.DereferenceDict(*doc.Info)
	if err != nil {
		return nil, fmt.Errorf("typst: finishing: Info dictionary: %w", err)
	}
	return d, nil
}

func textOf(d types.Dict, key string) string {
	o, ok := d[key]
	if !ok {
		return ""
	}
	s, err := types.StringOrHexLiteral(o)
	if err != nil || s == nil {
		return ""
	}
	return *s
}

// showTitle sets ViewerPreferences/DisplayDocTitle and keeps the others.
func showTitle(doc *model.XRefTable, catalog types.Dict) error {
	preferences := types.NewDict()
	if o, ok := catalog["ViewerPreferences"]; ok {
		d, err := doc.DereferenceDict(o)
		if err != nil {
			return fmt.Errorf("typst: finishing: ViewerPreferences: %w", err)
		}
		if d != nil {
			preferences = d
		}
	}
	preferences["DisplayDocTitle"] = types.Boolean(true)
	catalog["ViewerPreferences"] = preferences
	return nil
}

// dropDefaultSuspects removes MarkInfo/Suspects when it is false, which is its
// default: poppler up to 22 takes it for an error and says so on every use.
func dropDefaultSuspects(doc *model.XRefTable, catalog types.Dict) error {
	o, ok := catalog["MarkInfo"]
	if !ok {
		return nil
	}
	mark, err := doc.DereferenceDict(o)
	if err != nil {
		return fmt.Errorf("typst: finishing: MarkInfo: %w", err)
	}
	if mark["Suspects"] == types.Boolean(false) {
		delete(mark, "Suspects")
	}
	return nil
}

func writeInfo(info types.Dict, meta Meta) {
	clear(info)
	for _, f := range []struct{ key, value string }{
		{"Title", meta.Title}, {"Author", meta.Author}, {"Subject", meta.Subject}, {"Producer", producer},
	} {
		if f.value != "" {
			info[f.key] = textString(f.value)
		}
	}
	if !meta.Created.IsZero() {
		date := types.StringLiteral(meta.Created.UTC().Format("D:20060102150405Z"))
		info["CreationDate"], info["ModDate"] = date, date
	}
}

// textString encodes as UTF-16 (ISO 32000-1, 7.9.2.2), in hexadecimal, which
// needs no escapes.
func textString(s string) types.HexLiteral {
	var b strings.Builder
	b.WriteString("FEFF")
	for _, unit := range utf16.Encode([]rune(s)) {
		fmt.Fprintf(&b, "%04X", unit)
	}
	return types.HexLiteral(b.String())
}

// xmp builds the metadata packet (ISO 16684-1). It agrees with the Info
// dictionary, as PDF/A and PDF/UA checkers want.
func xmp(meta Meta, language string) []byte {
	var b bytes.Buffer
	b.WriteString("<?xpacket begin=\"\uFEFF\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>\n" +
		`<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">` +
		`<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/"` +
		` xmlns:xmpMM="http://ns.adobe.com/xap/1.0/mm/" xmlns:pdf="http://ns.adobe.com/pdf/1.3/">` + "\n")
	element := func(open, text, end string) {
		if text == "" {
			return
		}
		b.WriteString(open)
		_ = xml.EscapeText(&b, []byte(text)) // a bytes.Buffer does not fail
		b.WriteString(end + "\n")
	}
	element(`<dc:title><rdf:Alt><rdf:li xml:lang="x-default">`, meta.Title, `</rdf:li></rdf:Alt></dc:title>`)
	element(`<dc:creator><rdf:Seq><rdf:li>`, meta.Author, `</rdf:li></rdf:Seq></dc:creator>`)
	element(`<dc:description><rdf:Alt><rdf:li xml:lang="x-default">`, meta.Subject, `</rdf:li></rdf:Alt></dc:description>`)
	element(`<dc:language><rdf:Bag><rdf:li>`, language, `</rdf:li></rdf:Bag></dc:language>`)
	element(`<dc:format>`, "application/pdf", `</dc:format>`)
	element(`<pdf:Producer>`, producer, `</pdf:Producer>`)
	if !meta.Created.IsZero() {
		date := meta.Created.UTC().Format("2006-01-02T15:04:05Z")
		element(`<xmp:CreateDate>`, date, `</xmp:CreateDate>`)
		element(`<xmp:ModifyDate>`, date, `</xmp:ModifyDate>`)
		element(`<xmp:MetadataDate>`, date, `</xmp:MetadataDate>`)
	}
	id := fmt.Sprintf("uuid:%x-%x-%x-%x-%x", meta.ID[:4], meta.ID[4:6], meta.ID[6:8], meta.ID[8:10], meta.ID[10:])
	element(`<xmpMM:DocumentID>`, id, `</xmpMM:DocumentID>`)
	element(`<xmpMM:InstanceID>`, id, `</xmpMM:InstanceID>`)
	b.WriteString("</rdf:Description></rdf:RDF></x:xmpmeta>\n<?xpacket end=\"r\"?>")
	return b.Bytes()
}

// replaceMetadata puts the packet in the place of the catalog's old one.
func replaceMetadata(doc *model.XRefTable, catalog types.Dict, stream types.StreamDict) error {
	if ref, ok := catalog["Metadata"].(types.IndirectRef); ok {
		if entry, found := doc.FindTableEntryForIndRef(&ref); found {
			entry.Object = stream
			return nil
		}
	}
	ref, err := doc.IndRefForNewObject(stream)
	if err != nil {
		return fmt.Errorf("typst: finishing: %w", err)
	}
	catalog["Metadata"] = *ref
	return nil
}

func deriveID(pdf []byte, meta Meta) (id [16]byte) {
	h := sha256.New()
	fmt.Fprintf(h, "%q %q %q %d\n", meta.Title, meta.Author, meta.Subject, meta.Created.UTC().UnixNano())
	h.Write(pdf)
	copy(id[:], h.Sum(nil))
	return id
}

func hexID(id [16]byte) types.HexLiteral {
	return types.HexLiteral(strings.ToUpper(hex.EncodeToString(id[:])))
}
