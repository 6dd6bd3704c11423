package bundle_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"reperform/bundle"
)

// tampers are what can be done to a bundle, each with a claim that must fail.
// Those marked signed need the operator's key.
var tampers = []struct {
	name   string
	claim  string
	engine bool
	do     func(f *forgery)
}{
	{"bytes of an entry", "ledger/" + exam, false, func(f *forgery) {
		f.lines(exam, func(l []bundle.Line) []bundle.Line {
			l[3].Bytes = bytes.Replace(l[3].Bytes, []byte(`"actor":"helen"`), []byte(`"actor":"helga"`), 1)
			return l
		})
	}},
	{"bytes of an organization's entry", "ledger/org", false, func(f *forgery) {
		f.lines("org", func(l []bundle.Line) []bundle.Line {
			l[1].Bytes = bytes.Replace(l[1].Bytes, []byte(`"actor":"dana"`), []byte(`"actor":"omar"`), 1)
			return l
		})
	}},
	{"a document", "ledger/" + exam, false, func(f *forgery) {
		f.lines(exam, func(l []bundle.Line) []bundle.Line {
			d := &l[5].Documents[0]
			d.Bytes = flip(d.Bytes, len(d.Bytes)/2)
			return l
		})
	}},
	{"a salt", "ledger/" + exam, false, func(f *forgery) {
		f.lines(exam, func(l []bundle.Line) []bundle.Line {
			d := &l[5].Documents[0]
			d.Salt = flip(d.Salt, 0)
			return l
		})
	}},
	{"a salt borrowed from the document", "ledger/" + exam, false, func(f *forgery) {
		f.lines(exam, func(l []bundle.Line) []bundle.Line {
			d := &l[5].Documents[len(l[5].Documents)-1]
			d.Salt, d.Bytes = append(bytes.Clone(d.Salt), d.Bytes[0]), d.Bytes[1:]
			return l
		})
	}},
	{"two documents swapped", "ledger/" + exam, false, func(f *forgery) {
		f.lines(exam, func(l []bundle.Line) []bundle.Line {
			i := slices.IndexFunc(l, func(x bundle.Line) bool { return len(x.Documents) > 3 })
			a, b := &l[i].Documents[1], &l[i].Documents[2]
			a.Bytes, b.Bytes, a.Salt, b.Salt = b.Bytes, a.Bytes, b.Salt, a.Salt
			return l
		})
	}},
	{"a document left out", "ledger/" + exam, false, func(f *forgery) {
		f.lines(exam, func(l []bundle.Line) []bundle.Line {
			l[5].Documents = l[5].Documents[:len(l[5].Documents)-1]
			return l
		})
	}},
	{"a document for a slot that commits to nothing", "ledger/" + exam, false, func(f *forgery) {
		f.lines(exam, func(l []bundle.Line) []bundle.Line {
			l[5].Documents = append(l[5].Documents, bundle.Doc{Slot: 99, Salt: make([]byte, 32), Bytes: []byte("{}")})
			return l
		})
	}},
	{"an organization's document for another slot", "ledger/org", false, func(f *forgery) {
		f.lines("org", func(l []bundle.Line) []bundle.Line {
			l[1].Documents = append(l[1].Documents, bundle.Doc{Slot: 99, Salt: make([]byte, 32), Bytes: []byte("{}")})
			return l
		})
	}},
	{"an entry removed", "ledger/" + exam, false, func(f *forgery) {
		f.lines(exam, func(l []bundle.Line) []bundle.Line { return slices.Delete(l, 4, 5) })
	}},
	{"entries exchanged", "ledger/" + exam, false, func(f *forgery) {
		f.lines(exam, func(l []bundle.Line) []bundle.Line {
			l[4], l[5] = l[5], l[4]
			l[4].Pos, l[5].Pos = 4, 5
			return l
		})
	}},
	{"an entry after the last one signed", "ledger/" + exam, false, func(f *forgery) {
		f.lines(exam, func(l []bundle.Line) []bundle.Line {
			more := l[len(l)-1]
			more.Pos++
			return append(l, more)
		})
	}},
	{"an entry after the last one of the organization", "ledger/org", false, func(f *forgery) {
		f.lines("org", func(l []bundle.Line) []bundle.Line {
			more := l[len(l)-1]
			more.Pos++
			return append(l, more)
		})
	}},
	{"a leaf beside an entry", "ledger/" + exam, false, func(f *forgery) {
		f.lines(exam, func(l []bundle.Line) []bundle.Line {
			var h [32]byte
			b, _ := json.Marshal(h[:])
			json.Unmarshal(b, &l[2].Leaf)
			return l
		})
	}},
	{"the checkpoint of another ledger", "ledger/" + exam, false, func(f *forgery) {
		f.parts[bundle.PartCheckpoint(exam)] = f.parts[bundle.PartCheckpoint("org")]
	}},
	{"the older checkpoint without the last entry", "ledger/" + exam, false, func(f *forgery) {
		f.lines(exam, func(l []bundle.Line) []bundle.Line { return l[:len(l)-1] })
	}},
	{"a field twice in a line", "ledger/" + exam, false, func(f *forgery) {
		n := bundle.PartEntries(exam)
		f.parts[n] = bytes.Replace(f.parts[n], []byte(`{"pos":0,`), []byte(`{"pos":1,"pos":0,`), 1)
	}},
	{"an unknown field in a line", "ledger/org", false, func(f *forgery) {
		n := bundle.PartEntries("org")
		f.parts[n] = bytes.Replace(f.parts[n], []byte(`{"pos":0,`), []byte(`{"pos":0,"note":"hidden",`), 1)
	}},
	{"a blank after a line", "ledger/" + exam, false, func(f *forgery) {
		n := bundle.PartEntries(exam)
		f.parts[n] = append(f.parts[n], ' ')
	}},
	{"a blank line", "ledger/org", false, func(f *forgery) {
		n := bundle.PartEntries("org")
		f.parts[n] = append(f.parts[n], '\n')
	}},
	{"an unknown field of the bundle", "about", false, func(f *forgery) {
		f.parts[bundle.PartAbout] = append([]byte(`{"note":"hidden",`), f.parts[bundle.PartAbout][1:]...)
	}},
	{"bytes after what the bundle says", "about", false, func(f *forgery) {
		f.parts[bundle.PartAbout] = append(f.parts[bundle.PartAbout], "\n{}"...)
	}},
	{"known size of the examination", "ledger/" + exam, false, func(f *forgery) {
		f.about(func(a *bundle.About) { a.Known[exam]-- })
	}},
	{"known size of the organization", "ledger/org", false, func(f *forgery) {
		f.about(func(a *bundle.About) { a.Known["org"]++ })
	}},
	{"another engagement", "engagement", false, func(f *forgery) {
		f.about(func(a *bundle.About) { a.Engagement = "soc1-2024" })
	}},
	{"the examination as its own organization", "ledger/" + exam, false, func(f *forgery) {
		f.about(func(a *bundle.About) {
			a.Organization = exam
			delete(a.Genesis, "org")
			delete(a.Known, "org")
		})
	}},
	{"the organization as the work, so that no nonce is asked for", "ledger/org", false, func(f *forgery) {
		f.about(func(a *bundle.About) {
			a.Work = "org"
			delete(a.Genesis, exam)
			delete(a.Known, exam)
		})
	}},
	{"for a report, so that nothing is performed again", "ledger/" + exam + "/tree", false, func(f *forgery) {
		f.about(func(a *bundle.About) { a.For = bundle.ForReport })
	}},
	{"a path out of the folder as a ledger's name", "about", false, func(f *forgery) {
		f.about(func(a *bundle.About) { a.Work = "../../evil" })
	}},
	{"the key of a third ledger", "about", false, func(f *forgery) {
		f.about(func(a *bundle.About) { a.Genesis["third"] = a.Genesis["org"] })
	}},
	{"a key that did not sign", "ledger/" + exam, false, func(f *forgery) {
		f.about(func(a *bundle.About) {
			g := a.Genesis[exam]
			g.Key = a.Genesis["org"].Key
			a.Genesis[exam] = g
		})
	}},
	{"another program version", "report/model", false, func(f *forgery) {
		f.about(func(a *bundle.About) { a.Program = "9.9.9" })
	}},
	{"another typesetter", "report/pdf", false, func(f *forgery) {
		f.parts[bundle.PartPDF] = []byte("%PDF-1.7 anything")
		f.about(func(a *bundle.About) { a.Renderer = "other" })
	}},
	{"the consistency proof", "ledger/org/anchor", false, func(f *forgery) {
		n := bundle.PartConsistency("org")
		f.parts[n] = bytes.Replace(f.parts[n], []byte(`"path":[]`), []byte(`"path":["`+strings.Repeat("A", 43)+`="]`), 1)
		f.parts[n] = bytes.Replace(f.parts[n], []byte(`"path":null`), []byte(`"path":["`+strings.Repeat("A", 43)+`="]`), 1)
	}},
	{"the consistency proof is gone", "ledger/org/anchor", false, func(f *forgery) { delete(f.parts, bundle.PartConsistency("org")) }},
	{"a control is not cited", "report/model", false, func(f *forgery) {
		f.lines("org", func(l []bundle.Line) []bundle.Line {
			i, slot := f.find(l, "control", "conduct")
			l[i].Documents = slices.Delete(l[i].Documents, document(l[i], slot), document(l[i], slot)+1)
			return l
		})
	}},
	{"a citation from another ledger", "ledger/org", false, func(f *forgery) {
		other := bundle.Lines(f.t, f.parts, exam)
		f.lines("org", func(l []bundle.Line) []bundle.Line {
			l[1] = other[1]
			return l
		})
	}},
	{"a file", "file/", false, func(f *forgery) {
		n := bundle.PartBlob + f.blobOf("population", "pop-leavers", "frozen")
		f.parts[n] = flip(f.parts[n], len(f.parts[n])/2)
	}},
	{"one population in place of another", "file/", false, func(f *forgery) {
		a, b := bundle.PartBlob+f.blobOf("population", "pop-leavers", "frozen"), bundle.PartBlob+f.blobOf("population", "pop-changes", "frozen")
		f.parts[a] = f.parts[b]
	}},
	{"a file is gone", "file/", false, func(f *forgery) {
		delete(f.parts, bundle.PartBlob+f.blobOf("population", "pop-leavers", "frozen"))
	}},
	{"the result file", "file/", false, func(f *forgery) {
		n := bundle.PartBlob + f.blobOf("test_run", "t-it-1-1-run-1", "result_file")
		f.parts[n] = bytes.ToUpper(f.parts[n])
	}},
	{"another population with its recorded hashes", "ledger/" + exam, false, func(f *forgery) {
		f.edit(exam, "population", "pop-leavers", func(b map[string]any) { b["population_hash"] = strings.Repeat("ab", 32) })
	}},
	{"the report's content", "report/model", false, func(f *forgery) {
		f.parts[bundle.PartModel] = bytes.Replace(f.parts[bundle.PartModel], []byte("Alder"), []byte("Elder"), 1)
	}},
	{"the draft mark removed", "report/released", false, func(f *forgery) {
		var m map[string]any
		if err := json.Unmarshal(f.parts[bundle.PartModel], &m); err != nil {
			f.t.Fatal(err)
		}
		f.parts[bundle.PartModel] = bytes.Replace(f.parts[bundle.PartModel], []byte(`"draft":"`+m["draft"].(string)+`"`), []byte(`"draft":""`), 1)
	}},
	{"the PDF", "report/pdf", false, func(f *forgery) {
		f.parts[bundle.PartPDF] = flip(f.parts[bundle.PartPDF], len(f.parts[bundle.PartPDF])/2)
	}},
	{"the PDF is gone", "report/pdf", false, func(f *forgery) { delete(f.parts, bundle.PartPDF) }},
	{"the model is gone", "report/model", false, func(f *forgery) { delete(f.parts, bundle.PartModel) }},
	{"the entries are gone", "ledger/" + exam, false, func(f *forgery) { delete(f.parts, bundle.PartEntries(exam)) }},
	{"the checkpoint is gone", "ledger/org", false, func(f *forgery) { delete(f.parts, bundle.PartCheckpoint("org")) }},
	{"a part that nobody asked for", "container/parts", false, func(f *forgery) { f.parts["notes.txt"] = []byte("hello") }},
	{"a file that no record names", "container/parts", false, func(f *forgery) {
		f.parts[bundle.PartBlob+strings.Repeat("0", 64)] = []byte("hello")
	}},

	// From here on the forger signs with the operator's own key.
	{"signed: counts of a run", "run/t-it-1-1-run-1", true, forge("test_run", "t-it-1-1-run-1", func(b map[string]any) {
		c := b["counts"].([]any)[0].(map[string]any)
		c["pass"], c["fail"] = c["pass"].(float64)+1, c["fail"].(float64)-1
	})},
	{"signed: a count left out", "run/t-it-1-1-run-1", true, forge("test_run", "t-it-1-1-run-1", func(b map[string]any) { b["counts"] = nil })},
	{"signed: exceptions of a run", "run/t-it-1-1-run-1", true, forge("test_run", "t-it-1-1-run-1", func(b map[string]any) { b["exception_count"] = 1 })},
	{"signed: the expression of a run", "run/t-it-1-1-run-1", true, forge("test_run", "t-it-1-1-run-1", func(b map[string]any) {
		b["expressions"].([]any)[0].(map[string]any)["pass"] = "TRUE"
	})},
	{"signed: the holidays of a run", "run/t-it-1-1-run-1", true, forge("test_run", "t-it-1-1-run-1", func(b map[string]any) {
		b["expressions"].([]any)[0].(map[string]any)["pass"] = "acct.disabled_on IS NOT NULL AND acct.disabled_on <= add_business_days(last_day, 20)"
	})},
	{"signed: the result file's digest", "run/t-it-1-1-run-1", false, forge("test_run", "t-it-1-1-run-1", func(b map[string]any) {
		b["result_file"].(map[string]any)["sha256"] = strings.Repeat("ab", 32)
	})},
	{"signed: an exception names another item", "exceptions/t-it-1-1-run-1", false, forge("exception", "t-it-1-1-run-1.A.1", func(b map[string]any) { b["item_keys"] = []string{"LEAVER-KEY-001"} })},
	{"signed: an exception is of no run", "exceptions/t-it-1-1-run-1", false, forge("exception", "t-it-1-1-run-1.A.1", func(b map[string]any) { delete(b, "run") })},
	{"signed: the items of a sample in another order", "sample/t-pay-1-1-draw-1", true, forge("sample", "t-pay-1-1-draw-1", func(b map[string]any) {
		items := b["items"].([]any)
		items[0], items[1] = items[1], items[0]
	})},
	{"signed: another item of a sample", "sample/t-pay-1-1-draw-1", true, forge("sample", "t-pay-1-1-draw-1", func(b map[string]any) {
		b["items"].([]any)[3].(map[string]any)["key"] = "CHANGE-KEY-002"
	})},
	{"signed: a sample without the nonce", "sample/t-pay-1-1-draw-1", true, forge("sample", "t-pay-1-1-draw-1", func(b map[string]any) { delete(b, "nonce_commitment") })},
	{"signed: another draw", "sample/t-pay-1-1-draw-1", true, forge("sample", "t-pay-1-1-draw-1", func(b map[string]any) { b["draw"] = 2; b["reason"] = "again" })},
	{"signed: another nonce", "nonce", false, forge("nonce", "nonce-1", func(b map[string]any) { b["revealed"] = strings.Repeat("ab", 32) })},
	{"signed: another nonce and commitment", "nonce", false, forge("nonce", "nonce-1", func(b map[string]any) {
		b["revealed"], b["commitment"] = strings.Repeat("ab", 32), strings.Repeat("cd", 32)
	})},
	{"signed: a population's rows", "population/pop-leavers", true, forge("population", "pop-leavers", func(b map[string]any) { b["row_count"] = 41 })},
	{"signed: a population's hash", "population/pop-leavers", true, forge("population", "pop-leavers", func(b map[string]any) { b["population_hash"] = strings.Repeat("ab", 32) })},
	{"signed: a population replaced after it was frozen", "population/pop-changes", false, func(f *forgery) {
		other := f.blobOf("population", "pop-leavers", "frozen")
		forge("population", "pop-changes", func(b map[string]any) { b["frozen"].(map[string]any)["sha256"] = other })(f)
	}},
	{"signed: the query of a derivation", "population/pop-bank-changes/derivation", true, forge("population", "pop-bank-changes", func(b map[string]any) {
		b["derived"].(map[string]any)["sql"] = "SELECT change, changed_on, add_business_days(changed_on, 2) AS due, amount FROM changes WHERE kind = 'tax'"
	})},
	{"signed: the items of a deviation", "deviation/dev-t-it-1-1", false, forge("deviation", "dev-t-it-1-1", func(b map[string]any) { b["item_count"] = 1 })},
	{"signed: a dismissed exception in a deviation", "deviation/dev-t-it-1-1", false, forge("exception", "t-it-1-1-run-1.A.2", func(b map[string]any) {
		b["status"], b["evidence"] = "dismissed", "none"
	})},
	{"signed: a result of the sample", "figures/t-pay-1-1", false, func(f *forgery) {
		f.lines(exam, func(l []bundle.Line) []bundle.Line {
			for i := range l {
				for j := range l[i].Documents {
					if bytes.Contains(l[i].Documents[j].Bytes, []byte(`"outcome":"fail"`)) {
						f.editAt(&l[i], l[i].Documents[j].Slot, func(b map[string]any) { b["outcome"] = "pass" })
						return l
					}
				}
			}
			f.t.Fatal("no failed result")
			return l
		})
		f.resign(exam)
	}},
	{"signed: the checkpoint that the auditor recorded", "ledger/org/anchor", false, forge("examination", "soc1-2025", func(b map[string]any) {
		b["organization_checkpoint"] = b["organization_checkpoint"].(string) + "\n"
	})},
	{"signed: the conclusion before the results", "order/conclusions", false, func(f *forgery) {
		f.lines(exam, func(l []bundle.Line) []bundle.Line { return f.move(l, "conclusion", "c-it-1-1-o", 6) })
		f.resign(exam)
	}},
	{"signed: the sample before its population", "order/samples", false, func(f *forgery) {
		f.lines(exam, func(l []bundle.Line) []bundle.Line { return f.move(l, "sample", "t-pay-1-1-draw-1", 3) })
		f.resign(exam)
	}},
	{"signed: the opinion before the conclusions", "order/opinion", false, func(f *forgery) {
		f.lines(exam, func(l []bundle.Line) []bundle.Line { return f.move(l, "opinion", "opinion-1", 8) })
		f.resign(exam)
	}},
	{"signed: the population before the nonce", "nonce", false, func(f *forgery) {
		// A sample that is drawn after the nonce is known can be steered.
		f.lines(exam, func(l []bundle.Line) []bundle.Line { return f.move(l, "nonce", "nonce-1", 7) })
		f.resign(exam)
	}},
}

