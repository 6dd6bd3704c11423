// Package sampling decides how many items of a population a person looks at,
// which items those are, and what the deviations found say about the rest.
//
// It plans attribute samples (binomial, Poisson, hypergeometric, two-stage, or
// a firm's frequency table), draws them by ranking every key with HMAC-SHA256
// under a seed that anyone can rebuild, and evaluates them with an upper limit.
// Every decision is taken on integers, rationals or enclosures whose width is
// refined until the answer is certain; no floating-point rounding can move a
// cell. The package promises nothing about the population itself: that keys are
// unique and complete is established before it is called, and no rate it
// reports makes a control effective. It reads no files, no clock and no random
// source of its own.
package sampling
