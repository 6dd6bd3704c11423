package typst

import (
	"bytes"
	"math"
	"strconv"
)

// matrix is [a b c d e f] of ISO 32000-1, 8.3.3.
type matrix [6]float64

var identity = matrix{1, 0, 0, 1, 0, 0}

// before returns the transformation that applies m first, then n.
func (m matrix) before(n matrix) matrix {
	return matrix{
		m[0]*n[0] + m[1]*n[2], m[0]*n[1] + m[1]*n[3],
		m[2]*n[0] + m[3]*n[2], m[2]*n[1] + m[3]*n[3],
		m[4]*n[0] + m[5]*n[2] + n[4], m[4]*n[1] + m[5]*n[3] + n[5],
	}
}

func (m matrix) apply(x, y float64) (float64, float64) {
	return m[0]*x + m[2]*y + m[4], m[1]*x + m[3]*y + m[5]
}

// box is a rectangle: left, bottom, right, top. The empty box has left > right.
type box [4]float64

var (
	emptyBox = box{math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)}
	everyBox = box{math.Inf(-1), math.Inf(-1), math.Inf(1), math.Inf(1)}
)

func (b box) empty() bool { return b[0] > b[2] || b[1] > b[3] }

func (b box) finite() bool {
	for _, v := range b {
		if math.IsInf(v, 0) || math.IsNaN(v) {
			return false
		}
	}
	return !b.empty()
}

func (b box) with(x, y float64) box {
	return box{min(b[0], x), min(b[1], y), max(b[2], x), max(b[3], y)}
}

func (b box) union(c box) box {
	return box{min(b[0], c[0]), min(b[1], c[1]), max(b[2], c[2]), max(b[3], c[3])}
}

func (b box) intersect(c box) box {
	return box{max(b[0], c[0]), max(b[1], c[1]), min(b[2], c[2]), min(b[3], c[3])}
}

// through returns the box around b's corners after a transformation.
func (b box) through(m matrix) box {
	out := emptyBox
	for _, corner := range [4][2]float64{{b[0], b[1]}, {b[2], b[1]}, {b[2], b[3]}, {b[0], b[3]}} {
		out = out.with(m.apply(corner[0], corner[1]))
	}
	return out
}

// boxReader follows a page's drawing just far enough to know where the content
// of each mark (MCID) lies: the graphics state's matrix and clip, paths, and
// placed objects. It does not measure text: text counts for its clip, which
// for an image is the image's frame.
type boxReader struct {
	objects map[string]box // extent of each XObject, in its own space

	state   drawState
	saved   []drawState
	path    box
	clips   bool
	marks   []int // open marked content; -1 without MCID
	extents map[int]box
}

type drawState struct {
	ctm  matrix
	clip box
}

// markedExtents returns the extent of each MCID on a page, in page space.
func markedExtents(content []byte, objects map[string]box) map[int]box {
	r := &boxReader{
		objects: objects,
		state:   drawState{ctm: identity, clip: everyBox},
		path:    emptyBox,
		extents: map[int]box{},
	}
	var operands []string
	for s := (contentScanner{rest: content}); s.next(); {
		if s.isOperand {
			operands = append(operands, s.token)
			continue
		}
		r.operator(s.token, operands)
		operands = operands[:0]
	}
	return r.extents
}