func TestTampering(t *testing.T) {
	s := sharedStory(t)
	whole := bundle.Parts(t, filepath.Join(shared.dir, "file.bundle"))
	opt := options(t)
	for _, tamper := range tampers {
		t.Run(tamper.name, func(t *testing.T) {
			f := &forgery{t: t, s: s, parts: maps.Clone(whole)}
			tamper.do(f)
			if tamper.engine {
				f.keepFiles(tamper.claim)
			}
			path := filepath.Join(t.TempDir(), "forged.bundle")
			bundle.Assemble(t, f.parts, path)
			o := bundle.Options{Scratch: t.TempDir()}
			if tamper.engine {
				o.Engine = opt.Engine
			}
			if tamper.claim == "report/pdf" {
				o.Typst = opt.Typst
			}
			v := verify(t, path, o)
			if c := v.Claims[0]; c.ID != "container" || c.Status != bundle.Holds {
				t.Fatalf("the forger did not get the container right: %+v", c)
			}
			if !fails(v, tamper.claim) {
				t.Errorf("claim %s does not fail:\n%s", tamper.claim, list(v))
			}
		})
	}
}

// fails reports whether a claim fails whose id is given, or begins so when the
// id given ends with a slash.
func fails(v *bundle.Verification, id string) bool {
	return slices.ContainsFunc(v.Claims, func(c bundle.Claim) bool {
		return c.Status == bundle.Fails && (c.ID == id || strings.HasSuffix(id, "/") && strings.HasPrefix(c.ID, id))
	})
}

