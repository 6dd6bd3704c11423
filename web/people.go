package web

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"reperform/account"
	"reperform/app"
	"reperform/record"
	"reperform/soc1"
	"reperform/web/ui"
)

// People are records of a ledger: the organization's holds management and its
// guests, an examination's the firm. Accounts by which they sign in lie beside
// and are kept by a side; whoever does not manage that side's accounts sees
// nothing of them here.

func (s *Site) registerPeople() {
	for _, at := range []string{"", "/x/{ledger}"} {
		s.add("GET "+at+"/people", (*request).people)
		s.add("GET "+at+"/people/new", (*request).newPerson)
		s.add("POST "+at+"/people/new", (*request).addPerson)
		s.add("GET "+at+"/people/{id}", (*request).person)
		s.add("POST "+at+"/people/{id}/{action}", (*request).managePerson)
	}
}

// personKind is the kind that has pages of its own in place of the general form,
// because roles and accounts hang on it.
const personKind = "person"

// roleKind is the kind of the roles that the organization makes itself.
const roleKind = "role"

// peoplePage lists the people of a ledger.
type peoplePage struct {
	f *ui.Frame
	// At is the beginning of addresses in the ledger.
	At   string
	May  app.PeopleRights
	Rows []personLine
	// Roles is the register of custom roles; empty where there is none to be read.
	Roles string
	// Accounts tells that the person who looks manages accounts here.
	Accounts bool
	Shows    []showing
	// Mail tells that the person may see which mail failed, Failed how many have.
	Mail   bool
	Failed int
}

// showing is a choice of whom to list.
type showing struct {
	Text, Href string
	Count      int
	On         bool
}

// personLine is one person of the list.
type personLine struct {
	Who     ui.Person
	Href    string
	Email   string
	Side    string
	Roles   []string
	Account ui.Status
	Last    string
	Left    bool
	side    soc1.Side
}

// standing is how the person who asks stands towards accounts.
type standing struct {
	by account.Requester
	// kept and invited are the accounts and links that the person manages, by
	// the id of whom they are for; nil for somebody who manages none.
	kept    map[string]account.Kept
	invited map[string]account.Link
}

func (s standing) manages() bool { return s.kept != nil }

// requester is the person who asks with side and roles as all ledgers have them.
func (r *request) requester() (account.Requester, error) {
	by := account.Requester{PersonID: r.actor}
	sides, roles, err := r.site.app.Standing(r.Context(), r.actor)
	if err != nil || len(sides) != 1 {
		return by, err
	}
	by.Side = account.Side(sides[0])
	for _, x := range roles {
		by.Roles = append(by.Roles, string(x))
	}
	return by, nil
}

func (r *request) standing() (s standing, err error) {
	accounts := r.site.opt.Accounts
	if accounts == nil {
		return s, nil
	}
	if s.by, err = r.requester(); err != nil {
		return s, err
	}
	if s.by.MayInvite(s.by.Side) {
		links, err := accounts.Invitations(r.Context(), s.by)
		if err != nil {
			return s, err
		}
		s.invited = map[string]account.Link{}
		for _, l := range links {
			if _, newer := s.invited[l.PersonID]; !newer {
				s.invited[l.PersonID] = l
			}
		}
	}
	if s.by.MayManage(s.by.Side) {
		all, err := accounts.Kept(r.Context(), s.by)
		if err != nil {
			return s, err
		}
		s.kept = map[string]account.Kept{}
		for _, k := range all {
			s.kept[k.PersonID] = k
		}
	}
	return s, nil
}

// keeps tells whether somebody of the record would have an account that the
// person who asks manages.
func (s standing) keeps(p soc1.Person) bool {
	side := account.Side(p.Side)
	return s.manages() && (side == s.by.Side || side == account.Guest && s.by.Side == account.ServiceOrganization)
}

