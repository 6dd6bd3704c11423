package web

import (
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// addressOf is the network address that a request comes from. What a proxy says
// of it counts only where the proxy is one that the operator named: anybody can
// write a header, and limits by address would bind nobody.
func (s *Site) addressOf(r *http.Request) netip.Addr {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	at, err := netip.ParseAddr(host)
	if err != nil {
		return netip.Addr{}
	}
	// Each proxy adds whom it heard; the last that is no proxy of ours is the one.
	said := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for _, word := range slices.Backward(said) {
		if !s.trusts(at) {
			break
		}
		before, err := netip.ParseAddr(strings.TrimSpace(word))
		if err != nil {
			break
		}
		at = before
	}
	return at.Unmap().WithZone("")
}

func (s *Site) trusts(a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	return slices.ContainsFunc(s.opt.Proxies, func(p netip.Prefix) bool { return p.Contains(a) })
}
