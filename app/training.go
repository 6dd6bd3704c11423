package app

import (
	"bytes"
	"cmp"
	"context"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
	"time"

	"reperform/english"
	"reperform/identity"
	"reperform/ledger"
	"reperform/record"
	"reperform/soc1"
	"reperform/training"
)

// TrainingOptions say as of when the register of training is asked for.
type TrainingOptions struct {
	// AsOf is the point on the two clocks; the zero value is the present.
	AsOf record.AsOf
}

// Training is who is asked to take which course and how far they are. It is refused to
// whoever does not read all of the organization's ledger: a part of it would say that
// fewer people are asked, or that fewer have passed.
func (a *App) Training(ctx context.Context, actor string, opt TrainingOptions) (*training.Register, error) {
	f, err := a.trainingFacts(ctx, actor, opt)
	if err != nil {
		return nil, err
	}
	return training.Of(f), nil
}

func (a *App) trainingFacts(ctx context.Context, actor string, opt TrainingOptions) (*training.Facts, error) {
	if err := a.wholly(ctx, actor, OrganizationLedger); err != nil {
		return nil, err
	}
	reader, err := a.Reader(ctx, actor, OrganizationLedger)
	if err != nil {
		return nil, err
	}
	// What the actor does not read is counted where it is their own.
	v, err := a.view(ctx, OrganizationLedger, opt.AsOf)
	if err != nil {
		return nil, err
	}
	today, err := a.Today(ctx)
	if err != nil {
		return nil, err
	}
	if opt.AsOf.Effective != "" && opt.AsOf.Effective < today {
		today = opt.AsOf.Effective
	}
	f, err := trainingOf(ctx, v, today)
	if err != nil {
		return nil, err
	}
	f.Completions = slices.DeleteFunc(f.Completions, func(x record.Typed[soc1.CourseCompletion]) bool {
		return x.Value.Person != actor && reader.hides(x.Record)
	})
	return f, nil
}

// trainingOf reads the facts from a view.
func trainingOf(ctx context.Context, v *record.View, today soc1.Date) (*training.Facts, error) {
	f := &training.Facts{Today: today}
	var errs [5]error
	f.Courses, errs[0] = record.All[soc1.Course](ctx, v, "course")
	f.Keys, errs[1] = record.All[soc1.CourseKey](ctx, v, "course_key")
	f.Assignments, errs[2] = record.All[soc1.TrainingAssignment](ctx, v, "training_assignment")
	f.Completions, errs[3] = record.All[soc1.CourseCompletion](ctx, v, "course_completion")
	f.People, errs[4] = record.All[soc1.Person](ctx, v, "person")
	return f, cmp.Or(errs[:]...)
}

// MayKeepCourses tells whether the actor may keep courses with their answers, and so
// adopt one; the error says who may.
func (a *App) MayKeepCourses(ctx context.Context, actor string) error {
	return a.authorize(ctx, actor, identity.CourseKeep, identity.Resource{Ledger: OrganizationLedger, Kind: "course_key"})
}

// MayTakeCourses tells whether the actor may take courses; the error says who may.
func (a *App) MayTakeCourses(ctx context.Context, actor string) error {
	return a.authorize(ctx, actor, identity.CourseTake, identity.Resource{Ledger: OrganizationLedger, Kind: "course_completion", Owner: actor})
}

// sealedAnswers is what a key commits to. The salt keeps what is right from being found
// out by trying which answers have this digest.
type sealedAnswers struct {
	Course  string            `json:"course"`
	Salt    string            `json:"salt"`
	Answers []training.Answer `json:"answers"`
}

// mostAnswers bounds the sealed answers of a course in bytes.
const mostAnswers = 4 << 20

// CourseKeeping is a course with what is right of its quiz.
type CourseKeeping struct {
	// ID of the course; empty lets the program choose one.
	ID string
	// Revision is the one that was looked at, 0 for a new course, -1 to not care.
	Revision int64
	Course   soc1.Course
	// Answers are what is right. They may be left out where the questions stay as
	// they are.
	Answers []training.Answer
	Reason  string
}

