// Package mailtest is a mail server for tests: it listens at a socket of this
// machine, speaks as much SMTP as a client needs, keeps what it is given, and
// refuses, delays or hangs up where a test says so. The product never imports
// it.
package mailtest

import (
	"bufio"
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"fmt"
	"io"
	"math/big"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"strings"
	"sync"
	"testing"
	"time"
)

// Security is how a server protects the conversation.
type Security int

// The kinds of security.
const (
	Open Security = iota
	StartTLS
	TLS
)

// Config says how a server behaves; the zero value takes every mail in the open.
type Config struct {
	Security Security
	// User and Password are demanded when they are given.
	User, Password string
	// Reply answers a command in place of the server: a reply such as
	// "451 4.7.1 later", "-" to hang up without one, or nothing to let the server
	// answer. What is CONNECT, EHLO, AUTH, MAIL, RCPT, DATA, the end of the data
	// as ".", RSET, NOOP or QUIT, nth counts it from 1 over all connections.
	Reply func(what, argument string, nth int) string
}

// Server is a running server.
type Server struct {
	// Host and Port are where it listens.
	Host string
	Port int
	// Roots vouch for its certificate.
	Roots *x509.CertPool

	config Config
	tls    *tls.Config
	l      net.Listener
	mu     sync.Mutex
	seen   map[string]int
	mails  []Mail
	conns  map[net.Conn]bool
}

// Mail is what the server was given.
type Mail struct {
	From, To string
	Data     []byte
	// TLS and User tell how it was given.
	TLS  bool
	User string
}

// Serve starts a server, which ends with the test.
func Serve(t testing.TB, c Config) *Server {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return serve(t, c, l)
}

func serve(t testing.TB, c Config, l net.Listener) *Server {
	t.Helper()
	s := &Server{Host: "127.0.0.1", Port: l.Addr().(*net.TCPAddr).Port, config: c, l: l, seen: map[string]int{}, conns: map[net.Conn]bool{}}
	cert, roots, err := certificate()
	if err != nil {
		t.Fatal(err)
	}
	s.Roots, s.tls = roots, &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			s.mu.Lock()
			s.conns[conn] = true
			s.mu.Unlock()
			go s.talk(conn)
		}
	}()
	t.Cleanup(s.Close)
	return s
}

// Address is host and port.
func (s *Server) Address() string { return s.l.Addr().String() }

// Close ends the server and its conversations.
func (s *Server) Close() {
	_ = s.l.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.conns {
		_ = c.Close()
	}
}

// Mails are those that were taken so far.
func (s *Server) Mails() []Mail {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Mail(nil), s.mails...)
}

// Seen is how often a command was given.
func (s *Server) Seen(what string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.seen[what]
}

