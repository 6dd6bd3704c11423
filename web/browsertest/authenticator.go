package browsertest

import (
	"context"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"
)

// Authenticator is a device that keeps passkeys and is at hand of one tab.
type Authenticator struct {
	x  *Tab
	id webauthn.AuthenticatorID
}

// Authenticator gives the tab a device like the one that is built into a laptop:
// it keeps passkeys, and its owner unlocks it at once when asked to. A tab has
// one of them.
func (x *Tab) Authenticator() *Authenticator {
	x.t.Helper()
	return x.authenticator(webauthn.AuthenticatorTransportInternal)
}

// SecurityKey gives the tab a device that is plugged in, beside the one that is
// built in.
func (x *Tab) SecurityKey() *Authenticator {
	x.t.Helper()
	return x.authenticator(webauthn.AuthenticatorTransportUsb)
}

func (x *Tab) authenticator(transport webauthn.AuthenticatorTransport) *Authenticator {
	x.t.Helper()
	x.run(command(webauthn.Enable, webauthn.EnableParams{}))
	a := &Authenticator{x: x}
	x.run(chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		r, err := cdp.Call(ctx, t, webauthn.AddVirtualAuthenticator, webauthn.AddVirtualAuthenticatorParams{Options: &webauthn.VirtualAuthenticatorOptions{
			Protocol: webauthn.AuthenticatorProtocolCtap2, Transport: transport,
			HasResidentKey: true, HasUserVerification: true, IsUserVerified: true, AutomaticPresenceSimulation: true,
		}})
		if err == nil {
			a.id = r.AuthenticatorID
		}
		return err
	}))
	return a
}

// Unlocks says whether the owner goes on unlocking the device when asked to.
func (a *Authenticator) Unlocks(on bool) {
	a.x.t.Helper()
	a.x.run(command(webauthn.SetUserVerified, webauthn.SetUserVerifiedParams{AuthenticatorID: a.id, IsUserVerified: on}))
}

// Forges makes the device answer with signatures that are none.
func (a *Authenticator) Forges(on bool) {
	a.x.t.Helper()
	a.x.run(command(webauthn.SetResponseOverrideBits, webauthn.SetResponseOverrideBitsParams{AuthenticatorID: a.id, IsBogusSignature: &on}))
}

// Passkeys is how many the device keeps.
func (a *Authenticator) Passkeys() int {
	a.x.t.Helper()
	n := 0
	a.x.run(chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		r, err := cdp.Call(ctx, t, webauthn.GetCredentials, webauthn.GetCredentialsParams{AuthenticatorID: a.id})
		if err == nil {
			n = len(r.Credentials)
		}
		return err
	}))
	return n
}
