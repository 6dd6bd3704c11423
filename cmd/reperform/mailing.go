package main

import (
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"runtime"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"reperform/app"
	"reperform/mail"
	"reperform/notify"
)

// mailing are the flags by which serve sends mail.
type mailing struct {
	server, from, passwordFile string
}

// passwordVariable is where the password of the mail server may stand.
const passwordVariable = "REPERFORM_SMTP_PASSWORD"

func (m *mailing) flags(f *pflag.FlagSet) {
	f.StringVar(&m.server, "smtp-url", "", "mail server, as smtps://user@mail.example.com:465 (default: no mail is sent)")
	f.StringVar(&m.from, "mail-from", "", "sender of mails, as Reperform <reperform@example.com>")
	f.StringVar(&m.passwordFile, "smtp-password-file", "", "file of the mail server's password (default: environment variable "+passwordVariable+")")
}

// open makes what tells people by mail; nil where no mail server is named.
// Public is the address that was given for the site: one that is only guessed
// must not stand in mails.
func (m *mailing) open(a *app.App, ops *operations, public string, log *slog.Logger) (*notify.Service, error) {
	if m.server == "" {
		if m.from != "" || m.passwordFile != "" {
			return nil, errors.New("--mail-from and --smtp-password-file are for mail; name the mail server with --smtp-url, or leave them out")
		}
		return nil, nil
	}
	if m.from == "" {
		return nil, errors.New("--smtp-url needs --mail-from, such as Reperform <reperform@example.com>: mail has a sender")
	}
	from, err := mail.ParseAddress(m.from)
	if err != nil {
		return nil, fmt.Errorf("--mail-from: %w", err)
	}
	if public == "" {
		return nil, errors.New("--smtp-url needs --public-url, such as https://soc.example.com: links in mails lead there")
	}
	u, err := url.Parse(public)
	if err != nil {
		return nil, fmt.Errorf("--public-url: %w", err)
	}
	password, err := m.password()
	if err != nil {
		return nil, err
	}
	server, err := mail.NewServer(mail.ServerConfig{URL: m.server, Password: password, From: from, Hello: u.Hostname()})
	if err != nil {
		return nil, fmt.Errorf("--smtp-url: %w", err)
	}
	return notify.New(notify.Config{App: a, Accounts: ops.accounts, Desk: ops.desk, Carrier: server, Public: public, Now: time.Now, Log: log})
}

// password reads the password of the mail server from where lists of processes
// do not show it.
func (m *mailing) password() (string, error) {
	if m.passwordFile == "" {
		return os.Getenv(passwordVariable), nil
	}
	info, err := os.Stat(m.passwordFile)
	if err != nil {
		return "", fmt.Errorf("--smtp-password-file: %w", err)
	}
	if runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
		return "", fmt.Errorf("--smtp-password-file: %s has mode %04o, so that others may read the password; run: chmod 600 %s", m.passwordFile, info.Mode().Perm(), m.passwordFile)
	}
	b, err := os.ReadFile(m.passwordFile)
	if err != nil {
		return "", fmt.Errorf("--smtp-password-file: %w", err)
	}
	password, _, _ := strings.Cut(string(b), "\n")
	password = strings.TrimSuffix(password, "\r")
	if password == "" {
		return "", fmt.Errorf("--smtp-password-file: the first line of %s is empty; it should be the password", m.passwordFile)
	}
	return password, nil
}
