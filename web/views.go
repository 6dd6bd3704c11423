package web

import (
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"reperform/app"
	"reperform/desk"
	"reperform/record"
	"reperform/soc1"
	"reperform/web/ui"
)

// savedViews is the menu of the views of a page.
type savedViews struct {
	// Page and Query are what would be saved.
	Page, Query string
	// Own and Shared are the views to choose; Plain leads back to the page
	// without any.
	Own, Shared []savedView
	Plain       string
	PlainOn     bool
	// On is the view that is shown.
	On *savedView
	// Circles are with whom a view can be shared.
	Circles []option
}

type savedView struct {
	ID     int64
	Name   string
	Href   string
	Whose  ui.Person
	Mine   bool
	Shared bool
	On     bool
	// Circles are with whom it can be shared, the present one chosen.
	Circles []option
}

func (s *Site) registerViews() {
	if s.opt.Desk == nil {
		return
	}
	s.add("POST /views", (*request).saveView)
	s.add("POST /views/change", (*request).changeView)
}

// circles are those in which the person stands: management's is the
// organization's ledger, the firm's are the examinations that they read, so that
// nothing an auditor saves reaches management. Guests share nothing.
func (r *request) circles() []string {
	it := r.headings().item("person", r.actor)
	side := soc1.Side("")
	if it != nil && !it.Redacted {
		if p, err := record.Value[soc1.Person](it); err == nil {
			side = p.Side
		}
	}
	files := slices.DeleteFunc(r.site.app.Ledgers(r.Context(), r.actor), func(l string) bool { return l == app.OrganizationLedger })
	switch {
	case side == soc1.SideServiceOrganization:
		return []string{app.OrganizationLedger}
	case side == soc1.SideAuditFirm || len(files) > 0:
		return files
	}
	return nil
}

// viewsOf is the menu of a page. tidy gives a query as this page writes it, so
// that a view is known again however its query was written.
func (r *request) viewsOf(page, query string, tidy func(url.Values) string) (*savedViews, error) {
	if r.site.opt.Desk == nil {
		return nil, nil
	}
	circles := r.circles()
	all, err := r.site.opt.Desk.Views(r.Context(), r.actor, circles, page)
	if err != nil {
		return nil, err
	}
	out := &savedViews{Page: page, Query: query, Plain: r.url("/%s", page), PlainOn: query == "", Circles: circleOptions(circles, "")}
	for _, v := range all {
		x := savedView{ID: v.ID, Name: v.Name, Whose: r.headings().person(v.Owner), Mine: v.Owner == r.actor, Shared: v.Shared()}
		x.Href = r.url("/%s?%s", page, v.Query)
		if q, err := url.ParseQuery(v.Query); err == nil {
			x.On = tidy(q) == query
		}
		if x.Mine {
			for _, o := range out.Circles {
				o.On = o.Value == v.Circle
				x.Circles = append(x.Circles, o)
			}
			out.Own = append(out.Own, x)
		} else {
			out.Shared = append(out.Shared, x)
		}
		if x.On && (out.On == nil || x.Mine && !out.On.Mine) {
			out.On = &x
			// One's own from somebody else's begins private.
			for i := range out.Circles {
				out.Circles[i].On = x.Mine && out.Circles[i].Value == v.Circle
			}
		}
	}
	return out, nil
}

// circleOptions are with whom a view can be shared.
func circleOptions(circles []string, on string) []option {
	out := []option{{Value: "", Text: "Only I", On: on == ""}}
	for _, c := range circles {
		words := "Everybody of the organization"
		if c != app.OrganizationLedger {
			words = "Everybody of the file " + c
		}
		out = append(out, option{Value: c, Text: words, On: c == on})
	}
	return out
}

// registerViewsOf is the menu of a register.
func (r *request) registerViewsOf(p *registerPage) (*savedViews, error) {
	tidy := func(v url.Values) string { return readQuery(v).values(func(*query) {}) }
	return r.viewsOf(strings.TrimPrefix(p.At, "/"), p.Query.values(func(*query) {}), tidy)
}

// matrixViewsOf is the menu of the matrix. What is open beside it, or how many
// rows there are, belongs to no view.
func (r *request) matrixViewsOf(p *matrixPage) (*savedViews, error) {
	bare := func(n *matrixQuery) { n.Open, n.Rows = "", matrixRows }
	tidy := func(v url.Values) string {
		q, err := readMatrixQuery(v)
		if err != nil {
			return "?"
		}
		return q.values(bare)
	}
	return r.viewsOf(strings.TrimPrefix(p.At, "/"), p.Query.values(bare), tidy)
}

