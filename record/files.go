package record

import (
	"encoding/json"

	"reperform/soc1"
)

// Files collects the sealed files that a stored document names, by SHA-256:
// objects with a name, a size and a sha256, wherever they stand. The source
// file of a population is described and not kept, so it is passed over.
func Files(document []byte, into map[string]soc1.File) {
	var v any
	if json.Unmarshal(document, &v) == nil {
		walkFiles(v, into)
	}
}

func walkFiles(v any, into map[string]soc1.File) {
	switch x := v.(type) {
	case []any:
		for _, e := range x {
			walkFiles(e, into)
		}
	case map[string]any:
		sha, _ := x["sha256"].(string)
		name, _ := x["name"].(string)
		if size, ok := x["size"].(float64); ok && len(sha) == 64 {
			into[sha] = soc1.File{Name: name, SHA256: sha, Size: int64(size)}
		}
		for k, e := range x {
			if k != "source_file" {
				walkFiles(e, into)
			}
		}
	}
}
