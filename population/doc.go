// Package population is everything that touches rows: it freezes extracts as
// typed, hashed populations, derives populations from others, checks their
// completeness and accuracy, and evaluates attributes over every row. It
// promises that a frozen population is exactly its source under the recorded
// schema and transforms, that its hash depends on nothing but its rows, and that
// the same question over the same rows has the same answer with any number of
// threads. The database engine (DuckDB, the only use of cgo in the program)
// runs in a child process of the same binary, which is limited in memory, files
// and time, sees only the files of the question, and can be killed; SQL given
// by people is parsed and type-checked before it runs. The package concludes
// nothing: it counts passes, failures and rows on which the data cannot tell.
package population
