package population

import (
	"io"

	"reperform/population/duck"
	"reperform/population/tabular"
)

// pipeline reads batches, converts them side by side and hands them to the
// engine in the source's order.
type pipeline struct {
	conv  *tabular.Converter
	queue chan *job
	quit  chan struct{}
	ended chan struct{}
	free  chan *job
	twice []int64
	// absent counts, for each output, the words for no value.
	absent []tabular.Absent
}

type job struct {
	batch tabular.Batch
	cols  tabular.Columns
	err   error
	done  chan struct{}
}

func newPipeline(r tabular.Reader, conv *tabular.Converter, workers int) *pipeline {
	workers = max(workers, 1)
	p := &pipeline{
		conv: conv, queue: make(chan *job, 2*workers), quit: make(chan struct{}), ended: make(chan struct{}),
		free: make(chan *job, 4*workers+2), twice: make([]int64, len(conv.Outputs())), absent: make([]tabular.Absent, len(conv.Outputs())),
	}
	for range cap(p.free) {
		p.free <- &job{}
	}
	work := make(chan *job, 2*workers)
	for range workers {
		go func() {
			for j := range work {
				conv.Convert(&j.batch, &j.cols)
				if j.err == nil {
					j.err = j.cols.Err()
				}
				close(j.done)
			}
		}()
	}
	go func() {
		defer close(p.ended)
		defer close(p.queue)
		defer close(work)
		for {
			var j *job
			select {
			case j = <-p.free:
			case <-p.quit:
				return
			}
			j.done, j.err = make(chan struct{}), nil
			if err := r.Read(&j.batch); err != nil {
				j.err = err
				close(j.done)
				select {
				case p.queue <- j:
				case <-p.quit:
				}
				return
			}
			work <- j
			select {
			case p.queue <- j:
			case <-p.quit:
				return
			}
		}
	}()
	return p
}

// fill gives the engine the next batch.
func (p *pipeline) fill(w *duck.Writer) (int, error) {
	j, ok := <-p.queue
	if !ok {
		return 0, nil
	}
	<-j.done
	if j.err == io.EOF {
		return 0, nil
	}
	if j.err != nil {
		return 0, j.err
	}
	p.conv.Put(&j.cols, w)
	for i, row := range j.cols.Twice() {
		if p.twice[i] == 0 {
			p.twice[i] = row
		}
	}
	for i, a := range j.cols.Absent() {
		p.absent[i].Add(a)
	}
	n := j.cols.Rows
	p.free <- j
	return n, nil
}

// stop ends the reading and returns, for each output, the first row whose clock
// reading was shown twice.
func (p *pipeline) stop() []int64 {
	close(p.quit)
	<-p.ended
	return p.twice
}