// state says how somebody stands who signs in, or might.
func (s standing) state(id string, p soc1.Person, left bool, now time.Time) ui.Status {
	if !s.keeps(p) {
		return ui.Status{}
	}
	if k, ok := s.kept[id]; ok {
		switch {
		case !k.DisabledAt.IsZero():
			return ui.Status{Text: "Locked", Class: "bad", Icon: "lock"}
		case left:
			return ui.Status{Text: "Account without a role", Class: "warn", Icon: "circle-alert"}
		case !k.LockedUntil.IsZero():
			return ui.Status{Text: "Waiting after wrong attempts", Class: "warn", Icon: "clock"}
		}
		return ui.Status{Text: "Active", Class: "ok", Icon: "circle-check"}
	}
	switch l, ok := s.invited[id]; {
	case ok && l.State(now) == "open":
		return ui.Status{Text: "Invited", Class: "info", Icon: "mail"}
	case ok && l.State(now) == "expired":
		return ui.Status{Text: "Invitation expired", Class: "warn", Icon: "clock"}
	}
	return ui.Status{Text: "No account", Icon: "circle-dashed"}
}

func (r *request) peopleURL(format string, args ...any) string {
	return r.url("%s/people"+format, append([]any{r.at()}, args...)...)
}

func (r *request) people() error {
	v, err := r.records()
	if err != nil {
		// Who reads nothing of the organization may still manage people elsewhere.
		if in := r.site.app.PeopleLedgers(r.Context(), r.actor); r.ledger == app.OrganizationLedger && len(in) > 0 && !slices.Contains(in, r.ledger) {
			return r.redirect(r.site.base + "/x/" + url.PathEscape(in[0]) + "/people")
		}
		return err
	}
	if !v.Shows(personKind) {
		return r.peopleWithheld()
	}
	p := &peoplePage{At: r.at()}
	if r.ledger == app.OrganizationLedger && v.Shows(roleKind) {
		p.Roles = r.url("/r/%s", roleKind)
	}
	if p.May, err = r.site.app.PeopleRights(r.Context(), r.actor, r.ledger); err != nil {
		return err
	}
	st, err := r.standing()
	if err != nil {
		return err
	}
	p.Accounts = st.manages()
	p.Failed, p.Mail = r.hasTrouble(st)
	all, err := v.All(r.Context(), "person")
	if err != nil {
		return err
	}
	show := r.URL.Query().Get("show")
	counts := map[string]int{}
	for _, x := range all {
		if x.Redacted {
			continue
		}
		person, err := record.Decode[soc1.Person](x)
		if err != nil {
			return err
		}
		in := string(person.Side)
		if x.Retired {
			in = "left"
		}
		counts[in]++
		if in == show || show == "" && in != "left" {
			p.Rows = append(p.Rows, r.personLine(x.ID, person, x.Retired, st))
		}
	}
	slices.SortStableFunc(p.Rows, func(x, y personLine) int {
		return strings.Compare(strings.ToLower(x.Who.Name), strings.ToLower(y.Who.Name))
	})
	total := 0
	for in, n := range counts {
		if in != "left" {
			total += n
		}
	}
	p.Shows = append(p.Shows, showing{"Everybody", r.peopleURL(""), total, show == ""})
	for _, s := range soc1.Side("").Values() {
		if n := counts[s]; n > 0 && n < total {
			p.Shows = append(p.Shows, showing{soc1.Side(s).Label(), r.peopleURL("?show=%s", s), n, show == s})
		}
	}
	if n := counts["left"]; n > 0 {
		p.Shows = append(p.Shows, showing{"Left", r.peopleURL("?show=left"), n, show == "left"})
	}
	if p.f, err = r.frame("People", nil); err != nil {
		return err
	}
	p.f.Here = r.at() + "/people"
	return r.write(http.StatusOK, ui.Page(p.f, peopleActions(p), peopleBody(p)))
}

// peopleWithheld is the refusal of the policies to who does not read of people.
func (r *request) peopleWithheld() error {
	_, err := r.site.app.Records(r.Context(), r.actor, r.ledger, personKind, record.AsOf{})
	if err == nil {
		err = errNowhere
	}
	return err
}

