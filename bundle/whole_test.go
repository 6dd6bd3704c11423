package bundle_test

import (
	"testing"

	"reperform/bundle"
)

func TestWholeFileHolds(t *testing.T) {
	s := sharedStory(t)
	v := verify(t, s.export(t, "helen", bundle.ForFile, false), options(t))
	t.Log("\n" + list(v))
	if v.Count(bundle.Fails) > 0 {
		t.Fatalf("claims fail:\n%s", list(v))
	}
}
