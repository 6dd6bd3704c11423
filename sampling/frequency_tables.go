package sampling

import "fmt"

// Names of the tables that come with the package.
const (
	SuggestedTable       = "suggested-default"
	PublicGuideTable     = "public-sox-guide"
	PublicWorkbookTable  = "public-sox-workbook"
	SmallPopulationTable = "small-population-recalled"
	TenPercentTable      = "ten-percent-3-to-30"
	CFRTable             = "40-cfr-80.127"
)

// FrequencyTables are the tables that come with the package, the suggested one
// first. Each says in Source what it is worth.
func FrequencyTables() []FrequencyTable {
	return []FrequencyTable{
		{
			Name:   SuggestedTable,
			Source: "Suggested default, within the range of published practice. No standard sets sample sizes; the firm decides.",
			Rows: []FrequencyRow{
				{Frequency: Annual, Occurrences: 1, Low: 1, High: 1},
				{Frequency: SemiAnnual, Occurrences: 2, Low: 1, High: 2},
				{Frequency: Quarterly, Occurrences: 4, Low: 2, High: 2},
				{Frequency: Monthly, Occurrences: 12, Low: 2, High: 4},
				{Frequency: Weekly, Occurrences: 52, Low: 5, High: 10},
				{Frequency: Daily, Occurrences: 250, Low: 20, High: 40},
				{Frequency: MultiplePerDay, Occurrences: 251, Low: 25, High: 60},
			},
		},
		{
			Name:   PublicGuideTable,
			Source: "A public SOX testing guide. Its row for controls as needed serves fewer than 250 occurrences.",
			Rows: []FrequencyRow{
				{Frequency: Annual, Occurrences: 1, Low: 1, Moderate: 1, High: 1},
				{Frequency: Quarterly, Occurrences: 4, Low: 2, Moderate: 2, High: 3},
				{Frequency: Monthly, Occurrences: 12, Low: 2, Moderate: 3, High: 4},
				{Frequency: Weekly, Occurrences: 52, Low: 5, Moderate: 8, High: 15},
				{Frequency: AsNeeded, Occurrences: 249, Low: 20, Moderate: 30, High: 40},
				{Frequency: Daily, Occurrences: 250, Low: 20, Moderate: 30, High: 40},
				{Frequency: MultiplePerDay, Occurrences: 251, Low: 25, Moderate: 40, High: 60},
			},
		},
		{
			Name:   PublicWorkbookTable,
			Source: "A public SOX workbook (minimum and higher size). It attributes itself to PCAOB AS 5, wrongly: the PCAOB sets no sizes.",
			Rows: []FrequencyRow{
				{Frequency: Annual, Occurrences: 1, Low: 1, High: 1},
				{Frequency: Quarterly, Occurrences: 4, Low: 2, High: 2},
				{Frequency: Monthly, Occurrences: 12, Low: 2, High: 3},
				{Frequency: Weekly, Occurrences: 52, Low: 5, High: 10},
				{Frequency: Daily, Occurrences: 250, Low: 25, High: 30},
				{Frequency: MultiplePerDay, Occurrences: 251, Low: 25, High: 40},
			},
		},
		{
			Name:   SmallPopulationTable,
			Source: "Guidance for small populations as recalled from the AICPA's audit sampling guide, not confirmed against it. Daily controls: about 10% of 52 to 250 occurrences.",
			Rows: []FrequencyRow{
				{Frequency: Annual, Occurrences: 1, Low: 1, High: 1},
				{Frequency: Quarterly, Occurrences: 4, Low: 2, High: 2},
				{Frequency: Monthly, Occurrences: 12, Low: 2, High: 4},
				{Frequency: Weekly, Occurrences: 52, Low: 5, High: 9},
				{Frequency: Daily, Occurrences: 250, Percent: 10},
				{Frequency: MultiplePerDay, Occurrences: 251, Low: 25, Moderate: 40, High: 60},
			},
		},
		{
			Name:   TenPercentTable,
			Source: "KirkpatrickPrice, as published by that firm: 10% of the population, at least 3 and at most 30.",
			Steps:  []PopulationStep{{Percent: 10, Min: 3, Max: 30}},
		},
		{
			Name:   CFRTable,
			Source: "40 CFR 80.127, a United States regulation on fuel reporting (public domain); not made for controls.",
			Steps: []PopulationStep{
				{UpTo: 25, Items: 19}, {UpTo: 40, Items: 20}, {UpTo: 65, Items: 25}, {Items: 29},
			},
		},
	}
}

// FindFrequencyTable is the table of a name among those given, or among the
// package's own when none are given.
func FindFrequencyTable(name string, tables ...FrequencyTable) (FrequencyTable, error) {
	if len(tables) == 0 {
		tables = FrequencyTables()
	}
	var names []string
	for _, t := range tables {
		if t.Name == name {
			return t, nil
		}
		names = append(names, t.Name)
	}
	return FrequencyTable{}, fmt.Errorf("frequency table %s is not known; use one of %v", quoted(name), names)
}
