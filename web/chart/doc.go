// Package chart draws the product's charts on the server: SVG, or a real table
// where a chart is one. It promises that every label is escaped, whatever it
// holds; that a chart says in words what it shows, or is marked as decoration
// beside words that do; that nothing needs a script or a style attribute, so
// that the strictest content security policy holds; and that geometry is
// computed in integers from the numbers given, so that the same input is the
// same bytes. Colours are classes and custom properties of the page's style
// sheet; sizes are viewBox, width and height. Each drawing offers a table of the
// same numbers, for screen readers and for paper.
//
// A chart does not check what its numbers mean: that percentages add up to 100
// is the business of whoever computed them, and the drawing uses exactly the
// numbers that its text prints.
package chart
