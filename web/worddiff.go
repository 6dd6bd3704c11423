package web

import "strings"

// diffWord is a run of words that stayed, went (-1) or came (+1).
type diffWord struct {
	Sign int
	Text string
}

// mostDiffWords bounds the comparison; longer texts are shown one after the other.
const mostDiffWords = 1500

// diffWords compares two texts word by word, by their longest common
// subsequence. It returns nil when they are too long to compare.
func diffWords(a, b string) []diffWord {
	x, y := strings.Fields(a), strings.Fields(b)
	if len(x) > mostDiffWords || len(y) > mostDiffWords {
		return nil
	}
	n := make([][]uint16, len(x)+1)
	for i := range n {
		n[i] = make([]uint16, len(y)+1)
	}
	for i := len(x) - 1; i >= 0; i-- {
		for j := len(y) - 1; j >= 0; j-- {
			if x[i] == y[j] {
				n[i][j] = n[i+1][j+1] + 1
			} else {
				n[i][j] = max(n[i+1][j], n[i][j+1])
			}
		}
	}
	var out []diffWord
	add := func(sign int, w string) {
		if len(out) > 0 && out[len(out)-1].Sign == sign {
			out[len(out)-1].Text += " " + w
			return
		}
		out = append(out, diffWord{sign, w})
	}
	i, j := 0, 0
	for i < len(x) || j < len(y) {
		switch {
		case i < len(x) && j < len(y) && x[i] == y[j]:
			add(0, x[i])
			i, j = i+1, j+1
		case j == len(y) || i < len(x) && n[i+1][j] >= n[i][j+1]:
			add(-1, x[i])
			i++
		default:
			add(1, y[j])
			j++
		}
	}
	return out
}
