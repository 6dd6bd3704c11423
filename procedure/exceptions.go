package procedure

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"

	"reperform/population"
)

// ReadExceptions reads the file of exceptions that an evaluation wrote.
func ReadExceptions(path string) ([]population.Exception, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var out []population.Exception
	sc := bufio.NewScanner(f)
	sc.Buffer(nil, 16<<20)
	for sc.Scan() {
		var x population.Exception
		if err := json.Unmarshal(sc.Bytes(), &x); err != nil {
			return nil, fmt.Errorf("file of exceptions, line %d: %w", len(out)+1, err)
		}
		out = append(out, x)
	}
	return out, sc.Err()
}

// Items counts the items among exceptions: one that fails several attributes
// is one item.
func Items(exceptions []population.Exception) int64 {
	keys := make(map[string]struct{}, len(exceptions))
	for _, x := range exceptions {
		keys[x.Key] = struct{}{}
	}
	return int64(len(keys))
}