func (r *request) personLine(id string, p soc1.Person, left bool, st standing) personLine {
	l := personLine{Who: ui.Person{ID: id, Name: p.Name, Title: p.Title}, Href: r.peopleURL("/%s", url.PathEscape(id)), Email: p.Email,
		Side: p.Side.Label(), Left: left, side: p.Side, Account: st.state(id, p, left, r.site.now())}
	for _, role := range p.Roles {
		l.Roles = append(l.Roles, role.Label())
	}
	for _, id := range p.CustomRoles {
		l.Roles = append(l.Roles, r.link(roleKind, id).Text)
	}
	if k, ok := st.kept[id]; ok && st.keeps(p) {
		l.Last = r.instant(k.SignedInAt)
	}
	return l
}

// personPage is one person with what may be done about them.
type personPage struct {
	f             *ui.Frame
	At            string
	Line          personLine
	Person        soc1.Person
	Revision      int64
	Record        string
	May           app.PeopleRights
	Self          bool
	Done, Problem string
	Roles         []roleGroup
	Reason        string
	// Kept tells that the person who looks manages this one's account, Account
	// and Invited what there is of it.
	Kept    bool
	Invites bool
	Account *account.Kept
	Invited *account.Link
	Until   string
	// Link is one that was just made, shown this once.
	Link *madeLink
}

// roleGroup are roles that go together.
type roleGroup struct {
	Title string
	// Name is that of their fields in the form.
	Name  string
	Roles []option
}

// madeLink is a link that lets somebody in, as it is shown once.
type madeLink struct {
	What, URL, Expires string
	// Mailed is the address to which it was sent, MailProblem why it was not.
	Mailed, MailProblem string
}

// roleChoices are the roles that a ledger gives, with those held marked: fixed
// ones, and those that the organization made itself. One that is retired and held
// is not offered, and goes with the next change.
func (r *request) roleChoices(held, custom []string) []roleGroup {
	groups := []roleGroup{{Title: "The organization's people", Name: "role"}, {Title: "Guests", Name: "role"}}
	if r.ledger != app.OrganizationLedger {
		groups = []roleGroup{{Title: "The firm's people", Name: "role"}}
	}
	for _, s := range soc1.Role("").Values() {
		role := soc1.Role(s)
		o := option{s, role.Label(), slices.Contains(held, s)}
		switch {
		case r.ledger != app.OrganizationLedger:
			if role.OfFirm() {
				groups[0].Roles = append(groups[0].Roles, o)
			}
		case role.OfGuest():
			groups[1].Roles = append(groups[1].Roles, o)
		case !role.OfFirm():
			groups[0].Roles = append(groups[0].Roles, o)
		}
	}
	if r.ledger != app.OrganizationLedger {
		return groups
	}
	own := roleGroup{Title: "Custom roles", Name: "custom"}
	for _, l := range r.headings().lists(roleKind) {
		l.All(func(it *record.Item) bool {
			if it.Live() {
				own.Roles = append(own.Roles, option{it.ID, it.Heading().String(), slices.Contains(custom, it.ID)})
			}
			return true
		})
	}
	if len(own.Roles) > 0 {
		groups = append(groups, own)
	}
	return groups
}

// sideOf is the side on which somebody with these roles stands in a ledger.
func sideOf(ledger string, roles []soc1.Role) soc1.Side {
	switch {
	case ledger != app.OrganizationLedger:
		return soc1.SideAuditFirm
	case slices.ContainsFunc(roles, soc1.Role.OfGuest):
		return soc1.SideGuest
	}
	return soc1.SideServiceOrganization
}

func (r *request) person() error { return r.personWith(http.StatusOK, &personPage{}) }

