package training

import (
	"time"

	"reperform/record"
	"reperform/soc1"
)

// After an attempt that failed one waits before the next, and longer each time: a quiz
// shows what somebody understood, and not how many answers can be tried in an hour.
//
// The bound follows from Wait alone: in 30 days from the first attempt there are at most
// 7, in a year 11, see AttemptsWithin. Of an attempt that failed nobody who takes the
// course is told more than that it did, one bit; so 7 attempts tell 7 bits of a key that
// has, with 6 questions of 4 answers, 12. What remains is luck: whoever guesses
// blindly reaches 5 of these 6 with one attempt in 215, with 7 in 31.

// Wait is how long somebody waits after so many failed attempts in a row: 10 minutes, an
// hour, a day, and from then on twice as long each time.
func Wait(failed int) time.Duration {
	const day = 24 * time.Hour
	switch {
	case failed <= 0:
		return 0
	case failed == 1:
		return 10 * time.Minute
	case failed == 2:
		return time.Hour
	}
	return day << min(failed-3, 10)
}

// AttemptsWithin is how many attempts fit into a time at most, the first at its beginning.
func AttemptsWithin(d time.Duration) int {
	n, at := 1, time.Duration(0)
	for {
		if at += Wait(n); at >= d {
			return n
		}
		n++
	}
}

// FailedInARow are a person's failed attempts since they last passed, at the questions as
// they are now: whoever keeps a course and changes it lets everybody begin anew.
func (c *Course) FailedInARow(person string) []*record.Typed[soc1.CourseCompletion] {
	var out []*record.Typed[soc1.CourseCompletion]
	for _, x := range c.Attempts {
		switch {
		case x.Value.Person != person || x.Value.Revision != c.Revision:
		case x.Value.Passed:
			out = nil
		default:
			out = append(out, x)
		}
	}
	return out
}
