package typst

import (
	"bytes"
	"embed"
	"fmt"
	"io/fs"

	"github.com/klauspost/compress/zstd"
)

//go:embed vendored/typst.wasm.zst
var compressedModule []byte

//go:embed vendored/fonts/*.woff
var fontFiles embed.FS

// moduleSize is the size of the module once decompressed, in bytes.
const moduleSize = 28325178

// Version names the compiler and the fonts. Two programs with the same Version
// give the same bytes for the same Job.
const Version = "typst 0.14.2 (typst-ts-web-compiler 0.7.0), IBM Plex Serif 2.0.0, Sans 1.1.0, Mono 2.5.0"

// The font families always available to a document, as Typst names them. They
// hold Latin, Greek and Cyrillic, figures of one width, ✓ and arrows, but not ✗,
// boxes or bullets of other shapes, and no mathematics.
const (
	Serif = "IBM Plex Serif" // regular, italic, bold, bold italic
	Sans  = "IBM Plex Sans"  // regular, italic, bold
	Mono  = "IBM Plex Mono"  // regular

	// SansSemibold is a family of its own: Typst 0.14 does not know the
	// abbreviation in its name for a weight, and "IBM Plex Sans" with weight 600
	// gives the bold.
	SansSemibold = "IBM Plex Sans SmBld"
)

func unpackModule() ([]byte, error) {
	d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(2*moduleSize))
	if err != nil {
		return nil, fmt.Errorf("typst: unpacking the compiler: %w", err)
	}
	defer d.Close()
	wasm, err := d.DecodeAll(compressedModule, make([]byte, 0, moduleSize))
	if err != nil {
		return nil, fmt.Errorf("typst: unpacking the compiler: %w", err)
	}
	return wasm, nil
}

// Fonts returns the vendored fonts as OpenType, in the order of their names.
func Fonts() ([][]byte, error) {
	names, err := fs.Glob(fontFiles, "vendored/fonts/*.woff")
	if err != nil {
		return nil, err
	}
	fonts := make([][]byte, 0, len(names))
	for _, name := range names {
		packed, err := fontFiles.ReadFile(name)
		if err != nil {
			return nil, err
		}
		font, err := openFont(packed)
		if err != nil {
			return nil, fmt.Errorf("typst: font %s: %w", name, err)
		}
		fonts = append(fonts, font)
	}
	return fonts, nil
}

// openFont returns a font as OpenType or TrueType, unpacking WOFF.
func openFont(b []byte) ([]byte, error) {
	switch {
	case bytes.HasPrefix(b, []byte("wOFF")):
		return unpackWOFF(b)
	case bytes.HasPrefix(b, []byte("OTTO")), bytes.HasPrefix(b, []byte{0, 1, 0, 0}), bytes.HasPrefix(b, []byte("ttcf")):
		return b, nil
	}
	return nil, fmt.Errorf("neither OpenType, TrueType nor WOFF; convert it first")
}