// personWith shows a person; the page carries what was just done or refused.
func (r *request) personWith(status int, p *personPage) error {
	v, err := r.records()
	if err != nil {
		return err
	}
	if !v.Shows(personKind) {
		return r.peopleWithheld()
	}
	x, err := v.Get(r.Context(), "person", r.PathValue("id"))
	if err != nil {
		return err
	}
	if x.Redacted {
		return r.redirect(r.recordURL("person", x.ID))
	}
	if p.Person, err = record.Decode[soc1.Person](x); err != nil {
		return err
	}
	st, err := r.standing()
	if err != nil {
		return err
	}
	p.At, p.Line, p.Revision, p.Record = r.at(), r.personLine(x.ID, p.Person, x.Retired, st), x.Revision, r.recordURL("person", x.ID)
	p.Self = x.ID == r.actor
	if !r.past.On() {
		if p.May, err = r.site.app.PeopleRights(r.Context(), r.actor, r.ledger); err != nil {
			return err
		}
		p.Kept = st.keeps(p.Person)
		p.Invites = p.May.Invite && st.by.MayInvite(account.Side(p.Person.Side)) || p.May.Invite && p.Person.Side == soc1.SideGuest && st.manages()
	}
	if k, ok := st.kept[x.ID]; ok && p.Kept {
		p.Account = &k
		p.Until = r.instant(k.LockedUntil)
	} else if l, ok := st.invited[x.ID]; ok && l.State(r.site.now()) == "open" {
		p.Invited, p.Until = &l, r.instant(l.ExpiresAt)
	}
	if p.Roles == nil {
		held := make([]string, len(p.Person.Roles))
		for i, role := range p.Person.Roles {
			held[i] = string(role)
		}
		p.Roles = r.roleChoices(held, p.Person.CustomRoles)
	}
	if p.Done == "" && p.Problem == "" {
		p.Done = personDone[r.URL.Query().Get("done")]
	}
	if p.f, err = r.frame(p.Person.Name, []ui.Link{{Text: "People", Href: r.at() + "/people"}}); err != nil {
		return err
	}
	p.f.Here = r.at() + "/people"
	return r.write(status, ui.Page(p.f, personActions(p), personBody(p)))
}

var personDone = map[string]string{
	"recorded":    "Recorded.",
	"revoked":     "The invitation is revoked. Its link no longer works.",
	"locked":      "The account is locked. All of its sessions have ended.",
	"unlocked":    "The account can be used again.",
	"signed_out":  "All sessions of the account have ended.",
	"deactivated": "The person has left: the record is retired, and nobody signs in as them.",
	"returned":    "The person is back, with the roles that they had.",
}

// mail sends a link where a mailer is configured; without one, or where the link
// may not go by mail, the person who made it hands it over.
func (r *request) mail(made *madeLink, token string, l account.Link) {
	if r.site.opt.Mailer == nil {
		return
	}
	queued, err := r.site.opt.Mailer.SendLink(r.Context(), l, "/invite/"+token)
	switch {
	case err != nil:
		r.site.log.ErrorContext(r.Context(), "a link was not mailed", "reference", reference(r.Context()), "error", err.Error())
		made.MailProblem = "The mail could not be sent. Hand the link over yourself."
	case queued:
		made.Mailed = l.Email
	}
}

func (r *request) madeLink(what, token string, l account.Link) madeLink {
	return madeLink{What: what, URL: r.origin() + r.site.base + "/invite/" + token, Expires: r.instant(l.ExpiresAt)}
}

// origin is the address of the site as browsers have it.
func (r *request) origin() string {
	if r.site.opt.Origin != "" {
		return r.site.opt.Origin
	}
	if r.site.opt.Secure {
		return "https://" + r.Host
	}
	return "http://" + r.Host
}

// waysText says by what somebody signs in.
func waysText(k *account.Kept) string {
	var out []string
	if k.HasPassword {
		out = append(out, "a password")
	}
	if k.HasTOTP {
		out = append(out, "an authenticator app")
	}
	if k.Passkeys > 0 {
		out = append(out, count(k.Passkeys, "passkey"))
	}
	return strings.Join(out, ", ")
}
