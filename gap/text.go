package gap

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// Words are looked for as whole words, in lower case.

// vague are words that nobody can test, unless the sentence defines them.
var vague = regexp.MustCompile(`(?i)\b(periodic(?:ally)?|timely|in a timely manner|as needed|as necessary|as required|as appropriate|appropriate(?:ly)?|adequate(?:ly)?|sufficient(?:ly)?|reasonabl[ey]|regular(?:ly)?|from time to time|promptly|where possible|if possible|when applicable|where applicable|generally|typically|normally|various|significant(?:ly)?|several|etc)\b`)

// defined are phrases after a vague word that give it a measure: a number with
// a unit, a day, a date or a threshold.
var defined = regexp.MustCompile(`(?i)\b(within|no later than|at least|at most|more than|less than|by) (?:the |each |every )?(?:\d|one|two|three|four|five|six|seven|ten|end|close|next|first|last)`)

// placeholders are marks of text that is not finished. Brackets keep them from
// being taken for marks of this file.
var placeholders = regexp.MustCompile(`(?i)\b(TO[D]O|TBD|TBC|FIX[M]E|X{3,}|lorem[ ]ipsum|to be (?:completed|confirmed|determined|written))\b|\[(?:insert|name|date|company|client|organization|describe)[^\]]*\]|\{\{[^}]*\}\}|<<[^>]*>>|<insert[^>]*>`)

// marketing are claims that nobody can examine.
var marketing = regexp.MustCompile(`(?i)\b(world[- ]class|best[- ]in[- ](?:class|breed)|industry[- ]leading|market[- ]leading|leading provider|state[- ]of[- ]the[- ]art|cutting[- ]edge|unparalleled|unrivall?ed|unmatched|superior|seamless(?:ly)?|robust|premier|award[- ]winning|innovative|revolutionary|second to none|bullet[- ]?proof|military[- ]grade|100 ?% secure|completely secure|fully secure|guarantee[sd]?)\b`)

// secrets are parameters that help whoever attacks.
var secrets = regexp.MustCompile(`(?i)\b(?:passwords? (?:must |shall |have to |are required to )?(?:be|have|contain|consist of|of|require|expire|length)[^.\n]{0,60}\d+|minimum (?:password )?length (?:of |is )?\d+|lock(?:ed|s)?(?: ?out)? after \d+|\d+ (?:failed|invalid|unsuccessful) (?:log[- ]?in|sign[- ]?in|log[- ]?on|access)? ?attempts?|port \d{2,5}\b|\b(?:\d{1,3}\.){3}\d{1,3}\b|AES[- ]?\d{3}|RSA[- ]?\d{4}|TLS ?1\.\d|SNMP community)`)

// often are words that say how often or upon what something happens.
var often = regexp.MustCompile(`(?i)\b(daily|weekly|monthly|quarterly|annual(?:ly)?|yearly|semi[- ]?annual(?:ly)?|hourly|nightly|continuous(?:ly)?|real[- ]time|each|every|once|twice|per|upon|when(?:ever)?|before|after|prior to|at (?:the )?(?:end|close|start|beginning)|on (?:the )?(?:\d|first|last|business)|within|for (?:all|any|new|each|every)|automatically)\b`)

// shown are words that say what is left behind.
var shown = regexp.MustCompile(`(?i)\b(evidenced?|documented|documents|record(?:s|ed)?|log(?:s|ged)?|sign(?:s|ed)?(?:[- ]off)?|initial(?:s|ed)|ticket|report|retain(?:s|ed)?|saved?|archived?|approv(?:al|es|ed)|checklist|e-?mail|form|screenshot|minutes|workflow|history|file[sd]?|note[sd]?|attach(?:es|ed)?)\b`)

// deeds are verbs in which somebody does something, as controls say it and
// objectives should not.
var deeds = regexp.MustCompile(`(?i)^(?:(?:the |an? )?[\w' -]{0,40}?\b)?(reviews?|compares?|reconciles?|approves?|checks?|performs?|signs?|runs?|sends?|enters?|prepares?|obtains?|inspects?|investigates?|verif(?:y|ies)|monitors?)\b`)

// outcomes are forms of a state that is reached: "are authorized and processed".
var outcomes = regexp.MustCompile(`(?i)\b(?:is|are|be|been|was|were|remains?|agrees?|occurs?|comply|complies)\b`)

// reviews are verbs of looking at what somebody else did.
var reviews = regexp.MustCompile(`(?i)\b(review(?:s|ed|ing)?|analy[sz](?:es|ed|ing)|examin(?:es|ed|ing)|scrutini[sz]es|assess(?:es|ed)|evaluates?)\b`)

// thresholds are what a difference is measured by.
var thresholds = regexp.MustCompile(`(?i)(\d+(?:[.,]\d+)? ?(?:%|percent|bps?|basis points|USD|EUR|GBP|\$|€|days?|hours?)|[$€£] ?\d|\b(?:any|every|each|all) (?:\w+ ){0,3}(?:differences?|exceptions?|variances?|discrepanc(?:y|ies)|mismatch(?:es)?|breaks?|deviations?)\b|\b(?:exceed(?:s|ing)?|greater than|more than|less than|above|below|threshold|tolerance|limit|within)\b|\b(?:differences?|exceptions?|variances?|discrepanc(?:y|ies)) (?:are|is) (?:investigated|resolved|cleared|corrected|followed|researched|escalated|removed|explained)\b)`)

