package population

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"slices"
)

// sortedLines collects lines in any order and writes them sorted as bytes,
// hashing them on the way. More than it may hold in memory goes to runs on
// disk, which are merged at the end.
type sortedLines struct {
	dir, path string
	lines     [][]byte
	bytes     int
	count     int64
	runs      []string
}

const memoryLines = 64 << 20

func newSortedLines(dir, path string) *sortedLines { return &sortedLines{dir: dir, path: path} }

func (s *sortedLines) add(line []byte) error {
	s.lines = append(s.lines, line)
	s.bytes += len(line) + 48
	s.count++
	if s.bytes < memoryLines {
		return nil
	}
	return s.spill()
}

func (s *sortedLines) spill() error {
	name := filepath.Join(s.dir, fmt.Sprintf("run-%d", len(s.runs)))
	s.runs = append(s.runs, name)
	f, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	w := bufio.NewWriterSize(f, 256<<10)
	slices.SortFunc(s.lines, compareBytes)
	for _, l := range s.lines {
		w.Write(l)
		w.WriteByte('\n')
	}
	s.lines, s.bytes = s.lines[:0], 0
	return w.Flush()
}

func (s *sortedLines) close() {
	for _, r := range s.runs {
		os.Remove(r)
	}
}

// finish writes the file and returns the number of lines and their hash.
func (s *sortedLines) finish() (int64, string, error) {
	f, err := os.OpenFile(s.path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return 0, "", err
	}
	defer f.Close()
	h := sha256.New()
	w := bufio.NewWriterSize(f, 256<<10)
	emit := func(line []byte) {
		w.Write(line)
		w.WriteByte('\n')
		h.Write(line)
		h.Write([]byte{'\n'})
	}
	slices.SortFunc(s.lines, compareBytes)
	if len(s.runs) == 0 {
		for _, l := range s.lines {
			emit(l)
		}
	} else {
		if err := s.spill(); err != nil {
			return 0, "", err
		}
		if err := mergeRuns(s.runs, emit); err != nil {
			return 0, "", err
		}
	}
	if err := w.Flush(); err != nil {
		return 0, "", err
	}
	return s.count, hex.EncodeToString(h.Sum(nil)), nil
}
