// Package demo is the fictional company of the product's example: Wexmoor, a
// payroll processor in Des Moines, its service auditor, and one Type 2 year.
// It promises the company's records and the auditor's plan as embedded files,
// a plan of everything that has to be imported, decided and concluded, and a
// generator that writes the raw extracts of a year, the same bytes every
// time, together with a manifest of what a right engine finds in them. Every
// name of a person, a company or a product is invented. The package runs
// nothing: it knows neither the ledger nor the population engine, computes no
// conclusion, and what it says of standards is an illustration.
package demo
