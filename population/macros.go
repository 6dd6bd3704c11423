package population

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"reperform/population/duck"
)

// Macros documents the functions that attributes, strata and derivations may
// use beside those of SQL. They are part of the definition of a test: their
// meaning never changes, and a different meaning gets a different name.
//
//	business_days_between(a, b)
//	    The number of business days after the date a up to and including the
//	    date b: 1 from a Friday to the next Monday, 0 from a Friday to a Sunday.
//	    Negative if b lies before a. A business day is Monday to Friday and not
//	    in the list of holidays that the evaluation is given. NULL if a or b is.
//	add_business_days(d, n)
//	    The date n business days after the date d, or before it if n is
//	    negative; d itself if n is 0. n is at most 2,600 either way (about ten
//	    years); beyond that, and if d or n is NULL, the result is NULL.
//	same_identity(a, b)
//	    Whether two spellings name the same user: equal after Unicode
//	    normalization, without surrounding spaces, capital letters aside. If
//	    either is NULL or blank nobody is named, and the result is NULL: neither
//	    "the same" nor "another" would be true.
//	within_tolerance(a, b, tolerance)
//	    Whether a and b differ by at most tolerance. NULL if one of them is.
//
// Timestamps given as dates count by the day that their clock shows; instants
// by the day in the population's zone.
var Macros = []string{"business_days_between", "add_business_days", "same_identity", "within_tolerance"}

// macroHelpers are parts of the above and not for people.
var macroHelpers = []string{"reperform_weekdays", "reperform_business_rank", "reperform_business_day"}

// createMacros defines them with a list of holidays.
//
// Days are counted by rank. The rank of a day among weekdays is the number of
// weekdays from 0001-01-01, a Monday, up to and including it; no earlier date
// can be imported, so ranks are never negative. The rank among business days is
// that less the holidays (which are weekdays) of at most the same rank. Back
// from the rank T among business days to a day: with the holidays' weekday
// ranks r0 < r1 < …, the weekday rank is T plus the number of i with ri - i <= T,
// which steps over each holiday that comes before.
func createMacros(db *duck.DB, holidays []string) error {
	ranks, err := holidayRanks(holidays)
	if err != nil {
		return err
	}
	steps := make([]int64, len(ranks))
	for i, r := range ranks {
		steps[i] = r - int64(i)
	}
	return db.Exec(`
		CREATE MACRO reperform_weekdays(wd) AS
			((wd - DATE '0001-01-01') // 7) * 5 + least((wd - DATE '0001-01-01') % 7 + 1, 5);
		CREATE MACRO reperform_business_rank(bd) AS
			reperform_weekdays(bd)` + countUpTo(ranks, "reperform_weekdays(bd)", "-") + `;
		CREATE MACRO reperform_business_day(brank) AS
			DATE '0001-01-01' + CAST(((brank` + countUpTo(steps, "brank", "+") + ` - 1) // 5) * 7
				+ (brank` + countUpTo(steps, "brank", "+") + ` - 1) % 5 AS INTEGER);
		CREATE MACRO business_days_between(a, b) AS
			reperform_business_rank(CAST(b AS DATE)) - reperform_business_rank(CAST(a AS DATE));
		CREATE MACRO add_business_days(d, n) AS
			CASE WHEN n = 0 THEN CAST(d AS DATE)
				WHEN n > 0 AND n <= 2600 THEN reperform_business_day(reperform_business_rank(CAST(d AS DATE)) + n)
				WHEN n < 0 AND n >= -2600 AND reperform_business_rank(CAST(d AS DATE) - 1) + n >= 0
					THEN reperform_business_day(reperform_business_rank(CAST(d AS DATE) - 1) + n + 1)
			END;
		CREATE MACRO same_identity(a, b) AS
			nullif(lower(trim(nfc_normalize(a))), '') = nullif(lower(trim(nfc_normalize(b))), '');
		CREATE MACRO within_tolerance(a, b, tolerance) AS abs(a - b) <= tolerance;`)
}

// countUpTo is the SQL that adds or subtracts how many of the sorted numbers are
// at most x; nothing if there are none. It looks the count up in a list with a
// place for every number from the first to the last, because the engine's
// lambdas are hundreds of times slower.
func countUpTo(numbers []int64, x, sign string) string {
	if len(numbers) == 0 {
		return ""
	}
	first, last := numbers[0], numbers[len(numbers)-1]
	parts := []string{"0"}
	count := 0
	for n := first; n <= last; n++ {
		for count < len(numbers) && numbers[count] <= n {
			count++
		}
		parts = append(parts, strconv.Itoa(count))
	}
	return fmt.Sprintf(" %s CAST([%s] AS BIGINT[])[least(greatest(%s - %d, 1), %d)]", sign, strings.Join(parts, ","), x, first-2, len(parts))
}

// holidayRanks are the ranks among weekdays of the holidays that fall on one,
// in order, each once.
func holidayRanks(holidays []string) ([]int64, error) {
	var ranks []int64
	for _, h := range holidays {
		day, err := time.Parse(time.DateOnly, h)
		if err != nil || day.Year() < 1 {
			return nil, &SQLError{Where: "holidays", Problem: fmt.Sprintf("%q is not a date of the form YYYY-MM-DD", h), Remedy: "correct the list"}
		}
		if w := day.Weekday(); w == time.Saturday || w == time.Sunday {
			continue
		}
		first := time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)
		days := day.Unix()/86400 - first.Unix()/86400
		ranks = append(ranks, days/7*5+min(days%7+1, 5))
	}
	slices.Sort(ranks)
	const fiftyYears = 50 * 261
	if len(ranks) > 0 && ranks[len(ranks)-1]-ranks[0] > fiftyYears {
		return nil, &SQLError{Where: "holidays", Problem: "the holidays span more than fifty years", Remedy: "give those of the period and a few years around it"}
	}
	return slices.Compact(ranks), nil
}
