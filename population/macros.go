package population

import (
	"fmt"
	"slices"
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
var macroHelpers = []string{"reperform_weekdays", "reperform_holidays"}

// createMacros defines them with a list of holidays.
func createMacros(db *duck.DB, holidays []string) error {
	list, err := holidayList(holidays)
	if err != nil {
		return err
	}
	// 0001-01-01 was a Monday in the proleptic Gregorian calendar, and no date
	// before it can be imported: the counts below are never negative.
	return db.Exec(`
		CREATE MACRO reperform_weekdays(wd) AS
			((wd - DATE '0001-01-01') // 7) * 5 + least((wd - DATE '0001-01-01') % 7 + 1, 5);
		CREATE MACRO reperform_holidays(hfrom, hto) AS
			len(list_filter(` + list + `, hday -> hday > hfrom AND hday <= hto));
		CREATE MACRO business_days_between(a, b) AS
			CASE WHEN CAST(a AS DATE) <= CAST(b AS DATE)
				THEN reperform_weekdays(CAST(b AS DATE)) - reperform_weekdays(CAST(a AS DATE)) - reperform_holidays(CAST(a AS DATE), CAST(b AS DATE))
				ELSE -(reperform_weekdays(CAST(a AS DATE)) - reperform_weekdays(CAST(b AS DATE)) - reperform_holidays(CAST(b AS DATE), CAST(a AS DATE)))
			END;
		CREATE MACRO add_business_days(d, n) AS
			CASE WHEN n = 0 THEN CAST(d AS DATE)
				WHEN n > 0 AND n <= 2600 THEN
					CAST(d AS DATE) + CAST(list_filter(range(1, n + 2 * (n // 5) + 10 + ` + fmt.Sprint(3*len(holidays)) + `),
						away -> business_days_between(CAST(d AS DATE), CAST(d AS DATE) + CAST(away AS INTEGER)) = n)[1] AS INTEGER)
				WHEN n < 0 AND n >= -2600 THEN
					CAST(d AS DATE) - CAST(list_filter(range(1, -n + 2 * (-n // 5) + 10 + ` + fmt.Sprint(3*len(holidays)) + `),
						away -> business_days_between(CAST(d AS DATE) - CAST(away AS INTEGER) - 1, CAST(d AS DATE) - 1) = -n)[1] AS INTEGER)
			END;
		CREATE MACRO same_identity(a, b) AS
			nullif(lower(trim(nfc_normalize(a))), '') = nullif(lower(trim(nfc_normalize(b))), '');
		CREATE MACRO within_tolerance(a, b, tolerance) AS abs(a - b) <= tolerance;`)
}

// holidayList is the SQL list of the holidays that fall on weekdays, each once.
func holidayList(holidays []string) (string, error) {
	var days []string
	for _, h := range holidays {
		day, err := time.Parse(time.DateOnly, h)
		if err != nil {
			return "", &SQLError{Where: "holidays", Problem: fmt.Sprintf("%q is not a date of the form YYYY-MM-DD", h), Remedy: "correct the list"}
		}
		if w := day.Weekday(); w != time.Saturday && w != time.Sunday {
			days = append(days, "DATE "+duck.Literal(h))
		}
	}
	slices.Sort(days)
	return "CAST([" + strings.Join(slices.Compact(days), ", ") + "] AS DATE[])", nil
}
