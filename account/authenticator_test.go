package account

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"testing"
)

// device is an authenticator of a test: it holds one passkey and answers as a
// browser with it does, or as a hostile one would.
type device struct {
	t      *testing.T
	key    *ecdsa.PrivateKey
	id     []byte
	handle []byte
	// counter is raised by each answer, unless the device is synced.
	counter uint32
	synced  bool
	// unverified leaves out that the owner unlocked the device.
	unverified bool
	rpID       string
	origin     string
}

func newDevice(t *testing.T) *device {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	id := make([]byte, 16)
	rand.Read(id)
	return &device{t: t, key: key, id: id, rpID: "localhost", origin: "http://localhost:8080"}
}

var b64 = base64.RawURLEncoding

// options are what a page hands to navigator.credentials.
type options struct {
	PublicKey struct {
		Challenge        string
		RPID             string `json:"rpId"`
		UserVerification string
		RP               struct{ ID string }
		User             struct{ ID, Name string }
		AllowCredentials []struct{ ID string }

		ExcludeCredentials     []struct{ ID string }
		AuthenticatorSelection struct{ ResidentKey, UserVerification string }
		Attestation            string
	}
}

func (d *device) options(c Ceremony) (o options) {
	d.t.Helper()
	if err := json.Unmarshal(c.Options, &o); err != nil {
		d.t.Fatal(err)
	}
	if raw, err := b64.DecodeString(o.PublicKey.Challenge); err != nil || len(raw) != 32 {
		d.t.Fatalf("the challenge is %q", o.PublicKey.Challenge)
	}
	return o
}

func (d *device) data(attested bool) []byte {
	rp := sha256.Sum256([]byte(d.rpID))
	flags := byte(0x01) // present
	if !d.unverified {
		flags |= 0x04
	}
	if d.synced {
		flags |= 0x18
	} else {
		d.counter++
	}
	if attested {
		flags |= 0x40
	}
	out := append(rp[:], flags)
	out = binary.BigEndian.AppendUint32(out, d.counter)
	if !attested {
		return out
	}
	out = append(out, make([]byte, 16)...) // no make is told
	out = binary.BigEndian.AppendUint16(out, uint16(len(d.id)))
	out = append(out, d.id...)
	// COSE: EC2, ES256, P-256, x, y. A point's bytes are 4, x, y.
	point, err := d.key.PublicKey.Bytes()
	if err != nil {
		d.t.Fatal(err)
	}
	out = append(out, 0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20)
	out = append(out, point[1:33]...)
	out = append(out, 0x22, 0x58, 0x20)
	return append(out, point[33:]...)
}

func (d *device) client(kind, challenge string) []byte {
	b, err := json.Marshal(map[string]any{"type": kind, "challenge": challenge, "origin": d.origin, "crossOrigin": false})
	if err != nil {
		d.t.Fatal(err)
	}
	return b
}

func (d *device) answer(response map[string]string) []byte {
	b, err := json.Marshal(map[string]any{
		"id": b64.EncodeToString(d.id), "rawId": b64.EncodeToString(d.id), "type": "public-key",
		"clientExtensionResults": map[string]any{}, "response": response,
	})
	if err != nil {
		d.t.Fatal(err)
	}
	return b
}

// create answers a registration.
func (d *device) create(c Ceremony) []byte {
	d.t.Helper()
	o := d.options(c)
	handle, err := b64.DecodeString(o.PublicKey.User.ID)
	if err != nil {
		d.t.Fatal(err)
	}
	d.handle = handle
	data := d.data(true)
	object := []byte("\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x58")
	object = append(append(object, byte(len(data))), data...)
	return d.answer(map[string]string{
		"clientDataJSON":    b64.EncodeToString(d.client("webauthn.create", o.PublicKey.Challenge)),
		"attestationObject": b64.EncodeToString(object),
	})
}

// get answers a sign-in.
func (d *device) get(c Ceremony) []byte {
	d.t.Helper()
	client := d.client("webauthn.get", d.options(c).PublicKey.Challenge)
	data := d.data(false)
	hash := sha256.Sum256(client)
	digest := sha256.Sum256(append(append([]byte(nil), data...), hash[:]...))
	signature, err := ecdsa.SignASN1(rand.Reader, d.key, digest[:])
	if err != nil {
		d.t.Fatal(err)
	}
	return d.answer(map[string]string{
		"clientDataJSON": b64.EncodeToString(client), "authenticatorData": b64.EncodeToString(data),
		"signature": b64.EncodeToString(signature), "userHandle": b64.EncodeToString(d.handle),
	})
}
