package demo

import (
	"context"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"os"
	"sync"
)

// Size is how much of the company's year is generated.
type Size struct {
	// Name is printed in the manifest.
	Name string
	// divide is by how much the large extracts are smaller than the real
	// year's; small ones are always whole.
	divide int
}

// The sizes.
var (
	// Full is the whole year: a million payroll lines.
	Full = Size{Name: "full", divide: 1}
	// Small is for tests: large extracts have a fiftieth of their rows or
	// less, and every seeded item of the whole year.
	Small = Size{Name: "small", divide: 50}
)

// of is a count of the full year at this size, at least a minimum.
func (s Size) of(n, least int) int { return max(n/max(s.divide, 1), least) }

// seed is what everything is drawn from. Changing it changes the example's
// whole year, and with it every pinned hash.
const seed uint64 = 20250101

// Generate writes the raw extracts of Wexmoor's year into a folder, which
// must exist, as the company's systems export them, and returns what was
// written and what a right engine finds in it. The same size gives the same
// bytes at every time and place. progress may be nil; it hears the name of
// each extract with the number finished and the number of all, from one
// goroutine at a time. When the context ends, files may be left half-written.
func Generate(ctx context.Context, dir string, size Size, progress func(stage string, done, total int64)) (Manifest, error) {
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return Manifest{}, fmt.Errorf("the folder %s for the example's extracts does not exist; create it first", dir)
	}
	cal := newCalendar()
	m := Manifest{Seed: seed, Size: size.Name}
	heavy := []step{{"runs", (*part).runs}}
	light := []step{
		{"clients", (*part).clients}, {"standing data", (*part).standing}, {"imports", (*part).imports},
		{"processing", (*part).processing}, {"payments", (*part).payments}, {"treasury", (*part).treasury},
		{"taxes", (*part).taxes}, {"people", (*part).people}, {"access", (*part).access},
		{"changes", (*part).changes}, {"operations", (*part).operations}, {"security", (*part).security},
	}
	total := int64(len(heavy) + len(light))
	var mu sync.Mutex
	var done int64
	tell := func(stage string) {
		mu.Lock()
		defer mu.Unlock()
		done++
		if progress != nil {
			progress(stage, done, total)
		}
	}
	// Two parts that share nothing: the order in which they run cannot show
	// in what they write, because every extract has its own random source.
	parts := []*part{{ctx: ctx, dir: dir, cal: cal, size: size}, {ctx: ctx, dir: dir, cal: cal, size: size}}
	errs := make([]error, len(parts))
	var wait sync.WaitGroup
	for i, steps := range [][]step{heavy, light} {
		wait.Go(func() {
			for _, s := range steps {
				if errs[i] = ctx.Err(); errs[i] != nil {
					return
				}
				if errs[i] = s.write(parts[i]); errs[i] != nil {
					return
				}
				tell(s.name)
			}
		})
	}
	wait.Wait()
	for i, p := range parts {
		if errs[i] != nil {
			return Manifest{}, fmt.Errorf("the example's extracts could not be written to %s: %w", dir, errs[i])
		}
		m.Files = append(m.Files, p.files...)
		for _, t := range p.tests {
			m.Tests = append(m.Tests, *t)
		}
	}
	m.sorted()
	return m, nil
}

// step writes a few related extracts.
type step struct {
	name  string
	write func(*part) error
}

// part is what one goroutine generates.
type part struct {
	ctx   context.Context
	dir   string
	cal   *calendar
	size  Size
	rng   *rand.Rand
	files []FileManifest
	tests []*TestExpectation
}

// expect begins the expectation of a test and keeps it for the manifest.
func (p *part) expect(test string, attributes int) *TestExpectation {
	t := expect(test, attributes)
	p.tests = append(p.tests, t)
	return t
}

// random makes the source that belongs to an extract.
func random(name string) *rand.Rand {
	h := fnv.New64a()
	h.Write([]byte(name))
	return rand.New(rand.NewPCG(seed, h.Sum64()))
}

// file writes one extract; its random source depends on its name alone.
func (p *part) file(name string, sep byte, header string, body func(t *table)) error {
	if err := p.ctx.Err(); err != nil {
		return err
	}
	t, err := newTable(p.cal, p.dir, name, sep, header)
	if err != nil {
		return err
	}
	p.rng = random(name)
	body(t)
	m, err := t.close()
	if err != nil {
		return err
	}
	p.files = append(p.files, m)
	return p.ctx.Err()
}

// between draws a whole number from low to high, both included.
func (p *part) between(low, high int) int { return low + p.rng.IntN(high-low+1) }

// minutes draws a number of minutes, in seconds.
func (p *part) minutes(low, high int) int64 {
	return int64(p.between(low, high))*60 + int64(p.rng.IntN(60))
}

// one draws a member of a list.
func (p *part) one(list []string) string { return list[p.rng.IntN(len(list))] }

// two draws two different members of a list.
func (p *part) two(list []string) (string, string) {
	i := p.rng.IntN(len(list))
	j := (i + 1 + p.rng.IntN(len(list)-1)) % len(list)
	return list[i], list[j]
}

// spread is the business day of the i-th of n items spread over the year.
func (p *part) spread(i, n int) int { return p.cal.business[i*len(p.cal.business)/n] }

// digest draws sixteen hexadecimal digits.
func (p *part) digest() string {
	const hexadecimal = "0123456789abcdef"
	var b [16]byte
	x := p.rng.Uint64()
	for i := range b {
		b[i] = hexadecimal[x&15]
		x >>= 4
	}
	return string(b[:])
}

// The users of Wexmoor's systems by team. Names are invented.
var (
	users     = makeUsers()
	deskTeam  = users[0:14]
	setupTeam = users[14:22]
	treasury  = users[22:30]
	taxTeam   = users[30:40]
	engineers = users[40:84]
	operators = users[84:88]
)

func makeUsers() []string {
	surnames := []string{"okonkwo", "hartley", "nakamura", "silva", "petrenko", "oduya", "lindgren", "castano", "bhatt", "moreau",
		"tran", "kowalska", "abebe", "foster", "ivanova", "quispe", "haddad", "jensen", "mbeki", "rossi", "yamada", "cohen",
		"ortega", "dlamini", "novak", "singh", "walsh", "ferreira", "kim", "larsen", "adeleke", "baptiste", "choi", "duarte",
		"eriksen", "fontaine", "gupta", "hussain", "ibarra", "jovanovic", "kaur", "lopez", "mehta", "nguyen"}
	out := make([]string, 88)
	for i := range out {
		out[i] = string(rune('a'+i*7%26)) + surnames[i%len(surnames)]
	}
	return out
}
