package web

import (
	"net/http/httptest"
	"net/netip"
	"testing"
)

func TestAddressOf(t *testing.T) {
	s := &Site{opt: Options{Proxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("::1/128")}}}
	for _, c := range []struct {
		name, remote string
		said         []string
		want         string
	}{
		{"direct", "192.0.2.7:999", nil, "192.0.2.7"},
		{"direct, with a header of its own", "192.0.2.7:999", []string{"198.51.100.1"}, "192.0.2.7"},
		{"through the proxy", "10.1.1.1:80", []string{"198.51.100.1"}, "198.51.100.1"},
		{"the header began with the browser", "10.1.1.1:80", []string{"203.0.113.9, 198.51.100.1"}, "198.51.100.1"},
		{"two proxies, two headers", "[::1]:80", []string{"203.0.113.9, 198.51.100.1", "10.2.2.2"}, "198.51.100.1"},
		{"mapped", "[::ffff:10.1.1.1]:80", []string{"2001:db8::5"}, "2001:db8::5"},
		{"nonsense from the proxy", "10.1.1.1:80", []string{"198.51.100.1, nobody"}, "10.1.1.1"},
		{"a proxy that says nothing", "10.1.1.1:80", nil, "10.1.1.1"},
		{"no address", "@", nil, ""},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = c.remote
		for _, v := range c.said {
			r.Header.Add("X-Forwarded-For", v)
		}
		got := s.addressOf(r)
		if want := c.want; want == "" && got.IsValid() || want != "" && got.String() != want {
			t.Errorf("%s: %v, expected %s", c.name, got, want)
		}
	}
}
