package tabular

import (
	"fmt"
	"strings"
)

// layout is a compiled strftime format: a verb or a literal byte per step.
type layout struct {
	source string
	steps  []step
	hasDay bool // year, month and day
	hasHM  bool // hours and minutes
}

type step struct{ verb, literal byte }

// compileLayout reads a format in the notation of strftime.
func compileLayout(format string) (*layout, error) {
	l := &layout{source: format}
	seen := map[byte]bool{}
	for i := 0; i < len(format); i++ {
		if format[i] != '%' {
			l.steps = append(l.steps, step{literal: format[i]})
			continue
		}
		i++
		if i == len(format) {
			return nil, fmt.Errorf("format %q ends with a lone %%", format)
		}
		switch v := format[i]; v {
		case '%':
			l.steps = append(l.steps, step{literal: '%'})
		case 'Y', 'y', 'm', 'd', 'b', 'H', 'I', 'p', 'M', 'S', 'f', 'z':
			l.steps = append(l.steps, step{verb: v})
			seen[v] = true
		default:
			return nil, fmt.Errorf("format %q: %%%c is not known: use %%Y %%y %%m %%d %%b %%H %%I %%p %%M %%S %%f %%z", format, v)
		}
	}
	l.hasDay = (seen['Y'] || seen['y']) && (seen['m'] || seen['b']) && seen['d']
	l.hasHM = (seen['H'] || seen['I'] && seen['p']) && seen['M']
	if !l.hasDay {
		return nil, fmt.Errorf("format %q does not say year, month and day", format)
	}
	return l, nil
}

var months = [...]string{"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"}

// parse reads a value whole. Numbers may have one or two digits (years four or
// two); %y means 1969 to 2068, as POSIX has it.
func (l *layout) parse(s []byte) (days int64, t instant, ok bool) {
	year, month, day, hour, minute, second := 0, 0, 0, 0, 0, 0
	var frac int64
	pm, half := false, false
	for _, st := range l.steps {
		if st.verb == 0 {
			if len(s) == 0 || s[0] != st.literal {
				return 0, t, false
			}
			s = s[1:]
			continue
		}
		switch st.verb {
		case 'Y':
			year, s, ok = digitsOf(s, 4, 4)
		case 'y':
			year, s, ok = digitsOf(s, 2, 2)
			if year < 69 {
				year += 100
			}
			year += 1900
		case 'm':
			month, s, ok = digitsOf(s, 1, 2)
		case 'd':
			day, s, ok = digitsOf(s, 1, 2)
		case 'b':
			ok = false
			if len(s) >= 3 {
				for i, name := range months {
					if strings.EqualFold(name, string(s[:3])) {
						month, s, ok = i+1, s[3:], true
						break
					}
				}
			}
		case 'H':
			hour, s, ok = digitsOf(s, 1, 2)
		case 'I':
			hour, s, ok = digitsOf(s, 1, 2)
			half = true
			ok = ok && hour >= 1 && hour <= 12
		case 'p':
			ok = len(s) >= 2 && (s[1] == 'M' || s[1] == 'm') && (s[0]|32 == 'a' || s[0]|32 == 'p')
			if ok {
				pm = s[0]|32 == 'p'
				s = s[2:]
			}
		case 'M':
			minute, s, ok = digitsOf(s, 2, 2)
		case 'S':
			second, s, ok = digitsOf(s, 2, 2)
		case 'f':
			frac, s, ok = parseFraction(s)
		case 'z':
			n := 0
			for n < len(s) && (s[n] == '+' || s[n] == '-' || s[n] == ':' || s[n] == 'Z' || s[n]-'0' <= 9) {
				n++
			}
			t.offset, ok = parseOffset(s[:n])
			t.hasOffset = true
			s = s[n:]
		}
		if !ok {
			return 0, t, false
		}
	}
	if half {
		hour %= 12
		if pm {
			hour += 12
		}
	}
	days, ok = daysOf(year, month, day)
	if len(s) != 0 || !ok || hour > 23 || minute > 59 || second > 59 {
		return 0, t, false
	}
	t.micros = ((days*24+int64(hour))*60+int64(minute))*60e6 + int64(second)*1e6 + frac
	return days, t, true
}

func digitsOf(s []byte, least, most int) (int, []byte, bool) {
	n, value := 0, 0
	for n < len(s) && n < most && s[n]-'0' <= 9 {
		value = value*10 + int(s[n]-'0')
		n++
	}
	return value, s[n:], n >= least
}
