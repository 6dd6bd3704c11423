package blob

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// counting is randomness that a test can predict: 0, 1, 2, …
type counting struct{ next byte }

func (c *counting) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = c.next
		c.next++
	}
	return len(p), nil
}

// goldenStore holds the ledger "acme" under the key 80 81 … 9f.
func goldenStore(t *testing.T) *FileStore {
	t.Helper()
	keys := FileKeys(filepath.Join(t.TempDir(), "keys"))
	keys.rand = &counting{0x80}
	if err := keys.Create(t.Context(), "acme"); err != nil {
		t.Fatal(err)
	}
	s := Files(filepath.Join(t.TempDir(), "blobs"), keys)
	s.rand = &counting{}
	return s
}

// sealedByHand follows FORMAT.md and shares no code with the package.
func sealedByHand(t *testing.T, content []byte) (name string, sealed []byte) {
	t.Helper()
	seq := func(first byte) []byte {
		b := make([]byte, 32)
		(&counting{first}).Read(b)
		return b
	}
	ledgerKey, blobKey, salt := seq(0x80), seq(0), seq(32)
	sha := sha256.Sum256(content)
	expand := func(salt []byte, info string) []byte {
		key, err := hkdf.Key(sha256.New, ledgerKey, salt, info, 32)
		if err != nil {
			t.Fatal(err)
		}
		return key
	}
	seal := func(key, nonce, plain, data []byte) []byte {
		block, err := aes.NewCipher(key)
		if err != nil {
			t.Fatal(err)
		}
		gcm, err := cipher.NewGCM(block)
		if err != nil {
			t.Fatal(err)
		}
		return gcm.Seal(nil, nonce, plain, data)
	}

	sealed = []byte("RPFBLOB\n\x00\x01\x00\x01")
	sealed = binary.BigEndian.AppendUint64(sealed, uint64(len(content)))
	data := append(bytes.Clone(sealed), "acme"...)
	sealed = append(sealed, salt...)
	sealed = append(sealed, seal(expand(salt, "reperform blob v1 key wrap"), make([]byte, 12), append(blobKey, sha[:]...), data)...)
	for index := 0; ; index++ {
		nonce := make([]byte, 12)
		nonce[9], nonce[10] = byte(index>>8), byte(index)
		n := min(len(content), 65536)
		if n == len(content) {
			nonce[11] = 1
		}
		sealed = append(sealed, seal(seq(0), nonce, content[:n], nil)...)
		if content = content[n:]; len(content) == 0 {
			break
		}
	}
	mac := hmac.New(sha256.New, expand(nil, "reperform blob v1 file name"))
	mac.Write(sha[:])
	return hex.EncodeToString(mac.Sum(nil)) + ".blob", sealed
}

func TestSealedFormIsAsDocumented(t *testing.T) {
	for _, size := range []int{0, 1, 65535, 65536, 65537, 131072, 300_000} {
		content := bytes.Repeat([]byte{'x'}, size)
		s := goldenStore(t)
		if _, err := s.Put(t.Context(), "acme", bytes.NewReader(content)); err != nil {
			t.Fatal(err)
		}
		name, want := sealedByHand(t, content)
		got, err := os.ReadFile(filepath.Join(s.dir, "ledger-acme", name))
		if err != nil {
			t.Errorf("size %d: no file under the documented name: %v", size, err)
			continue
		}
		if !bytes.Equal(got, want) {
			at := 0
			for at < min(len(got), len(want)) && got[at] == want[at] {
				at++
			}
			t.Errorf("size %d: the stored form (%d bytes) first departs from the documented one (%d bytes) at offset %d", size, len(got), len(want), at)
		}
	}
}

// The golden files were written by the first release of the format. They are
// never regenerated: a change that breaks this test breaks stored evidence.
func TestGoldenFilesStillOpen(t *testing.T) {
	const content = "Every number in the report can be re-performed.\n"
	golden, err := os.ReadFile("testdata/v1.hex")
	if err != nil {
		t.Fatal(err)
	}
	name, sealed := sealedByHand(t, []byte(content))
	if want := name + "\n" + hex.EncodeToString(sealed) + "\n"; string(golden) != want {
		t.Fatalf("testdata/v1.hex is\n%s\nthe description gives\n%s", golden, want)
	}

	goldenKey, err := os.ReadFile("testdata/ledger-acme.key")
	if err != nil {
		t.Fatal(err)
	}
	keyDir, blobDir := t.TempDir(), filepath.Join(t.TempDir(), "ledger-acme")
	os.Chmod(keyDir, 0o700)
	os.Mkdir(blobDir, 0o700)
	if err := os.WriteFile(filepath.Join(keyDir, "ledger-acme.key"), goldenKey, 0o600); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(golden), "\n")
	raw, err := hex.DecodeString(lines[1])
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(blobDir, lines[0]), raw, 0o600); err != nil {
		t.Fatal(err)
	}
	s := Files(filepath.Dir(blobDir), FileKeys(keyDir))
	r, err := s.Open(t.Context(), "acme", sha256.Sum256([]byte(content)))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if got, err := io.ReadAll(r); err != nil || string(got) != content {
		t.Errorf("the golden blob reads %q, %v", got, err)
	}
}

func TestStoredLengthAndSizeDetermineEachOther(t *testing.T) {
	for _, size := range []int64{0, 1, 15, 16, 17, 65535, 65536, 65537, 131071, 131072, 131073, 1<<40 + 5, 1<<62 + 1} {
		length := headerSize + size + tagSize*chunkCount(size)
		if got, ok := plaintextSize(length); !ok || got != size {
			t.Errorf("a blob of %d bytes is stored in %d, from which %d, %v is derived", size, length, got, ok)
		}
	}
	// A stored length between two whole forms belongs to no size.
	for _, length := range []int64{-1, 0, headerSize, headerSize + 15, headerSize + sealedChunk + 1, headerSize + sealedChunk + 15, headerSize + sealedChunk + 16} {
		if size, ok := plaintextSize(length); ok {
			t.Errorf("a stored length of %d is taken for a blob of %d bytes", length, size)
		}
	}
}
