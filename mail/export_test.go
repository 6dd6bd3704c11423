package mail

import (
	"context"
	"net"

	gomail "github.com/wneessen/go-mail"
)

// Through leads every connection to another address, so that a test can be a
// host of any name.
func (s *Server) Through(address string) *Server {
	s.options = append(s.options, gomail.WithDialContextFunc(func(ctx context.Context, network, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, network, address)
	}))
	return s
}
