// Package typst typesets tagged PDF documents inside this process.
//
// It runs the Typst 0.14.2 compiler, a WebAssembly module vendored with the
// package, in wazero, and finishes the file with pdfcpu. It knows nothing of
// what a document says: a Job is a main file and the files it may read.
//
// What is promised: the same Job gives the same bytes, on any machine and in
// any year, because the compiler is handed a constant clock, only the vendored
// fonts and no other source of variation; Finish keeps that, taking dates and
// the file's identifier as arguments. A Job cannot read a file that is not
// part of it, nor the network, nor the environment, nor the time. Text that
// arrives as data (json, csv, read) is text and cannot become markup, as long as
// the template does not call eval on it. Every failure, a trap in the compiler included, is
// an error and leaves the Engine usable.
//
// What is not promised: the output is tagged (headings, tables with their
// header cells, figures with alternative text and bounding box, links, language,
// reading order), but nothing here checks it against PDF/UA or PDF/A and no
// conformance is claimed in the file, since this build of the compiler offers
// no choice of a PDF standard. Tables have no bounding box. Scripts outside
// Latin, Greek and Cyrillic need fonts handed in with Options.Fonts; without
// them their characters show as empty boxes and may be missing from copied
// text. This build gives no warnings with a document: a font family that does
// not exist is replaced in silence. A table cell marked unbreakable and taller
// than a page runs off the page without a word. Templates avoid both.
package typst
