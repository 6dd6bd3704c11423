package web

import (
	"slices"
	"strings"

	"reperform/web/ui"
)

// joined are words with a dot between those that are there.
func joined(words ...string) string {
	return strings.Join(slices.DeleteFunc(words, func(s string) bool { return s == "" }), " · ")
}

func dueText(s string) string {
	if s == "" {
		return ""
	}
	return "due " + s
}

// total is how many controls a ring counts.
func total(n *homeNumbers) int {
	sum := 0
	for _, s := range n.Ring.Segments {
		sum += s.Count
	}
	return sum
}

// attentionIcon is the mark of a rank.
func attentionIcon(rank string) ui.Status {
	switch rank {
	case "High exception", "Exception", "Not effective":
		return ui.Status{Icon: "circle-alert", Class: "bad"}
	case "Evidence overdue", "Review overdue":
		return ui.Status{Icon: "clock", Class: "warn"}
	case "Not signed", "No response":
		return ui.Status{Icon: "pencil", Class: "info"}
	}
	return ui.Status{Icon: "circle-dashed"}
}

func requestIcon(note string) ui.Status {
	if note == "Late" {
		return ui.Status{Icon: "clock", Class: "bad"}
	}
	return ui.Status{Icon: "send", Class: "info"}
}
