package browsertest

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
)

// key is one of the keyboard by its name in the DOM.
type key struct {
	code    string
	virtual int64
	text    string
}

var named = map[string]key{
	"Tab": {"Tab", 9, ""}, "\t": {"Tab", 9, ""}, "Enter": {"Enter", 13, "\r"}, "Escape": {"Escape", 27, ""}, " ": {"Space", 32, " "}, "Backspace": {"Backspace", 8, ""}, "Delete": {"Delete", 46, ""},
	"ArrowLeft": {"ArrowLeft", 37, ""}, "ArrowUp": {"ArrowUp", 38, ""}, "ArrowRight": {"ArrowRight", 39, ""}, "ArrowDown": {"ArrowDown", 40, ""},
	"Home": {"Home", 36, ""}, "End": {"End", 35, ""}, "PageUp": {"PageUp", 33, ""}, "PageDown": {"PageDown", 34, ""}, "F2": {"F2", 113, ""},
}

// Press presses keys one after the other: by the names of the DOM, such as
// "Enter", "ArrowDown", "a" or " ", with "Shift+", "Control+", "Alt+" or "Meta+"
// before.
func (x *Tab) Press(keys ...string) {
	x.t.Helper()
	for _, k := range keys {
		x.run(stroke(k)...)
	}
}

// The bits of the protocol for keys that are held.
const (
	alt     = 1
	control = 2
	meta    = 4
	shift   = 8
)

func stroke(k string) []action {
	var held int64
	for {
		before, rest, ok := strings.Cut(k, "+")
		m := map[string]int64{"Shift": shift, "Control": control, "Alt": alt, "Meta": meta}[before]
		if !ok || m == 0 {
			break
		}
		held, k = held|m, rest
	}
	n, ok := named[k]
	if !ok {
		n = key{text: k}
		r, _ := utf8.DecodeRuneInString(k)
		if up := unicode.ToUpper(r); up >= 'A' && up <= 'Z' {
			n.code, n.virtual = "Key"+string(up), int64(up)
		}
	}
	down := input.DispatchKeyEventParams{Type: input.DispatchKeyEventTypeKeyDown, Key: k, Code: n.code, WindowsVirtualKeyCode: n.virtual, Modifiers: held, Text: n.text}
	// A key that is pressed with Control, Alt or Meta writes nothing; what the
	// system would do with it in a field is said beside.
	if held&(control|alt|meta) != 0 {
		down.Text = ""
		if k == "a" && held == control {
			down.Commands = []string{"selectAll"}
		}
	}
	if down.Text == "" {
		down.Type = input.DispatchKeyEventTypeRawKeyDown
	}
	up := down
	up.Type, up.Text, up.Commands = input.DispatchKeyEventTypeKeyUp, "", nil
	return []action{command(input.DispatchKeyEvent, down), command(input.DispatchKeyEvent, up)}
}

// Type types a text, a key for each letter.
func (x *Tab) Type(text string) {
	x.t.Helper()
	var all []action
	for _, r := range text {
		all = append(all, stroke(string(r))...)
	}
	x.run(all...)
}

// TabTo presses Tab until an element that a selector matches has the focus, as
// somebody does who has no mouse; it fails where Tab does not reach it.
func (x *Tab) TabTo(selector string) {
	x.t.Helper()
	for range 300 {
		if Eval[bool](x, `!!document.activeElement?.matches(%s)`, selector) {
			return
		}
		x.Press("Tab")
	}
	x.t.Fatalf("Tab does not reach %s", selector)
}

// Files chooses files in an input, as its dialog would.
func (x *Tab) Files(selector string, paths ...string) {
	x.t.Helper()
	x.run(chromedp.SetUploadFiles(selector, paths))
}
