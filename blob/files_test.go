package blob_test

import (
	"testing"

	"reperform/blob"
	"reperform/blob/blobtest"
)

func TestFilesKeepTheContract(t *testing.T) {
	blobtest.Run(t, func(t *testing.T, keys blob.KeyProvider) blob.Store {
		return blob.Files(t.TempDir(), keys)
	})
}
