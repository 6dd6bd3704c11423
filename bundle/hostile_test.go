package bundle_test

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"reperform/bundle"
)

// A hostile bundle writes nothing outside the scratch folder, whatever it
// calls its files and records.
func TestNamesDoNotLeaveTheFolder(t *testing.T) {
	s := sharedStory(t)
	whole := bundle.Parts(t, filepath.Join(shared.dir, "file.bundle"))
	outside := t.TempDir()
	scratch := filepath.Join(outside, "a", "scratch")
	if err := os.MkdirAll(scratch, 0o700); err != nil {
		t.Fatal(err)
	}
	evil := "../../" + strings.Repeat("x", 64-len("../../"))
	for name, do := range map[string]func(f *forgery){
		"digest": func(f *forgery) {
			forge("population", "pop-leavers", func(b map[string]any) { b["frozen"].(map[string]any)["sha256"] = evil })(f)
			f.parts[bundle.PartBlob+evil] = []byte("evil")
		},
		"file name": forge("population", "pop-leavers", func(b map[string]any) {
			b["frozen"].(map[string]any)["name"] = "x.parquet/../../../../" + strings.Repeat("y", 5000) + ".\x00/z"
		}),
		"long id": func(f *forgery) {
			id := strings.Repeat("i", 199)
			f.lines(exam, func(l []bundle.Line) []bundle.Line {
				for i := range l {
					l[i].Bytes = bytes.ReplaceAll(l[i].Bytes, []byte(`"t-it-1-1-run-1"`), []byte(`"`+id+`"`))
					l[i].Bytes = bytes.ReplaceAll(l[i].Bytes, []byte(`"pop-bank-changes"`), []byte(`"`+id+`"`))
				}
				return l
			})
			f.resign(exam)
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := &forgery{t: t, s: s, parts: maps.Clone(whole)}
			do(f)
			path := filepath.Join(t.TempDir(), "forged.bundle")
			bundle.Assemble(t, f.parts, path)
			opt := bundle.Options{Scratch: scratch}
			if name == "long id" {
				opt = options(t)
				opt.Typst, opt.Scratch = nil, scratch
			}
			v := verify(t, path, opt)
			if name == "long id" && status(v, "run/"+strings.Repeat("i", 199)) != bundle.Holds {
				t.Errorf("a long id should not matter:\n%s", list(v))
			}
			if name != "long id" && v.Count(bundle.Fails) == 0 {
				t.Errorf("nothing fails:\n%s", list(v))
			}
			filepath.Walk(outside, func(p string, info os.FileInfo, err error) error {
				if err == nil && !info.IsDir() && filepath.Dir(p) != scratch {
					t.Errorf("a file was written at %s", p)
				}
				return nil
			})
			os.RemoveAll(scratch)
			os.MkdirAll(scratch, 0o700)
		})
	}
}

// What a bundle calls its records cannot draw on the verifier's terminal.
func TestClaimsAreOneVisibleLine(t *testing.T) {
	s := sharedStory(t)
	f := &forgery{t: t, s: s, parts: bundle.Parts(t, filepath.Join(shared.dir, "file.bundle"))}
	forge("population", "pop-leavers", func(b map[string]any) { b["title"] = "x\r\nholds  all\x1b[2J\u202e" })(f)
	path := filepath.Join(t.TempDir(), "forged.bundle")
	bundle.Assemble(t, f.parts, path)
	v := verify(t, path, bundle.Options{})
	for _, c := range v.Claims {
		if strings.ContainsAny(c.ID+c.Text+c.Detail, "\r\n\x1b\u202e") {
			t.Errorf("claim %q holds what a terminal obeys: %q %q", c.ID, c.Text, c.Detail)
		}
	}
}

// SQL that never ends is ended, and said so.
func TestEndlessQuestion(t *testing.T) {
	s := sharedStory(t)
	f := &forgery{t: t, s: s, parts: bundle.Parts(t, filepath.Join(shared.dir, "file.bundle"))}
	forge("test_run", "t-it-1-1-run-1", func(b map[string]any) {
		b["expressions"].([]any)[0].(map[string]any)["pass"] = "(SELECT count(*) FROM acct a, acct b, acct c, acct d, acct e, acct f, acct g WHERE a.account < b.account AND hash(c.account) > hash(g.account)) > 5"
	})(f)
	f.keepFiles("run/")
	path := filepath.Join(t.TempDir(), "forged.bundle")
	bundle.Assemble(t, f.parts, path)
	opt := options(t)
	opt.Typst, opt.Limit = nil, 3*time.Second
	began := time.Now()
	v := verify(t, path, opt)
	if took := time.Since(began); took > 30*time.Second {
		t.Errorf("it took %s", took)
	}
	if got := status(v, "run/t-it-1-1-run-1"); got == bundle.Holds {
		t.Errorf("the endless run is %q:\n%s", got, list(v))
	}
	if got := status(v, "population/pop-leavers"); got != bundle.Holds {
		t.Errorf("what stands beside the endless run is %q:\n%s", got, list(v))
	}
}

// A file that is no population, and one that claims to be huge, fail their
// claims and nothing else.
func TestFilesThatAreNoPopulation(t *testing.T) {
	s := sharedStory(t)
	whole := bundle.Parts(t, filepath.Join(shared.dir, "file.bundle"))
	f := &forgery{t: t, s: s, parts: maps.Clone(whole)}
	sha := f.blobOf("population", "pop-leavers", "frozen")
	b := bytes.Clone(f.parts[bundle.PartBlob+sha])
	// The length of the footer of a Parquet file.
	binary.LittleEndian.PutUint32(b[len(b)-8:], 0x7fffffff)
	f.parts[bundle.PartBlob+sha] = b
	path := filepath.Join(t.TempDir(), "forged.bundle")
	bundle.Assemble(t, f.parts, path)
	opt := options(t)
	opt.Typst = nil
	v := verify(t, path, opt)
	if !fails(v, "file/"+sha) || status(v, "population/pop-changes") != bundle.Holds {
		t.Errorf("one file is damaged:\n%s", list(v))
	}
}

