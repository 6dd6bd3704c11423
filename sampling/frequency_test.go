package sampling

import (
	"strings"
	"testing"
)

func TestFrequencySizes(t *testing.T) {
	for _, c := range []struct {
		table      string
		frequency  Frequency
		risk       RiskLevel
		population int64
		want       int64
	}{
		{SuggestedTable, Annual, HighRisk, 1, 1},
		{SuggestedTable, SemiAnnual, LowRisk, 2, 1},
		{SuggestedTable, SemiAnnual, HighRisk, 2, 2},
		{SuggestedTable, Quarterly, HighRisk, 4, 2},
		{SuggestedTable, Monthly, LowRisk, 12, 2},
		{SuggestedTable, Monthly, HighRisk, 12, 4},
		{SuggestedTable, Weekly, HighRisk, 52, 10},
		{SuggestedTable, Daily, LowRisk, 250, 20},
		{SuggestedTable, MultiplePerDay, LowRisk, 1_000_000, 25},
		{SuggestedTable, MultiplePerDay, HighRisk, 1_000_000, 60},
		{SuggestedTable, AutomatedContinuous, HighRisk, 1_000_000, 3},
		// As needed: 32 lies equally far from 12 and 52, 151 from 52 and 250.
		{SuggestedTable, AsNeeded, HighRisk, 1, 1},
		{SuggestedTable, AsNeeded, HighRisk, 31, 4},
		{SuggestedTable, AsNeeded, HighRisk, 32, 10},
		{SuggestedTable, AsNeeded, HighRisk, 150, 10},
		{SuggestedTable, AsNeeded, HighRisk, 151, 40},
		{SuggestedTable, AsNeeded, HighRisk, 250, 40},
		{SuggestedTable, AsNeeded, HighRisk, 251, 60},
		{SuggestedTable, AsNeeded, HighRisk, 9000, 60},
		// Never more than there is, nothing of nothing.
		{SuggestedTable, Daily, HighRisk, 31, 31},
		{SuggestedTable, Monthly, HighRisk, 0, 0},
		{PublicGuideTable, Weekly, ModerateRisk, 52, 8},
		{PublicGuideTable, AsNeeded, ModerateRisk, 249, 30},
		{PublicGuideTable, AsNeeded, ModerateRisk, 4000, 40},
		{PublicWorkbookTable, Daily, HighRisk, 250, 30},
		{SmallPopulationTable, Daily, LowRisk, 52, 6},
		{SmallPopulationTable, Daily, LowRisk, 250, 25},
		{TenPercentTable, Weekly, LowRisk, 52, 6},
		{TenPercentTable, Monthly, LowRisk, 12, 3},
		{TenPercentTable, Annual, LowRisk, 1, 1},
		{TenPercentTable, AsNeeded, HighRisk, 10_000, 30},
		{CFRTable, AsNeeded, LowRisk, 12, 12},
		{CFRTable, AsNeeded, LowRisk, 25, 19},
		{CFRTable, AsNeeded, LowRisk, 26, 20},
		{CFRTable, AsNeeded, LowRisk, 41, 25},
		{CFRTable, AsNeeded, LowRisk, 66, 29},
	} {
		table, err := FindFrequencyTable(c.table)
		if err != nil {
			t.Fatal(err)
		}
		got, err := table.Size(SizeInput{Frequency: c.frequency, Risk: c.risk, Population: c.population, Rules: 3})
		if err != nil || got.Items != c.want || got.Basis == "" || got.Table != c.table {
			t.Errorf("%s: %s, %s risk, population %d: %+v, %v; want %d", c.table, c.frequency, c.risk, c.population, got, err, c.want)
		}
	}
}