// KeepCourse records a course together with the key to its quiz, in one command, and
// returns its id. The right answers are sealed; the ledger, which everybody of the
// organization reads, holds a commitment to them.
func (a *App) KeepCourse(ctx context.Context, actor string, k CourseKeeping) (string, error) {
	if err := a.admit(ctx, actor, identity.CourseKeep, identity.Resource{Ledger: OrganizationLedger, Kind: "course_key"}); err != nil {
		return "", err
	}
	if err := a.writable(); err != nil {
		return "", err
	}
	today, err := a.Today(ctx)
	if err != nil {
		return "", err
	}
	id, err := a.newID("course-", k.ID)
	if err != nil {
		return "", err
	}
	if err := fieldProblem(k.Course.Validate()); err != nil {
		return "", err
	}
	if err := a.heldAll(ctx, OrganizationLedger, k.Course.Files); err != nil {
		return "", err
	}
	var key *soc1.CourseKey
	if len(k.Answers) > 0 {
		if wrong := training.Covers(k.Course, k.Answers); wrong != "" {
			return "", &FieldError{"questions", wrong, ""}
		}
		if key, err = a.sealAnswers(ctx, id, k.Course, k.Answers); err != nil {
			return "", err
		}
		key.KeptBy, key.KeptOn = actor, today
	}
	kind, err := record.Kinds.Kind("course")
	if err != nil {
		return "", err
	}
	req := request{actor: actor, ledger: OrganizationLedger, may: identity.CourseKeep, kind: "course_key", action: "course.keep", reason: cmp.Or(strings.TrimSpace(k.Reason), "Course kept.")}
	_, err = a.decide(ctx, req, func(tx *Tx) error {
		if err := tx.register(kind, RecordChange{Ledger: OrganizationLedger, Kind: "course", ID: id, Revision: k.Revision, Value: k.Course}); err != nil {
			return err
		}
		switch {
		case key != nil:
			return tx.Put("course_key", id, "", *key)
		case len(k.Course.Questions) == 0:
			return nil
		}
		now, err := get[soc1.CourseKey](tx, "course_key", id)
		if isNotFound(err) || err == nil && now.QuizSHA256 != training.QuizDigest(k.Course.Questions) {
			return &FieldError{"questions", "The questions have changed, so that what is right of them has to be said again.", ""}
		}
		return err
	})
	if err != nil {
		return "", err
	}
	return id, nil
}

