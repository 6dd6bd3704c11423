package soc1

// enumeration is the list of values of one string type with the words that a
// person reads, in the order in which a form offers them.
type enumeration []struct{ value, label string }

// values lists the stored spellings.
func (e enumeration) values() []string {
	out := make([]string, len(e))
	for i, m := range e {
		out[i] = m.value
	}
	return out
}

// label gives the human word for a value, or the value itself when it is not
// of the list, so that an unknown value is seen and not hidden.
func (e enumeration) label(value string) string {
	for _, m := range e {
		if m.value == value {
			return m.label
		}
	}
	return value
}