// Await waits until so many mails were taken.
func (s *Server) Await(t testing.TB, n int) []Mail {
	t.Helper()
	for range 3000 {
		if all := s.Mails(); len(all) >= n {
			return all
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("after half a minute, %d of %d mails have arrived", len(s.Mails()), n)
	return nil
}

// conversation is one connection.
type conversation struct {
	*Server
	conn      net.Conn
	r         *bufio.Reader
	encrypted bool
	user      string
	m         Mail
}

func (s *Server) talk(conn net.Conn) {
	c := &conversation{Server: s, conn: conn, r: bufio.NewReader(conn)}
	defer func() { _ = c.conn.Close() }()
	if s.config.Security == TLS {
		c.encrypt()
	}
	if goOn, _ := c.say("CONNECT", "", "220 mailtest ESMTP"); !goOn {
		return
	}
	for {
		line, err := c.r.ReadString('\n')
		if err != nil || !c.answer(strings.TrimRight(line, "\r\n")) {
			return
		}
	}
}

func (c *conversation) encrypt() {
	conn := tls.Server(c.conn, c.tls)
	c.conn, c.r, c.encrypted = conn, bufio.NewReader(conn), true
}

// theirs is how the test answers a command; empty leaves it to the server.
func (c *conversation) theirs(what, argument string) string {
	c.mu.Lock()
	c.seen[what]++
	nth := c.seen[what]
	c.mu.Unlock()
	if c.config.Reply == nil {
		return ""
	}
	return c.config.Reply(what, argument, nth)
}

// say replies, unless the test does, and answers whether the conversation goes
// on and whether the command was taken.
func (c *conversation) say(what, argument, reply string) (goOn, taken bool) {
	switch theirs := c.theirs(what, argument); theirs {
	case "":
		return c.write(reply), true
	case "-":
		return false, false
	default:
		return c.write(theirs), theirs[0] == reply[0]
	}
}

func (c *conversation) write(reply string) bool {
	_, err := io.WriteString(c.conn, reply+"\r\n")
	return err == nil
}

func (c *conversation) answer(line string) (goOn bool) {
	verb, argument, _ := strings.Cut(line, " ")
	taken := false
	switch verb = strings.ToUpper(verb); verb {
	case "EHLO":
		goOn, _ = c.say(verb, argument, c.offers())
	case "STARTTLS":
		if goOn, taken = c.say(verb, argument, "220 go ahead"); taken {
			c.encrypt()
		}
	case "AUTH":
		goOn = c.auth(argument)
	case "MAIL":
		reply := "250 2.1.0 fine"
		if c.config.User != "" && c.user == "" {
			reply = "530 5.7.0 authentication required"
		}
		c.m = Mail{From: bracketed(argument), TLS: c.encrypted, User: c.user}
		goOn, _ = c.say(verb, argument, reply)
	case "RCPT":
		if goOn, taken = c.say(verb, argument, "250 2.1.5 fine"); taken {
			c.m.To = bracketed(argument)
		}
	case "DATA":
		if goOn, taken = c.say(verb, argument, "354 go ahead"); taken {
			goOn = c.data()
		}
	case "RSET", "NOOP":
		goOn, _ = c.say(verb, argument, "250 2.0.0 fine")
	case "QUIT":
		c.say(verb, argument, "221 2.0.0 bye")
	default:
		goOn = c.write("500 5.5.1 unknown command")
	}
	return goOn
}

func (c *conversation) offers() string {
	out := "250-mailtest\r\n250-8BITMIME\r\n250-ENHANCEDSTATUSCODES\r\n"
	if c.config.Security == StartTLS && !c.encrypted {
		out += "250-STARTTLS\r\n"
	}
	if c.config.User != "" {
		out += "250-AUTH PLAIN LOGIN\r\n"
	}
	return out + "250 SIZE 1000000"
}

func (c *conversation) auth(argument string) bool {
	method, given, _ := strings.Cut(argument, " ")
	user, password := "", ""
	ask := func(what string) (string, bool) {
		if !c.write("334 " + base64.StdEncoding.EncodeToString([]byte(what))) {
			return "", false
		}
		line, err := c.r.ReadString('\n')
		b, derr := base64.StdEncoding.DecodeString(strings.TrimSpace(line))
		return string(b), err == nil && derr == nil
	}
	ok := true
	switch method {
	case "PLAIN":
		b, err := base64.StdEncoding.DecodeString(given)
		parts := strings.Split(string(b), "\x00")
		if ok = err == nil && len(parts) == 3; ok {
			user, password = parts[1], parts[2]
		}
	case "LOGIN":
		if user, ok = ask("Username:"); ok {
			password, ok = ask("Password:")
		}
	default:
		return c.write("504 5.5.4 unknown method")
	}
	if !ok || user != c.config.User || password != c.config.Password {
		ok, _ = c.say("AUTH", method, "535 5.7.8 authentication failed")
		return ok
	}
	c.user = user
	ok, _ = c.say("AUTH", method, "235 2.7.0 welcome")
	return ok
}

func (c *conversation) data() bool {
	var b bytes.Buffer
	for {
		line, err := c.r.ReadString('\n')
		if err != nil {
			return false
		}
		if line == ".\r\n" {
			break
		}
		b.WriteString(strings.TrimPrefix(line, "."))
	}
	c.m.Data = b.Bytes()
	theirs := c.theirs(".", "")
	// Kept before it is answered, as servers do: one that hangs up instead of
	// answering has taken the mail, and the client cannot know.
	if theirs == "" || theirs == "-" {
		c.mu.Lock()
		c.mails = append(c.mails, c.m)
		c.mu.Unlock()
	}
	switch theirs {
	case "":
		return c.write("250 2.0.0 taken")
	case "-":
		return false
	}
	return c.write(theirs)
}

// bracketed is the address in FROM:<…> or TO:<…>.
func bracketed(argument string) string {
	_, rest, _ := strings.Cut(argument, "<")
	address, _, _ := strings.Cut(rest, ">")
	return address
}

// Read takes a mail apart.
func (m Mail) Read(t testing.TB) Read {
	t.Helper()
	msg, err := mail.ReadMessage(bytes.NewReader(m.Data))
	if err != nil {
		t.Fatalf("%v in\n%s", err, m.Data)
	}
	out := Read{Header: msg.Header, Parts: map[string]string{}}
	words := new(mime.WordDecoder)
	if out.Subject, err = words.DecodeHeader(msg.Header.Get("Subject")); err != nil {
		t.Fatal(err)
	}
	kind, params, err := mime.ParseMediaType(msg.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/alternative" {
		t.Fatalf("the content is %q, %v", kind, err)
	}
	parts := multipart.NewReader(msg.Body, params["boundary"])
	for {
		p, err := parts.NextRawPart()
		if err == io.EOF {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		var r io.Reader = p
		switch p.Header.Get("Content-Transfer-Encoding") {
		case "quoted-printable":
			r = quotedprintable.NewReader(p)
		case "base64":
			r = base64.NewDecoder(base64.StdEncoding, p)
		}
		b, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		kind, _, err := mime.ParseMediaType(p.Header.Get("Content-Type"))
		if err != nil {
			t.Fatal(err)
		}
		out.Parts[kind] = strings.ReplaceAll(string(b), "\r\n", "\n")
		out.Order = append(out.Order, kind)
	}
}

// Read is a mail taken apart.
type Read struct {
	Header  mail.Header
	Subject string
	// Parts are its alternatives by type, in this order.
	Parts map[string]string
	Order []string
}

// Text is the plain alternative, HTML the other.
func (r Read) Text() string { return r.Parts["text/plain"] }

// HTML is the alternative that is a page.
func (r Read) HTML() string { return r.Parts["text/html"] }

// certificate makes one for this machine that vouches for itself.
func certificate() (tls.Certificate, *x509.CertPool, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, nil, err
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "mailtest"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		DNSNames: []string{"localhost", "mail.example.com"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return tls.Certificate{}, nil, err
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		return tls.Certificate{}, nil, fmt.Errorf("the certificate: %w", err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(parsed)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, roots, nil
}
