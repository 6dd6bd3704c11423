// Package training says who is asked to take which course by when and how far they
// are, reads courses and quizzes that are written as text, grades a quiz, and holds the
// courses that come with this program. It promises that nobody's state is typed in:
// each follows from the assignments, from the attempts and from a day, and each number
// comes with its records. It reads no clock and no ledger, and it assigns nothing.
package training
