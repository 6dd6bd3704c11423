// Package planning is the plan of an examination: how far acceptance, independence,
// materiality, timetable and method are, and for each control in scope the test that its
// nature, frequency, risks and assertions suggest, with the reasons, beside the test that
// is planned and the one of last year. It proposes and records nothing.
package planning
