package typst

import (
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/model"
	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/types"
)

// mark is one piece of marked content: where a structure element's content is.
type mark struct{ page, id int }

// boundFigures gives every figure that lies on one page its bounding box, which
// ISO 32000-1, 14.8.5.4.3 asks for and Typst leaves out. Tables get none: that
// would take the widths of all their text.
func boundFigures(doc *model.XRefTable) error {
	extents := map[int]map[int]box{} // page object number -> MCID -> extent
	for _, n := range slices.Sorted(maps.Keys(doc.Table)) {
		figure, ok := doc.Table[n].Object.(types.Dict)
		if !ok || figure["S"] != types.Name("Figure") {
			continue
		}
		marks := marksOf(doc, figure, 0, 0)
		if len(marks) == 0 {
			continue
		}
		page, extent := marks[0].page, emptyBox
		for _, m := range marks {
			if m.page != page {
				page = 0
				break
			}
			if extents[page] == nil {
				found, err := pageExtents(doc, page)
				if err != nil {
					return fmt.Errorf("typst: finishing: figure in object %d: %w", n, err)
				}
				extents[page] = found
			}
			if e, ok := extents[page][m.id]; ok {
				extent = extent.union(e)
			}
		}
		if page == 0 || !extent.finite() {
			continue
		}
		setBBox(figure, extent)
	}
	return nil
}

// maxDepth ends the walk of a structure tree that contains itself.
const maxDepth = 50

// marksOf collects the marked content below a structure element. page is the
// one inherited from above.
func marksOf(doc *model.XRefTable, o types.Object, page, depth int) []mark {
	if depth > maxDepth {
		return nil
	}
	o, err := doc.Dereference(o)
	if err != nil {
		return nil
	}
	switch o := o.(type) {
	case types.Integer:
		return []mark{{page, int(o)}}
	case types.Array:
		var all []mark
		for _, kid := range o {
			all = append(all, marksOf(doc, kid, page, depth+1)...)
		}
		return all
	case types.Dict:
		if ref, ok := o["Pg"].(types.IndirectRef); ok {
			page = ref.ObjectNumber.Value()
		}
		switch o["Type"] {
		case types.Name("MCR"):
			return marksOf(doc, o["MCID"], page, depth+1)
		case types.Name("OBJR"):
			return nil
		}
		return marksOf(doc, o["K"], page, depth+1)
	}
	return nil
}

func pageExtents(doc *model.XRefTable, number int) (map[int]box, error) {
	page, err := doc.DereferenceDict(*types.NewIndirectRef(number, 0))
	if err != nil {
		return nil, err
	}
	var content []byte
	streams := types.Array{page["Contents"]}
	if o, err := doc.Dereference(page["Contents"]); err == nil {
		if a, ok := o.(types.Array); ok {
			streams = a
		}
	}
	for _, o := range streams {
		stream, _, err := doc.DereferenceStreamDict(o)
		if err != nil {
			return nil, err
		}
		if stream == nil {
			continue
		}
		if err := stream.Decode(); err != nil {
			return nil, err
		}
		content = append(append(content, stream.Content...), '\n')
	}
	objects, err := objectExtents(doc, page)
	if err != nil {
		return nil, err
	}
	return markedExtents(content, objects), nil
}

// objectExtents gives the page's images and forms with their extent: the unit
// square for an image, the box through the matrix for a form.
func objectExtents(doc *model.XRefTable, page types.Dict) (map[string]box, error) {
	resources, err := doc.DereferenceDict(page["Resources"])
	if err != nil || resources == nil {
		return nil, err
	}
	named, err := doc.DereferenceDict(resources["XObject"])
	if err != nil || named == nil {
		return nil, err
	}
	extents := map[string]box{}
	for name, o := range named {
		stream, _, err := doc.DereferenceStreamDict(o)
		if err != nil {
			return nil, err
		}
		if stream == nil {
			continue
		}
		extent := box{0, 0, 1, 1}
		if stream.Dict["Subtype"] == types.Name("Form") {
			corners, ok := floats(stream.Dict["BBox"], 4)
			if !ok {
				continue
			}
			extent = emptyBox.with(corners[0], corners[1]).with(corners[2], corners[3])
			if m, ok := floats(stream.Dict["Matrix"], 6); ok {
				extent = extent.through(matrix(m))
			}
		}
		extents[types.Name(name).PDFString()] = extent
	}
	return extents, nil
}

func floats(o types.Object, n int) ([]float64, bool) {
	a, ok := o.(types.Array)
	if !ok || len(a) != n {
		return nil, false
	}
	out := make([]float64, n)
	for i, item := range a {
		switch v := item.(type) {
		case types.Integer:
			out[i] = float64(v)
		case types.Float:
			out[i] = float64(v)
		default:
			return nil, false
		}
	}
	return out, true
}

// setBBox adds the attribute to the element's layout attributes, rounded
// outwards to a hundredth of a point.
func setBBox(element types.Dict, extent box) {
	bbox := types.Array{
		types.Float(math.Floor(extent[0]*100) / 100), types.Float(math.Floor(extent[1]*100) / 100),
		types.Float(math.Ceil(extent[2]*100) / 100), types.Float(math.Ceil(extent[3]*100) / 100),
	}
	attributes := types.Array{}
	switch a := element["A"].(type) {
	case types.Array:
		attributes = a
	case types.Dict, types.IndirectRef:
		attributes = append(attributes, a)
	}
	for _, o := range attributes {
		if d, ok := o.(types.Dict); ok && d["O"] == types.Name("Layout") {
			d["BBox"] = bbox
			element["A"] = attributes
			return
		}
	}
	element["A"] = append(attributes, types.Dict{"O": types.Name("Layout"), "BBox": bbox})
}