// Every table answers every frequency and population, or says what to choose.
func TestFrequencyTablesAreComplete(t *testing.T) {
	for _, table := range FrequencyTables() {
		if err := table.Validate(); err != nil {
			t.Error(err)
		}
		for _, frequency := range Frequencies() {
			for _, population := range []int64{0, 1, 5, 100, 100_000} {
				got, err := table.Size(SizeInput{Frequency: frequency, Risk: LowRisk, Population: population})
				if err != nil {
					if frequency != SemiAnnual || !strings.Contains(err.Error(), "no row for semi_annual") {
						t.Errorf("%s: %s of %d: %v", table.Name, frequency, population, err)
					}
					continue
				}
				if frequency != AutomatedContinuous && (got.Items > population || population > 0 && got.Items < 1) {
					t.Errorf("%s: %s of %d: %d items", table.Name, frequency, population, got.Items)
				}
			}
		}
	}
}

func TestFrequencyErrors(t *testing.T) {
	table := FrequencyTables()[0]
	for _, c := range []struct {
		in   SizeInput
		want string
	}{
		{SizeInput{Frequency: "hourly", Risk: LowRisk}, `frequency "hourly" is not known`},
		{SizeInput{Frequency: Daily, Risk: "medium"}, `risk "medium" is not known`},
		{SizeInput{Frequency: Daily, Risk: ModerateRisk, Population: 9}, "no column for moderate risk"},
		{SizeInput{Frequency: Daily, Risk: LowRisk, Population: -1}, "population -1"},
	} {
		if _, err := table.Size(c.in); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v, want an error with %q", c.in, err, c.want)
		}
	}
	if _, err := FindFrequencyTable("aicpa"); err == nil || !strings.Contains(err.Error(), SuggestedTable) {
		t.Errorf("an unknown table: %v, want the names there are", err)
	}
	row := FrequencyRow{Frequency: Daily, Occurrences: 250, Low: 20, High: 40}
	for _, c := range []struct {
		table FrequencyTable
		want  string
	}{
		{FrequencyTable{Source: "s", Rows: []FrequencyRow{row}}, "needs a name and a source"},
		{FrequencyTable{Name: "f", Source: "s"}, "neither rows nor steps"},
		{FrequencyTable{Name: "f", Source: "s", Rows: []FrequencyRow{row, row}}, "row 2: daily stands there twice"},
		{FrequencyTable{Name: "f", Source: "s", Rows: []FrequencyRow{row, {Frequency: Weekly, Occurrences: 52, Low: 5, High: 10}}}, "order the rows"},
		{FrequencyTable{Name: "f", Source: "s", Rows: []FrequencyRow{{Frequency: Daily, Occurrences: 250, Low: 20, High: 10}}}, "do not fall with the risk"},
		{FrequencyTable{Name: "f", Source: "s", Rows: []FrequencyRow{{Frequency: Daily, Low: 20, High: 30}}}, "0 occurrences"},
		{FrequencyTable{Name: "f", Source: "s", Rows: []FrequencyRow{{Frequency: AutomatedContinuous, Occurrences: 1, Low: 1, High: 1}}}, "once for each rule"},
		{FrequencyTable{Name: "f", Source: "s", Rows: []FrequencyRow{{Frequency: Daily, Occurrences: 250, Percent: 101}}}, "percent 101"},
		{FrequencyTable{Name: "f", Source: "s", Steps: []PopulationStep{{UpTo: 5, Items: 1}}}, "the last step, and only it"},
		{FrequencyTable{Name: "f", Source: "s", Steps: []PopulationStep{{UpTo: 5, Items: 1}, {UpTo: 5, Items: 2}, {Items: 3}}}, "up_to 5 follows 5"},
		{FrequencyTable{Name: "f", Source: "s", Steps: []PopulationStep{{Items: 0}}}, "0 items"},
		{FrequencyTable{Name: "f", Source: "s", Steps: []PopulationStep{{Percent: 10}}}, "min of at least 1"},
	} {
		if err := c.table.Validate(); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v, want an error with %q", c.table, err, c.want)
		}
	}
}
