package web

import "strconv"

// nonZero is a number where there is something to count.
func nonZero(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}
