package web

import (
	"slices"

	"reperform/scoping"
)

// mostReasons are how many reasons a line shows before it folds the rest.
const mostReasons = 3

// basePath are the names that a row of systems joins.
func basePath(b scoping.Base) string {
	path := "system-" + b.System.Ref.ID
	for _, s := range b.Services {
		path += " service-" + s.Ref.ID
	}
	for _, l := range b.Locations {
		path += " location-" + l.Ref.ID
	}
	if b.Operator != nil {
		path += " subservice-" + b.Operator.Ref.ID
	}
	return path
}

// placed tells whether any system says where it runs.
func placed(p *scopePage) bool {
	return slices.ContainsFunc(p.S.Bases, func(b scoping.Base) bool { return len(b.Locations) > 0 })
}