// clients are the people whose action an objective may rest on.
var clients = regexp.MustCompile(`(?i)\b(user entit(?:y|ies)|clients?|customers?|participants?|plan sponsors?|borrowers?|employers?)(?:['’]s?)?\b`)

// given are what such people do.
var given = regexp.MustCompile(`(?i)\b(submit(?:s|ted)?|provid(?:es|ed)?|authori[sz](?:es|ed)|approv(?:es|ed|al)|instruct(?:s|ed|ions?)|receiv(?:es|ed)|request(?:s|ed)?|notif(?:y|ies|ied)|review(?:s|ed)?|report(?:s|ed)? to)\b`)

// words are those of a text that tell it from another, in lower case.
func words(s string) []string {
	return strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}

// bag is a text as its pairs of neighbouring words, by number and in order, for
// comparing it with others.
type bag struct {
	pairs []uint64
	// whole is the text as words alone, for texts of a single word.
	whole string
}

func bagOf(s string) bag {
	w := words(s)
	b := bag{pairs: make([]uint64, 0, len(w))}
	for i := 1; i < len(w); i++ {
		b.pairs = append(b.pairs, hashOf(w[i-1], w[i]))
	}
	slices.Sort(b.pairs)
	if len(w) < 2 {
		b.whole = strings.Join(w, " ")
	}
	return b
}

// hashOf numbers a pair of words (FNV-1a). Two pairs with one number would make
// two texts seem a little more alike, which a person then looks at.
func hashOf(a, b string) uint64 {
	const offset, prime = 14695981039346656037, 1099511628211
	h := uint64(offset)
	for _, s := range [2]string{a, b} {
		for i := range len(s) {
			h = (h ^ uint64(s[i])) * prime
		}
		h = (h ^ 0xff) * prime
	}
	return h
}

// alike is how much two texts have in common, in hundredths: the pairs of
// neighbouring words that both have, twice, in all pairs of both (the coefficient
// of Dice over bigrams, in whole numbers). Texts of one word are compared whole.
func (b bag) alike(other bag) int {
	x, y := b.pairs, other.pairs
	if len(x) == 0 || len(y) == 0 {
		if len(x) == len(y) && b.whole != "" && b.whole == other.whole {
			return 100
		}
		return 0
	}
	common := 0
	for i, j := 0, 0; i < len(x) && j < len(y); {
		switch {
		case x[i] < y[j]:
			i++
		case x[i] > y[j]:
			j++
		default:
			common, i, j = common+1, i+1, j+1
		}
	}
	return 200 * common / (len(x) + len(y))
}

// reading is what the rules see in a statement, read once for each text.
type reading struct {
	bag     bag
	vague   []string
	secrets []string
}

// mostReadings bounds what is kept of texts that may be gone.
const mostReadings = 50_000

// read reads a text once.
func (f *Facts) read(text string) *reading {
	if r, ok := f.kept.texts[text]; ok {
		return r
	}
	if f.kept.texts == nil || len(f.kept.texts) >= mostReadings {
		f.kept.texts = map[string]*reading{}
	}
	r := &reading{bag: bagOf(text), vague: Vague(text), secrets: secrets.FindAllString(text, -1)}
	f.kept.texts[text] = r
	return r
}

// named tells whether a text has a name as whole words.
func named(text, name string) bool {
	name = strings.ToLower(strings.TrimSpace(name))
	if name == "" {
		return false
	}
	text = strings.ToLower(text)
	for from := 0; ; {
		i := strings.Index(text[from:], name)
		if i < 0 {
			return false
		}
		i += from
		before, after := i == 0 || !wordy(text[i-1]), i+len(name) == len(text) || !wordy(text[i+len(name)])
		if before && after {
			return true
		}
		from = i + 1
	}
}

func wordy(b byte) bool {
	return b >= 0x80 || b == '_' || b >= '0' && b <= '9' || b >= 'a' && b <= 'z'
}

// quoted are the first few places that a pattern finds, for a sentence.
func quoted(list []string) string {
	const most = 4
	seen := map[string]bool{}
	var out []string
	for _, s := range list {
		s = strings.TrimSpace(s)
		if k := strings.ToLower(s); !seen[k] && len(out) < most {
			seen[k] = true
			out = append(out, "“"+s+"”")
		}
	}
	return strings.Join(out, ", ")
}

// access are words for changes of systems and grants of rights.
var access = regexp.MustCompile(`(?i)\b((?:program|code|system|configuration|application|database|emergency|production) changes?|changes? to (?:the )?(?:application|system|program|production|configuration|database)s?|access (?:rights|grants?)|entitlements?|privileged? access|user access|new (?:users?|accounts?)|deployments?)\b`)