// viewPage is what pages have views.
var viewPage = regexp.MustCompile(`^(x/[^/?#]+/)?(matrix|r/[a-z_]+)$`)

// saveView keeps what a page shows under a name. A name of one's own that is
// there already holds what is shown from now on, where the form says so.
func (r *request) saveView() error {
	v, err := r.formValues()
	if err != nil {
		return err
	}
	page := v.Get("page")
	if !viewPage.MatchString(page) {
		return badRequest("page", desk.ErrPage)
	}
	circles := r.circles()
	with := v.Get("circle")
	if with != "" && !slices.Contains(circles, with) {
		return badRequest("circle", errForeignCircle)
	}
	view := desk.View{Owner: r.actor, Page: page, Name: v.Get("name"), Query: v.Get("query"), Circle: with}
	_, err = r.site.opt.Desk.SaveView(r.Context(), view)
	if errors.Is(err, desk.ErrTaken) && v.Get("replace") == "yes" {
		all, verr := r.site.opt.Desk.Views(r.Context(), r.actor, nil, page)
		if verr != nil {
			return verr
		}
		for _, x := range all {
			if x.Owner == r.actor && strings.EqualFold(strings.TrimSpace(x.Name), strings.TrimSpace(view.Name)) {
				view.ID = x.ID
			}
		}
		_, err = r.site.opt.Desk.ChangeView(r.Context(), view, circles)
	}
	back := r.local(r.site.base + "/" + page + queryMark(view.Query))
	var known *desk.Error
	switch {
	case errors.Is(err, desk.ErrTaken):
		return r.askView(http.StatusConflict, viewAsk{View: view, Circles: circleOptions(circles, with), Problem: "You have a view of this name on this page. Choose another name, or let that view show what you see now.", Taken: true, Back: back})
	case errors.As(err, &known):
		return r.askView(http.StatusBadRequest, viewAsk{View: view, Circles: circleOptions(circles, with), Problem: known.Message, Back: back})
	case err != nil:
		return err
	}
	return r.redirect(back)
}

// viewAsk is a view that could not be saved as it was given.
type viewAsk struct {
	View    desk.View
	Circles []option
	Problem string
	// Taken says that another view of the person's has the name.
	Taken bool
	Back  string
}

func (r *request) askView(status int, a viewAsk) error {
	f := r.plainFrame("Save view")
	return r.write(status, ui.Plain(f, false, viewAgain(f, a)))
}

func queryMark(q string) string {
	if q = strings.TrimPrefix(q, "?"); q == "" {
		return ""
	}
	return "?" + q
}

// viewProblem makes what the desk refuses a problem of the form.
func (r *request) viewProblem(field string, err error) error {
	var known *desk.Error
	if errors.As(err, &known) {
		return badRequest(field, err)
	}
	return err
}

// changeView renames a view, says who sees it, lets it hold what is shown now, or
// deletes it, as the button says that was pressed.
func (r *request) changeView() error {
	v, err := r.formValues()
	if err != nil {
		return err
	}
	id, err := strconv.ParseInt(v.Get("id"), 10, 64)
	if err != nil {
		return badRequest("id", errors.New("the form names no view"))
	}
	circles := r.circles()
	view, err := r.site.opt.Desk.View(r.Context(), r.actor, circles, id)
	if err != nil {
		return r.viewProblem("id", err)
	}
	back := r.site.base + "/" + view.Page + queryMark(v.Get("query"))
	switch do := v.Get("do"); do {
	case "delete":
		if err := r.site.opt.Desk.DeleteView(r.Context(), r.actor, circles, id); err != nil {
			return r.viewProblem("id", err)
		}
		return r.redirect(r.local(back))
	case "save", "replace":
		if with := v.Get("circle"); with != "" && !slices.Contains(circles, with) {
			return badRequest("circle", errForeignCircle)
		}
		// Whether a view is the person's own, the desk decides.
		view.Owner, view.Name, view.Circle = r.actor, v.Get("name"), v.Get("circle")
		if do == "replace" {
			view.Query = v.Get("query")
		}
		if _, err := r.site.opt.Desk.ChangeView(r.Context(), view, circles); err != nil {
			return r.viewProblem("name", err)
		}
		return r.redirect(r.local(back))
	}
	return badRequest("do", errors.New("the form does not say what to do with the view"))
}

var errForeignCircle = errors.New("a view is shared with people of your own side alone")

// viewName is what the menu is called: the view that is shown, if any.
func viewName(v *savedViews) string {
	if v.On != nil {
		return clipped(v.On.Name, 40)
	}
	return "Views"
}

// ownName is the name under which what is shown would be saved again.
func ownName(v *savedViews) string {
	if v.On != nil && v.On.Mine {
		return v.On.Name
	}
	return ""
}
