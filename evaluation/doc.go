// Package evaluation goes from recorded results to figures and consequences:
// how many items of each test were tested and deviated, with which exact rate
// and upper limit, what still stands in the way of a conclusion, and what
// follows from the conclusions that people entered, along the path from
// deviation to control, control objective and opinion. It promises exact
// arithmetic, that every figure names the records it came from, and that it
// never produces a conclusion or an opinion: it shows what follows from what
// was entered and flags what does not. It does no input or output beyond
// reading the views it is given, knows no clock, and asks nothing of a
// population's rows: what only the rows can tell (whether a key exists, whether
// an expression was evaluated rightly) is established by those who hold them.
package evaluation
