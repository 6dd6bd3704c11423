// Package procedure turns recorded tests into questions for the population
// engine: reading a frozen population, deriving one from others, ranking a
// selection, evaluating attributes. It is the one place where that is done,
// so that a re-performance asks exactly what the first performance asked. It
// decides nothing and stores nothing; where bytes come from is the caller's.
package procedure
