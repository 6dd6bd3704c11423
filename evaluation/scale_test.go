package evaluation

import (
	"fmt"
	"testing"
	"time"

	"reperform/soc1"
)

// large is an engagement of realistic size: 80 controls, a census with a
// thousand single exceptions for each second, a sample of 60 items by four
// attributes for each other.
func large() *story {
	s := payroll()
	s.population(1_000_000)
	for i := range 80 {
		id := fmt.Sprintf("k-%d", i)
		s.control(id, fmt.Sprintf("PAY-1.%d", i+3))
		if i%2 == 0 {
			test := s.census(id, counted("A", 999_000, 1000, 0, 0))
			s.found(id, test, manyKeys(0, 1000)...)
		} else {
			test := s.sample(id, 400, 60)
			for _, a := range []string{"B", "C", "D"} {
				s.attribute(test, a, true)
				s.results(test, a, s.Samples[len(s.Samples)-1].Value.Items)
			}
		}
		s.conclude(id, soc1.Effective)
	}
	s.objective(soc1.ConcludeDesign, soc1.Achieved)
	s.opine(soc1.Unmodified, soc1.Unmodified, soc1.Unmodified)
	return s
}

// A page that shows consequences must not make anybody wait, even on a slow
// machine; the usual time is a twentieth of the bound.
func TestConsequencesOfALargeFileAreQuick(t *testing.T) {
	s := large()
	begun := time.Now()
	c := s.Consequences()
	if d := time.Since(begun); d > 3*time.Second {
		t.Errorf("%v for %d controls with %d results and %d flags", d, len(c.Controls), len(s.Results), len(c.Flags))
	}
}

func BenchmarkConsequences(b *testing.B) {
	s := large()
	b.ReportAllocs()
	for b.Loop() {
		s.Consequences()
	}
}