// An operator who signs a shorter history anew, or with another key, is found
// only by what left the machine before: a checkpoint or the key.
func TestOnlyWhatLeftTheMachineFindsTheOperator(t *testing.T) {
	s := sharedStory(t)
	whole := bundle.Parts(t, filepath.Join(shared.dir, "file.bundle"))
	note, key, err := s.app.Checkpoint(s.ctx, "helen", exam)
	s.must(err)
	_, orgKey, err := s.app.Checkpoint(s.ctx, "helen", "org")
	s.must(err)
	write := func(t *testing.T, do func(f *forgery)) string {
		f := &forgery{t: t, s: s, parts: maps.Clone(whole)}
		do(f)
		path := filepath.Join(t.TempDir(), "forged.bundle")
		bundle.Assemble(t, f.parts, path)
		return path
	}
	ledgersHold := func(t *testing.T, v *bundle.Verification) {
		t.Helper()
		for _, id := range []string{"ledger/" + exam, "ledger/org", "ledger/org/anchor"} {
			if fails(v, id) {
				t.Fatalf("the forgery is too weak to show anything:\n%s", list(v))
			}
		}
	}
	t.Run("untouched", func(t *testing.T) {
		path := write(t, func(*forgery) {})
		if v := verify(t, path, bundle.Options{Checkpoint: note, Scratch: t.TempDir()}); v.Count(bundle.Fails) > 0 || status(v, "checkpoint") != bundle.Holds || status(v, "key") != bundle.Holds {
			t.Errorf("the checkpoint should hold, and tell the keys:\n%s", list(v))
		}
		if v := verify(t, path, bundle.Options{Keys: []string{key, orgKey}, Scratch: t.TempDir()}); v.Count(bundle.Fails) > 0 || status(v, "key") != bundle.Holds {
			t.Errorf("the keys should be known:\n%s", list(v))
		}
		if v := verify(t, path, bundle.Options{Scratch: t.TempDir()}); status(v, "key") != bundle.NotReperformed || status(v, "checkpoint") != bundle.NotReperformed {
			t.Errorf("nothing tells whose keys these are:\n%s", list(v))
		}
	})
	t.Run("last entry dropped and signed again", func(t *testing.T) {
		path := write(t, func(f *forgery) {
			f.lines(exam, func(l []bundle.Line) []bundle.Line { return l[:len(l)-1] })
			f.resign(exam)
		})
		ledgersHold(t, verify(t, path, bundle.Options{Scratch: t.TempDir()}))
		if v := verify(t, path, bundle.Options{Checkpoint: note, Scratch: t.TempDir()}); !fails(v, "checkpoint") {
			t.Errorf("the checkpoint does not find it:\n%s", list(v))
		}
	})
	t.Run("history rewritten and signed again", func(t *testing.T) {
		path := write(t, forge("conclusion", "c-it-1-1-o", func(b map[string]any) { b["reasons"] = "Others." }))
		ledgersHold(t, verify(t, path, bundle.Options{Scratch: t.TempDir()}))
		if v := verify(t, path, bundle.Options{Checkpoint: note, Scratch: t.TempDir()}); !fails(v, "checkpoint") {
			t.Errorf("the checkpoint does not find it:\n%s", list(v))
		}
	})
	t.Run("signed with the attacker's key", func(t *testing.T) {
		path := write(t, func(f *forgery) { f.takeOver(exam) })
		ledgersHold(t, verify(t, path, bundle.Options{Scratch: t.TempDir()}))
		if v := verify(t, path, bundle.Options{Checkpoint: note, Scratch: t.TempDir()}); !fails(v, "checkpoint") {
			t.Errorf("the checkpoint does not find it:\n%s", list(v))
		}
		if v := verify(t, path, bundle.Options{Keys: []string{key, orgKey}, Scratch: t.TempDir()}); !fails(v, "key") {
			t.Errorf("the key does not find it:\n%s", list(v))
		}
	})
}

