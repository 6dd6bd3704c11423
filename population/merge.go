package population

import (
	"bufio"
	"bytes"
	"container/heap"
	"io"
	"os"
)

func compareBytes(a, b []byte) int { return bytes.Compare(a, b) }

// runHeap orders open runs by their next line.
type runHeap []*run

type run struct {
	in   *bufio.Reader
	f    *os.File
	line []byte
}

func (h runHeap) Len() int           { return len(h) }
func (h runHeap) Less(i, j int) bool { return bytes.Compare(h[i].line, h[j].line) < 0 }
func (h runHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *runHeap) Push(x any)        { *h = append(*h, x.(*run)) }
func (h *runHeap) Pop() any {
	old := *h
	last := old[len(old)-1]
	*h = old[:len(old)-1]
	return last
}

// next reads the run's next line; false at its end.
func (r *run) next() (bool, error) {
	line, err := r.in.ReadBytes('\n')
	if err == io.EOF && len(line) == 0 {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	r.line = line[:len(line)-1]
	return true, nil
}

// mergeRuns emits the lines of sorted files in order.
func mergeRuns(names []string, emit func([]byte)) error {
	var h runHeap
	defer func() {
		for _, r := range h {
			r.f.Close()
		}
	}()
	for _, name := range names {
		f, err := os.Open(name)
		if err != nil {
			return err
		}
		r := &run{in: bufio.NewReaderSize(f, 64<<10), f: f}
		more, err := r.next()
		if err != nil || !more {
			f.Close()
			if err != nil {
				return err
			}
			continue
		}
		h = append(h, r)
	}
	heap.Init(&h)
	for len(h) > 0 {
		emit(h[0].line)
		more, err := h[0].next()
		if err != nil {
			return err
		}
		if more {
			heap.Fix(&h, 0)
			continue
		}
		heap.Pop(&h).(*run).f.Close()
	}
	return nil
}
