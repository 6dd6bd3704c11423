package blob_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"reperform/blob"
)

func Example() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	ctx := context.Background()

	keys := blob.FileKeys(filepath.Join(dir, "keys"))
	if err := keys.Create(ctx, "acme"); err != nil {
		fmt.Println(err)
		return
	}
	store := blob.Files(filepath.Join(dir, "blobs"), keys)

	ref, err := store.Put(ctx, "acme", strings.NewReader("id,amount\n1,10.00\n"))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(ref, ref.Size)

	r, err := store.Open(ctx, "acme", ref.SHA256)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer r.Close()
	text, err := io.ReadAll(r)
	fmt.Printf("%q %v\n", text, err)
	// Output:
	// f250ff79e90fe79bb2baf72f4728c9183831b1e7ecab40b0f3f9175e337d2e9d 18
	// "id,amount\n1,10.00\n" <nil>
}