// sealAnswers seals the answers.
func (a *App) sealAnswers(ctx context.Context, course string, c soc1.Course, answers []training.Answer) (*soc1.CourseKey, error) {
	salt := make([]byte, 32)
	if _, err := io.ReadFull(randomness(a.opt), salt); err != nil {
		return nil, err
	}
	b, err := json.Marshal(sealedAnswers{Course: course, Salt: hex.EncodeToString(salt), Answers: answers})
	if err != nil {
		return nil, err
	}
	if len(b) > mostAnswers {
		return nil, &FieldError{"questions", "The explanations are too long. Shorten them.", ""}
	}
	// Apart from the files of records: whoever can make a record of evidence could name
	// the digest of the answers in it, and open them as its file.
	ref, err := a.sealed.Put(ctx, OrganizationLedger, bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	return &soc1.CourseKey{Course: course, Questions: len(c.Questions), QuizSHA256: training.QuizDigest(c.Questions), Commitment: ref.String()}, nil
}

// answersOf reads the answers that a key commits to; the store checks that it is these.
func (a *App) answersOf(ctx context.Context, k soc1.CourseKey) ([]training.Answer, error) {
	sha, err := digest(k.Commitment)
	if err != nil {
		return nil, err
	}
	r, err := a.sealed.Open(ctx, OrganizationLedger, sha)
	if err != nil {
		return nil, fmt.Errorf("the sealed answers of course %s: %w", k.Course, err)
	}
	defer r.Close()
	b, err := io.ReadAll(io.LimitReader(r, mostAnswers))
	if err != nil {
		return nil, err
	}
	var s sealedAnswers
	if err := json.Unmarshal(b, &s); err != nil {
		return nil, fmt.Errorf("the sealed answers of course %s: %w", k.Course, err)
	}
	if s.Course != k.Course {
		return nil, fmt.Errorf("the sealed answers of course %s are those of another course", k.Course)
	}
	return s.Answers, nil
}

// CourseAnswers are what is right of a course's quiz, and why. They are for who keeps
// courses, and for who has passed this one as it is now.
func (a *App) CourseAnswers(ctx context.Context, actor, course string) ([]training.Answer, error) {
	f, err := a.trainingFacts(ctx, actor, TrainingOptions{})
	if err != nil {
		return nil, err
	}
	r := training.Of(f)
	c := r.Course(course)
	if c == nil {
		return nil, fmt.Errorf("course %q: %w", course, record.ErrNotFound)
	}
	if err := a.MayKeepCourses(ctx, actor); err != nil && !c.PassedNow(actor) {
		return nil, err
	}
	if c.Key == nil || !c.Open() {
		return nil, nil
	}
	return a.answersOf(ctx, c.Key.Value)
}

// Adopting is a built-in course that the organization makes its own.
type Adopting struct {
	// BuiltIn is the name of the course; training.BuiltIns lists them.
	BuiltIn string
	// ID of the course here; empty takes the name.
	ID string
	// Owner keeps it current; empty is the actor.
	Owner string
	// Controls are those that it serves.
	Controls []string
}

// AdoptCourse makes a course that comes with this program one of the organization's,
// with its answers, and returns its id. From then on it is the organization's to change.
func (a *App) AdoptCourse(ctx context.Context, actor string, x Adopting) (string, error) {
	if err := a.admit(ctx, actor, identity.CourseKeep, identity.Resource{Ledger: OrganizationLedger, Kind: "course_key"}); err != nil {
		return "", err
	}
	b, err := training.BuiltInOf(x.BuiltIn)
	if err != nil {
		return "", &FieldError{"built_in", stop(strings.ToUpper(err.Error()[:1]) + err.Error()[1:]), ""}
	}
	id := cmp.Or(x.ID, "your-part-"+b.ID)
	v, err := a.latest(OrganizationLedger)
	if err != nil {
		return "", err
	}
	if _, err := v.Get(ctx, "course", id); err == nil {
		return "", &FieldError{"id", fmt.Sprintf("There is a course %q already. Give another id, or change that one.", id), ""}
	} else if !isNotFound(err) {
		return "", err
	}
	c := b.Course
	c.Owner, c.Controls = cmp.Or(x.Owner, actor), x.Controls
	return a.KeepCourse(ctx, actor, CourseKeeping{ID: id, Course: c, Answers: b.Answers, Reason: "Adopted from the courses of the program."})
}

// Assigning asks people to take a course.
type Assigning struct {
	// ID of the assignment; empty lets the program choose one.
	ID       string
	Course   string
	Audience soc1.Audience
	// Due is the day by which they pass it.
	Due        soc1.Date
	Reason     string
	Engagement string
	// Anew says that who passed before is asked all the same.
	Anew bool
}

// MayAssignTraining tells whether the actor may assign courses; the error says who may.
func (a *App) MayAssignTraining(ctx context.Context, actor string) error {
	return a.MayPut(ctx, actor, OrganizationLedger, "training_assignment", "")
}

// AssignTraining asks people to take a course by a day, and returns the id of the
// assignment.
func (a *App) AssignTraining(ctx context.Context, actor string, x Assigning) (string, error) {
	if err := a.MayAssignTraining(ctx, actor); err != nil {
		return "", err
	}
	today, err := a.Today(ctx)
	if err != nil {
		return "", err
	}
	switch {
	case x.Due == "":
		return "", &FieldError{"due", "Say by when it is to be passed.", ""}
	case !x.Due.Valid():
		return "", &FieldError{"due", fmt.Sprintf("%q is no day. Write it as 2025-12-31.", string(x.Due)), ""}
	case x.Due < today:
		return "", &FieldError{"due", fmt.Sprintf("%s has passed. Name a day from %s on.", x.Due, today), ""}
	case x.Audience.None():
		return "", &FieldError{"audience", "Say for whom it is: everybody, roles or people.", ""}
	}
	id, err := a.newID("training-", x.ID)
	if err != nil {
		return "", err
	}
	kind, err := record.Kinds.Kind("training_assignment")
	if err != nil {
		return "", err
	}
	value := soc1.TrainingAssignment{Course: x.Course, Audience: x.Audience, AssignedOn: today, Due: x.Due, AssignedBy: actor, Reason: strings.TrimSpace(x.Reason), Engagement: x.Engagement, Anew: x.Anew}
	req := request{actor: actor, ledger: OrganizationLedger, may: identity.Put, kind: "training_assignment", action: "training.assign", reason: cmp.Or(value.Reason, "Training assigned.")}
	_, err = a.decide(ctx, req, func(tx *Tx) error {
		for _, k := range []string{"course", "course_key", "person"} {
			tx.guard(k, "")
		}
		f, err := trainingOf(ctx, tx.view, today)
		if err != nil {
			return err
		}
		c := training.Of(f).Course(x.Course)
		switch {
		case c == nil:
			return &FieldError{"course", fmt.Sprintf("There is no course %q.", x.Course), "reperform training"}
		case !c.Open():
			return &FieldError{"course", "The course cannot be taken: nothing says what is right of its questions. Keep it together with its answers first.", ""}
		case !slices.ContainsFunc(f.People, func(p record.Typed[soc1.Person]) bool { return x.Audience.Includes(p.ID, p.Value, today) }):
			return &FieldError{"audience", "Nobody of those works for the organization today.", ""}
		}
		if x.ID == "" {
			// Sent twice, it is one assignment.
			same, err := madeAlready(tx, "training_assignment", func(y soc1.TrainingAssignment) bool { return reflect.DeepEqual(plainAudience(y), plainAudience(value)) })
			if err != nil || same != "" {
				id = same
				return err
			}
		}
		return tx.register(kind, RecordChange{Ledger: OrganizationLedger, Kind: "training_assignment", ID: id, Value: value})
	})
	if err != nil {
		return "", err
	}
	return id, nil
}

// plainAudience is an assignment whose empty lists are as they come out of a ledger.
func plainAudience(a soc1.TrainingAssignment) soc1.TrainingAssignment {
	if len(a.Audience.Roles) == 0 {
		a.Audience.Roles = nil
	}
	if len(a.Audience.CustomRoles) == 0 {
		a.Audience.CustomRoles = nil
	}
	if len(a.Audience.People) == 0 {
		a.Audience.People = nil
	}
	return a
}

// CourseTaking is how somebody took a course.
type CourseTaking struct {
	Course string
	// Seen is the revision of the course that was looked at; 0 does not care.
	Seen int64
	// Answers are the letters chosen, by the id of the question.
	Answers map[string][]string
	// Read confirms, of a course without a quiz, that the actor went through it.
	Read bool
}

// CourseTaken is what came of it.
type CourseTaken struct {
	// ID is the completion that was recorded, passed or not.
	ID string
	soc1.CourseCompletion
	// Answers are what is right and why; only who passed is told. Of who did not, neither
	// the score nor what was wrong is told.
	Answers []training.Answer
	// Next is from when the quiz may be tried again; zero where it was passed.
	Next time.Time
}

// TakeCourse grades what the actor answered and records the attempt as their own,
// passed or not: whoever relies on training asks for both. Who has not passed is told
// that, and from when they may try again.
func (a *App) TakeCourse(ctx context.Context, actor string, x CourseTaking) (*CourseTaken, error) {
	own := identity.Resource{Ledger: OrganizationLedger, Kind: "course_completion", Owner: actor}
	if err := a.admit(ctx, actor, identity.CourseTake, own); err != nil {
		return nil, err
	}
	today, err := a.Today(ctx)
	if err != nil {
		return nil, err
	}
	id, err := a.newID("taken-", "")
	if err != nil {
		return nil, err
	}
	var out *CourseTaken
	req := request{actor: actor, ledger: OrganizationLedger, may: identity.CourseTake, kind: "course_completion", owner: actor, action: "course.take", reason: "Course taken."}
	_, err = a.decide(ctx, req, func(tx *Tx) error {
		for _, k := range []string{"course", "course_key", "training_assignment", "person", "course_completion"} {
			tx.guard(k, "")
		}
		f, err := trainingOf(ctx, tx.view, today)
		if err != nil {
			return err
		}
		reg := training.Of(f)
		c := reg.Course(x.Course)
		if c == nil {
			return fmt.Errorf("course %q: %w", x.Course, record.ErrNotFound)
		}
		next, err := a.nextTry(ctx, tx.view, c, actor)
		if err != nil {
			return err
		}
		if now := a.opt.Now(); now.Before(next) {
			return &WaitError{Until: next}
		}
		out, err = a.graded(ctx, c, x)
		if err != nil {
			return err
		}
		v := &out.CourseCompletion
		v.Person, v.FinishedOn, v.Attempt = actor, today, c.NextAttempt(actor)
		for _, l := range reg.Of(actor) {
			if l.Course.ID == c.ID {
				v.Assignment = l.Assignment.ID
			}
		}
		out.ID = id
		return tx.Put("course_completion", id, "", *v)
	})
	if err != nil {
		return nil, err
	}
	if !out.Passed {
		// Which were wrong, and how many, would be the key in a few attempts.
		out.Correct, out.Missed = 0, nil
		if out.Next, err = a.NextTry(ctx, actor, x.Course); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// WaitError says that somebody waits before they try a quiz again.
type WaitError struct{ Until time.Time }

func (e *WaitError) Error() string {
	return fmt.Sprintf("after an attempt that failed one waits, longer each time; the next is possible from %s; read the course once more, or ask who keeps it", e.Until.UTC().Format("2006-01-02 15:04 MST"))
}

// NextTry is from when the actor may try the quiz of a course again; zero where nothing
// has to be waited for.
func (a *App) NextTry(ctx context.Context, actor, course string) (time.Time, error) {
	f, err := a.trainingFacts(ctx, actor, TrainingOptions{})
	if err != nil {
		return time.Time{}, err
	}
	c := training.Of(f).Course(course)
	if c == nil {
		return time.Time{}, fmt.Errorf("course %q: %w", course, record.ErrNotFound)
	}
	v, err := a.latest(OrganizationLedger)
	if err != nil {
		return time.Time{}, err
	}
	next, err := a.nextTry(ctx, v, c, actor)
	if err != nil || !a.opt.Now().Before(next) {
		return time.Time{}, err
	}
	return next, nil
}

// nextTry counts from when the last attempt was recorded.
func (a *App) nextTry(ctx context.Context, v *record.View, c *training.Course, person string) (time.Time, error) {
	failed := c.FailedInARow(person)
	if len(failed) == 0 {
		return time.Time{}, nil
	}
	_, at, err := v.Recorded(ctx, failed[len(failed)-1].Pos)
	if err != nil {
		return time.Time{}, err
	}
	t, err := time.Parse(ledger.TimeFormat, at)
	return t.Add(training.Wait(len(failed))), err
}

// graded is an attempt as it is graded.
func (a *App) graded(ctx context.Context, c *training.Course, x CourseTaking) (*CourseTaken, error) {
	if x.Seen != 0 && x.Seen != c.Revision {
		return nil, &FieldError{"course", "The course was changed while you took it. Read it again, and repeat.", ""}
	}
	out := &CourseTaken{CourseCompletion: soc1.CourseCompletion{Course: c.ID, Revision: c.Revision, Edition: c.Value.Edition, PassMark: c.Value.PassMark}}
	if len(c.Value.Questions) == 0 {
		if !x.Read {
			return nil, &FieldError{"read", "Confirm that you went through the course.", ""}
		}
		out.Passed = true
		return out, nil
	}
	if !c.Open() {
		return nil, &FieldError{"course", fmt.Sprintf("The quiz cannot be graded, because nothing says what is right of its questions. Ask %s, who keeps the course.", c.Value.Owner), ""}
	}
	if q := training.Unanswered(c.Value, x.Answers); q != nil {
		return nil, &FieldError{q.ID, fmt.Sprintf("Question %d is not answered.", slices.IndexFunc(c.Value.Questions, func(y soc1.CourseQuestion) bool { return y.ID == q.ID })+1), ""}
	}
	key, err := a.answersOf(ctx, c.Key.Value)
	if err != nil {
		return nil, err
	}
	g := training.Grade(c.Value, key, x.Answers)
	out.Correct, out.Total, out.Passed, out.Missed = g.Correct, g.Total, g.Passed, g.Missed
	if g.Passed {
		out.Answers = key
	}
	return out, nil
}

// RecordTraining makes the register of an assignment, as it is today, evidence of the
// controls that the course serves, and returns the id of the evidence. The register is
// a sealed CSV file: who was asked, who passed what on which day, with which score.
func (a *App) RecordTraining(ctx context.Context, actor, assignment string) (string, error) {
	if err := a.MayPut(ctx, actor, OrganizationLedger, "evidence", ""); err != nil {
		return "", err
	}
	f, err := a.trainingFacts(ctx, actor, TrainingOptions{})
	if err != nil {
		return "", err
	}
	// Everybody of the organization reads evidence: it tells of attempts that failed by
	// their number at a pass alone.
	f.Completions = slices.DeleteFunc(f.Completions, func(x record.Typed[soc1.CourseCompletion]) bool { return !x.Value.Passed })
	r := training.Of(f)
	at := slices.IndexFunc(f.Assignments, func(x record.Typed[soc1.TrainingAssignment]) bool { return x.ID == assignment })
	if at < 0 || r.Course(f.Assignments[at].Value.Course) == nil {
		return "", fmt.Errorf("training assignment %q: %w", assignment, record.ErrNotFound)
	}
	c := r.Course(f.Assignments[at].Value.Course)
	then, err := a.peopleOn(ctx, actor, min(r.Today, f.Assignments[at].Value.Due))
	if err != nil {
		return "", err
	}
	rows := f.Rows(r, assignment, then)
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	if err := w.Write(training.Header); err != nil {
		return "", err
	}
	for _, row := range rows {
		for i := range row {
			row[i] = noFormula(row[i])
		}
	}
	if err := errors.Join(w.WriteAll(rows), w.Error()); err != nil {
		return "", err
	}
	kept, err := a.KeepFile(ctx, actor, OrganizationLedger, fmt.Sprintf("training-%s-%s.csv", c.ID, r.Today), &b)
	if err != nil {
		return "", err
	}
	// Recorded again with nothing new in it, it is the same evidence.
	if there, err := a.registerFiled(ctx, actor, assignment, kept.File); err != nil || there != "" {
		return there, err
	}
	t := r.Assigned(assignment)
	said := fmt.Sprintf("%d of %d people asked have passed; %d are overdue.", len(t.In(training.Passed)), len(t.Lines), len(t.Late()))
	if left := len(rows) - len(t.Lines); left > 0 {
		said += fmt.Sprintf(" Listed besides: %s no longer asked.", english.Count(left, "person"))
	}
	return a.FileEvidence(ctx, actor, Filing{Files: []soc1.File{kept.File}, Reason: "Register of training recorded.", Evidence: soc1.Evidence{
		Title: fmt.Sprintf("Register of training: %s, as of %s", c.Value.Title, r.Today), Controls: c.Value.Controls, AsOf: r.Today, CapturedAt: a.now(),
		Source:      "Register of training in this workspace",
		HowObtained: madeFromAssignment(assignment),
		Description: said}})
}

func madeFromAssignment(assignment string) string {
	return fmt.Sprintf("Made from training assignment %s and the attempts recorded in the ledger.", assignment)
}

// registerFiled is the evidence that the register of an assignment is already, with this
// very file.
func (a *App) registerFiled(ctx context.Context, actor, assignment string, file soc1.File) (string, error) {
	v, err := a.View(ctx, actor, OrganizationLedger, record.AsOf{})
	if err != nil {
		return "", err
	}
	all, err := record.All[soc1.Evidence](ctx, v, "evidence")
	if err != nil {
		return "", err
	}
	for _, e := range all {
		if e.Value.HowObtained == madeFromAssignment(assignment) && len(e.Value.Files) == 1 && e.Value.Files[0].SHA256 == file.SHA256 && e.Value.Files[0].Name == file.Name {
			return e.ID, nil
		}
	}
	return "", nil
}

// peopleOn are the people as they were on a day: who left since has a record then.
func (a *App) peopleOn(ctx context.Context, actor string, day soc1.Date) ([]record.Typed[soc1.Person], error) {
	v, err := a.View(ctx, actor, OrganizationLedger, record.AsOf{Effective: day})
	if err != nil {
		return nil, err
	}
	return record.All[soc1.Person](ctx, v, "person")
}

// noFormula keeps a text from being taken for a formula by whoever opens the file.
func noFormula(s string) string {
	if s != "" && strings.ContainsAny(s[:1], "=+-@\t\r") {
		return "'" + s
	}
	return s
}
