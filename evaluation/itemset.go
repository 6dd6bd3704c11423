package evaluation

import (
	"reperform/record"
	"reperform/soc1"
)

// itemSet counts distinct items over several attributes. Some are known by key,
// some (large groups of a census) only by number.
type itemSet struct {
	keys     map[string]bool
	listed   map[string]map[string]bool
	unlisted map[string]int64
	// twice are keys that were added twice for one attribute.
	twice []string
}

func newItemSet() *itemSet {
	return &itemSet{keys: map[string]bool{}, listed: map[string]map[string]bool{}, unlisted: map[string]int64{}}
}

func (s *itemSet) add(attribute, key string) {
	if s.listed[attribute] == nil {
		s.listed[attribute] = map[string]bool{}
	}
	if s.listed[attribute][key] {
		s.twice = append(s.twice, key+" "+attribute)
	}
	s.listed[attribute][key], s.keys[key] = true, true
}

// of is the number of items of one attribute, which is exact: an item has one
// outcome for an attribute, so that its groups do not overlap.
func (s *itemSet) of(attribute string) int64 {
	return int64(len(s.listed[attribute])) + s.unlisted[attribute]
}

// bounds are the fewest and the most distinct items that the set can stand for;
// they are equal unless items known only by number may be among those of
// another attribute. most is never above rows when rows is given.
func (s *itemSet) bounds(rows int64) (fewest, most int64) {
	fewest, most = int64(len(s.keys)), int64(len(s.keys))
	for attribute, n := range s.unlisted {
		most += n
		fewest = max(fewest, s.of(attribute))
	}
	// Beside listed items of its own attribute, a single group is disjoint
	// from everything there is.
	if len(s.unlisted) == 1 {
		for attribute, n := range s.unlisted {
			if len(s.listed[attribute]) == len(s.keys) {
				fewest = int64(len(s.keys)) + n
			}
		}
	}
	if rows > 0 && most > rows {
		most = max(rows, fewest)
	}
	return fewest, most
}

// keysOf are the items of an exception as far as they are known by key, and how
// many are not.
func (f *File) keysOf(x record.Typed[soc1.Exception]) (keys []string, unlisted int64) {
	if len(x.Value.ItemKeys) > 0 {
		return x.Value.ItemKeys, 0
	}
	if keys := f.GroupItems[x.ID]; int64(len(keys)) == x.Value.Group.Count {
		return keys, 0
	}
	return nil, x.Value.Group.Count
}

// addAll adds all items of an exception.
func (f *File) addAll(s *itemSet, x record.Typed[soc1.Exception]) {
	keys, unlisted := f.keysOf(x)
	for _, key := range keys {
		s.add(x.Value.Attribute, key)
	}
	if unlisted > 0 {
		s.unlisted[x.Value.Attribute] += unlisted
	}
}
