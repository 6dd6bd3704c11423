package main

import (
	"strings"
	"testing"
)

func TestOrigin(t *testing.T) {
	for _, c := range []struct {
		name string
		s    serving
		want string // or, after "!", words of the refusal
		tls  bool
	}{
		{"as listened", serving{listen: "localhost:8740"}, "http://localhost:8740", false},
		{"own certificate", serving{listen: "soc.example:443", cert: "c", key: "k"}, "https://soc.example:443", true},
		{"proxy", serving{listen: "localhost:8740", public: "HTTPS://SOC.example/"}, "https://soc.example", true},
		{"without TLS", serving{listen: "localhost:8740", public: "http://soc.example:81"}, "http://soc.example:81", false},
		{"path", serving{public: "https://soc.example/soc"}, "!no path", true},
		{"no scheme", serving{public: "soc.example"}, "!not the address of a site", false},
		{"user", serving{public: "https://me@soc.example"}, "!not the address of a site", true},
		{"contradiction", serving{public: "http://soc.example", secure: true}, "!write https://", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := c.s.origin()
			if refusal, ok := strings.CutPrefix(c.want, "!"); ok {
				if err == nil || !strings.Contains(err.Error(), refusal) {
					t.Fatalf("%q, %v", got, err)
				}
				return
			}
			if err != nil || got != c.want || c.s.tls() != c.tls {
				t.Errorf("%q, TLS %v, %v", got, c.s.tls(), err)
			}
		})
	}
}
