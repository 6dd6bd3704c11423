package record

import "testing"

// Every register has an example that its own rules accept.
func TestExamples(t *testing.T) {
	for _, name := range Kinds.Names() {
		k, err := Kinds.Kind(name)
		if err != nil {
			t.Fatal(err)
		}
		if k.Decision {
			continue
		}
		r, err := k.Example()
		if err != nil || len(r.Body) < 3 {
			t.Errorf("%s: %s %v", name, r.Body, err)
		}
	}
}
