package main

import "fmt"

// count says how many there are of something, in words that fit the number.
func count[N ~int | ~int64](n N, singular string) string {
	if n == 1 {
		return "1 " + singular
	}
	return fmt.Sprintf("%d %ss", n, singular)
}
