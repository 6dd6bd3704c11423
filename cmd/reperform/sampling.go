package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"reperform/sampling"
)

func (c *cli) samplingCommand() *cobra.Command {
	cmd := c.command("sampling", "sampling", nil)
	cmd.AddCommand(c.samplingPlan(), c.samplingEvaluate(), c.samplingSelect())
	return cmd
}

// rates are the flags that several commands share.
type rates struct {
	model, confidence, tolerable, expected string
	population                             int64
}

func (r *rates) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&r.model, "model", "binomial", "binomial, poisson or hypergeometric")
	cmd.Flags().StringVar(&r.confidence, "confidence", "95", "confidence in percent")
	cmd.Flags().Int64Var(&r.population, "population", 0, "items in the population (required for hypergeometric)")
}

func percent(flag, text string) (sampling.Rate, error) {
	r, err := sampling.ParsePercent(text)
	if err != nil {
		return r, fmt.Errorf("--%s: %w", flag, err)
	}
	return r, nil
}

func (c *cli) samplingPlan() *cobra.Command {
	var r rates
	var sequential bool
	cmd := c.command("plan", "sampling", func(*cobra.Command, []string) error {
		in := sampling.PlanInput{Population: r.population}
		var err error
		if in.Model, err = sampling.ParseModel(r.model); err != nil {
			return fmt.Errorf("--model: %w", err)
		}
		if in.Confidence, err = percent("confidence", r.confidence); err != nil {
			return err
		}
		if in.Tolerable, err = percent("tolerable", r.tolerable); err != nil {
			return err
		}
		if in.Expected, err = percent("expected", r.expected); err != nil {
			return err
		}
		if sequential {
			p, err := sampling.PlanSequential(in)
			if err != nil {
				return err
			}
			return c.printJSON(p)
		}
		p, err := sampling.Plan(in)
		if err != nil {
			return err
		}
		return c.printJSON(p)
	})
	cmd.Short = "Compute a sample size"
	r.add(cmd)
	cmd.Flags().StringVar(&r.tolerable, "tolerable", "5", "tolerable deviation rate in percent")
	cmd.Flags().StringVar(&r.expected, "expected", "0", "expected deviation rate in percent")
	cmd.Flags().BoolVar(&sequential, "sequential", false, "plan in two stages: stop at none, extend at one")
	return cmd
}

// printJSON prints what scripts read with or without --json.
func (c *cli) printJSON(v any) error {
	enc := json.NewEncoder(c.out)
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

func (c *cli) samplingEvaluate() *cobra.Command {
	var r rates
	var n, k int64
	cmd := c.command("evaluate", "sampling", func(*cobra.Command, []string) error {
		in := sampling.EvalInput{N: n, K: k, Population: r.population}
		var err error
		if in.Model, err = sampling.ParseModel(r.model); err != nil {
			return fmt.Errorf("--model: %w", err)
		}
		if in.Confidence, err = percent("confidence", r.confidence); err != nil {
			return err
		}
		e, err := sampling.Evaluate(in)
		if err != nil {
			return err
		}
		out := map[string]any{"model": in.Model, "n": n, "k": k, "upper": json.RawMessage(e.UpperDecimal(12)), "upper_percent": e.PercentCeil()}
		if r.tolerable != "" {
			t, err := percent("tolerable", r.tolerable)
			if err != nil {
				return err
			}
			out["exceeds"] = e.Exceeds(t)
			if err := c.printJSON(out); err != nil {
				return err
			}
			if e.Exceeds(t) {
				return failed("the upper limit %s exceeds the tolerable rate %s%%", e.PercentCeil(), t.Percent(1))
			}
			return nil
		}
		return c.printJSON(out)
	})
	cmd.Short = "Compute the upper limit of the deviation rate"
	r.add(cmd)
	cmd.Flags().Int64Var(&n, "n", 0, "items tested")
	cmd.Flags().Int64Var(&k, "k", 0, "deviations found")
	cmd.Flags().StringVar(&r.tolerable, "tolerable", "", "tolerable rate in percent; exit code 1 when the limit exceeds it")
	cmd.MarkFlagRequired("n")
	return cmd
}

func (c *cli) samplingSelect() *cobra.Command {
	var seed string
	var n int64
	cmd := c.command("select", "sampling", func(*cobra.Command, []string) error {
		if seed == "" {
			return errors.New("--seed-input is empty; name what the selection is bound to")
		}
		sel, err := sampling.NewSelector(sampling.Seed(seed), n)
		if err != nil {
			return err
		}
		in := bufio.NewReaderSize(c.in, 1<<20)
		for {
			line, err := in.ReadString('\n')
			if line = strings.TrimRight(line, "\r\n"); line != "" {
				if err := sel.Add(line); err != nil {
					return err
				}
			}
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				return err
			}
		}
		picks, err := sel.Picks()
		if err != nil {
			return err
		}
		return c.print(picks, func(w io.Writer) {
			for _, p := range picks {
				fmt.Fprintln(w, p.Key)
			}
		})
	})
	cmd.Short = "Draw keys given on standard input, one a line"
	cmd.Flags().StringVar(&seed, "seed-input", "", "text from which the seed is computed (required)")
	cmd.Flags().Int64Var(&n, "n", 0, "how many to draw (required)")
	cmd.MarkFlagRequired("seed-input")
	cmd.MarkFlagRequired("n")
	return cmd
}