// head is the beginning of a container with one part's head.
func head(nameLength uint16, name string, size uint64) []byte {
	b := []byte("reperform bundle 1\n\x01")
	b = binary.BigEndian.AppendUint16(b, nameLength)
	b = append(b, name...)
	return binary.BigEndian.AppendUint64(b, size)
}

func TestContainersThatLie(t *testing.T) {
	deep := strings.Repeat("[", 1<<20)
	for name, content := range map[string][]byte{
		"nothing":             nil,
		"another file":        []byte(strings.Repeat("PK\x03\x04", 100)),
		"a name of 64 KiB":    append(head(65535, strings.Repeat("a", 65535), 0), make([]byte, 33)...),
		"a name beyond it":    append(head(255, "a", 0), make([]byte, 33)...),
		"a part of exabytes":  append(head(1, "a", 1<<62), make([]byte, 33)...),
		"a negative size":     append(head(1, "a", 1<<63), make([]byte, 33)...),
		"a name not in UTF-8": append(head(1, "\xff", 0), make([]byte, 33)...),
		"no name":             append(head(0, "", 0), make([]byte, 33)...),
		"no end":              append(head(1, "a", 0), make([]byte, 32)...)[:len(head(1, "a", 0))+32],
		"deep JSON":           append(append(head(10, "about.json", uint64(len(deep))), deep...), make([]byte, 33)...),
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "x.bundle")
			if err := os.WriteFile(path, content, 0o600); err != nil {
				t.Fatal(err)
			}
			v, err := bundle.Verify(t.Context(), path, bundle.Options{})
			if err != nil || v.Count(bundle.Fails) == 0 {
				t.Errorf("it should fail as a claim: %v", err)
			}
		})
	}
	if _, err := bundle.Verify(t.Context(), filepath.Join(t.TempDir(), "absent"), bundle.Options{}); err == nil {
		t.Error("a file that is not there is an error")
	}
}

func FuzzContainer(f *testing.F) {
	f.Add([]byte("reperform bundle 1\n\x00"))
	f.Add(append(head(1, "a", 3), "abc\x00"...))
	path := filepath.Join(f.TempDir(), "x.bundle")
	f.Fuzz(func(t *testing.T, b []byte) {
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		bundle.ScanFails(path)
	})
}

func FuzzLines(f *testing.F) {
	f.Add([]byte(`{"pos":0,"bytes":"e30="}` + "\n"))
	f.Add([]byte(`{"pos":0,"leaf":"` + strings.Repeat("A", 43) + `="}` + "\n"))
	f.Add([]byte(`{"pos":0,"pos":1}` + "\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		lines, err := bundle.DecodeLines(b)
		if err != nil {
			return
		}
		var again bytes.Buffer
		enc := json.NewEncoder(&again)
		for _, l := range lines {
			if err := enc.Encode(l); err != nil {
				t.Fatal(err)
			}
		}
		if !bytes.Equal(again.Bytes(), b) {
			t.Errorf("accepted, and written in another way:\n%q\n%q", b, again.Bytes())
		}
	})
}

// FuzzVerify puts other bytes into the parts of a real bundle: nothing
// panics, nothing takes long, and what was changed never verifies as whole.
func FuzzVerify(f *testing.F) {
	names := []string{bundle.PartAbout, bundle.PartEntries(exam), bundle.PartEntries("org"), bundle.PartCheckpoint(exam), bundle.PartConsistency("org"), bundle.PartModel}
	for i := range names {
		f.Add(uint8(i), uint32(40), []byte{0})
		f.Add(uint8(i), uint32(0), []byte("null"))
		f.Add(uint8(i), uint32(1), []byte(`"version":1,`))
	}
	// The second form has one part more.
	issued := len(names)
	for i, name := range []string{bundle.PartAbout, bundle.PartIssuance, bundle.PartEntries(exam), bundle.PartCheckpoint(exam), bundle.PartCheckpoint("org"), bundle.PartModel, bundle.PartPDF} {
		names = append(names, name)
		f.Add(uint8(issued+i), uint32(60), []byte{0})
		f.Add(uint8(issued+i), uint32(0), []byte("null"))
	}
	f.Fuzz(func(t *testing.T, which uint8, at uint32, put []byte) {
		part := int(which) % len(names)
		golden := filepath.Join("testdata", "v1.bundle")
		if part >= issued {
			golden = filepath.Join("testdata", "v2.bundle")
		}
		parts := bundle.Parts(t, golden)
		name := names[part]
		old := parts[name]
		i := int(at) % (len(old) + 1)
		b := append(bytes.Clone(old[:i]), put...)
		if i+len(put) < len(old) {
			b = append(b, old[i+len(put):]...)
		}
		parts[name] = b
		path := filepath.Join(t.TempDir(), "x.bundle")
		bundle.Assemble(t, parts, path)
		v, err := bundle.Verify(t.Context(), path, bundle.Options{Scratch: t.TempDir()})
		if err != nil {
			t.Fatal(err)
		}
		if v.Count(bundle.Fails) == 0 && !bytes.Equal(b, old) {
			t.Errorf("%s was changed and nothing fails:\n%s", name, list(v))
		}
	})
}