func (r *boxReader) operator(name string, operands []string) {
	n := numbers(operands)
	switch name {
	case "q":
		r.saved = append(r.saved, r.state)
	case "Q":
		if last := len(r.saved) - 1; last >= 0 {
			r.state, r.saved = r.saved[last], r.saved[:last]
		}
	case "cm":
		if len(n) == 6 {
			r.state.ctm = matrix(n).before(r.state.ctm)
		}
	case "m", "l", "c", "v", "y":
		// A curve lies within its control points.
		for i := 0; i+1 < len(n); i += 2 {
			r.path = r.path.with(r.state.ctm.apply(n[i], n[i+1]))
		}
	case "re":
		if len(n) == 4 {
			corners := emptyBox.with(n[0], n[1]).with(n[0]+n[2], n[1]+n[3])
			r.path = r.path.union(corners.through(r.state.ctm))
		}
	case "W", "W*":
		r.clips = true
	case "S", "s", "f", "F", "f*", "B", "B*", "b", "b*":
		r.paint(r.path)
		r.endPath()
	case "n":
		r.endPath()
	case "sh", "Tj", "TJ", "'", "\"":
		r.paint(everyBox)
	case "Do":
		if len(operands) == 1 {
			if extent, ok := r.objects[operands[0]]; ok {
				r.paint(extent.through(r.state.ctm))
			}
		}
	case "BMC", "BDC":
		r.marks = append(r.marks, markID(operands))
	case "EMC":
		r.marks = r.marks[:max(0, len(r.marks)-1)]
	}
}

func (r *boxReader) endPath() {
	if r.clips {
		r.state.clip = r.state.clip.intersect(r.path)
	}
	r.path, r.clips = emptyBox, false
}

// paint adds what is visible of an extent to the innermost mark with an MCID.
func (r *boxReader) paint(extent box) {
	visible := extent.intersect(r.state.clip)
	if !visible.finite() {
		return
	}
	for i := len(r.marks) - 1; i >= 0; i-- {
		if id := r.marks[i]; id >= 0 {
			if before, ok := r.extents[id]; ok {
				visible = visible.union(before)
			}
			r.extents[id] = visible
			return
		}
	}
}

// markID finds /MCID in the operands of BDC, whose dictionary was scanned flat.
func markID(operands []string) int {
	for i, o := range operands {
		if o == "/MCID" && i+1 < len(operands) {
			if id, err := strconv.Atoi(operands[i+1]); err == nil {
				return id
			}
		}
	}
	return -1
}

func numbers(operands []string) []float64 {
	out := make([]float64, 0, 6)
	for _, o := range operands {
		f, err := strconv.ParseFloat(o, 64)
		if err != nil {
			return nil
		}
		out = append(out, f)
	}
	return out
}

// contentScanner splits a content stream into operands and operators. Strings
// become the operand "()"; the brackets of arrays and dictionaries vanish.
type contentScanner struct {
	rest      []byte
	token     string
	isOperand bool
}

const contentDelimiters = "()<>[]{}/% \t\r\n\f\x00"

func (s *contentScanner) next() bool {
	for len(s.rest) > 0 {
		switch c := s.rest[0]; c {
		case ' ', '\t', '\r', '\n', '\f', 0, '[', ']', '{', '}', '>':
			s.rest = s.rest[1:]
		case '%':
			end := bytes.IndexAny(s.rest, "\r\n")
			if end < 0 {
				return false
			}
			s.rest = s.rest[end:]
		case '(':
			s.skipString()
			s.token, s.isOperand = "()", true
			return true
		case '<':
			if len(s.rest) > 1 && s.rest[1] == '<' {
				s.rest = s.rest[2:]
				continue
			}
			end := bytes.IndexByte(s.rest, '>')
			if end < 0 {
				return false
			}
			s.rest = s.rest[end+1:]
			s.token, s.isOperand = "()", true
			return true
		default:
			end := bytes.IndexAny(s.rest[1:], contentDelimiters) + 1
			if end == 0 {
				end = len(s.rest)
			}
			s.token = string(s.rest[:end])
			s.rest = s.rest[end:]
			s.isOperand = c == '/' || c == '+' || c == '-' || c == '.' || '0' <= c && c <= '9'
			return true
		}
	}
	return false
}

// skipString passes a literal string with its nested brackets and escapes.
func (s *contentScanner) skipString() {
	depth := 0
	for i := 0; i < len(s.rest); i++ {
		switch s.rest[i] {
		case '\\':
			i++
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				s.rest = s.rest[i+1:]
				return
			}
		}
	}
	s.rest = nil
}