func status(v *bundle.Verification, id string) bundle.Status {
	for _, c := range v.Claims {
		if c.ID == id {
			return c.Status
		}
	}
	return ""
}

// Whatever single byte changes, the container tells.
func TestEveryByteCounts(t *testing.T) {
	sharedStory(t)
	path := filepath.Join(t.TempDir(), "flipped.bundle")
	b := bytes.Clone(shared.file)
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	step := len(b)/1500 + 1
	for at := 0; at < len(b); at++ {
		// All of the head and the end, and a dense sample between them.
		if at > 600 && at < len(b)-200 && at%step != 0 {
			continue
		}
		if _, err := file.WriteAt([]byte{b[at] ^ 1<<(at%8)}, int64(at)); err != nil {
			t.Fatal(err)
		}
		found, err := bundle.ScanFails(path)
		if !found {
			t.Fatalf("byte %d of %d changed and nothing tells (%v)", at, len(b), err)
		}
		if _, err := file.WriteAt(b[at:at+1], int64(at)); err != nil {
			t.Fatal(err)
		}
	}
	if found, err := bundle.ScanFails(path); found {
		t.Fatalf("put back, it should hold: %v", err)
	}
	for _, cut := range []int{0, 1, len(b) / 2, len(b) - 1} {
		if err := os.WriteFile(path, b[:cut], 0o600); err != nil {
			t.Fatal(err)
		}
		if v := verify(t, path, bundle.Options{Scratch: t.TempDir()}); v.Count(bundle.Fails) == 0 {
			t.Errorf("cut to %d bytes it should fail", cut)
		}
	}
	if err := os.WriteFile(path, append(bytes.Clone(b), 0), 0o600); err != nil {
		t.Fatal(err)
	}
	if v := verify(t, path, bundle.Options{Scratch: t.TempDir()}); v.Count(bundle.Fails) == 0 {
		t.Error("with a byte more it should fail")
	}
}
