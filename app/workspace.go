package app

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"reperform/blob"
	"reperform/identity"
	"reperform/ledger"
	"reperform/population"
	"reperform/population/sandbox"
	"reperform/recent"
	"reperform/record"
	"reperform/report/typst"
	"reperform/soc1"
)

// OrganizationLedger is the name of the one ledger that every workspace has.
const OrganizationLedger = "org"

// Classes of ledgers, as their genesis names them.
const (
	ClassOrganization = "organization"
	ClassExamination  = "examination"
)

// settings is workspace.json.
type settings struct {
	Version int `json:"version"`
	// ID is random and names the workspace in the origins of its ledgers.
	ID string `json:"id"`
	// Actor is who ran init, the default actor of the command line.
	Actor string `json:"actor"`
}

// Options are what a workspace takes from its surroundings.
type Options struct {
	// Now is the clock; nil is the system's.
	Now func() time.Time
	// Rand is the source of salts and nonces; nil is the system's.
	Rand io.Reader
	// Engine is the command that runs the population engine's child process,
	// usually this program with the argument "engine".
	Engine []string
	// ReadPDF is the command that runs the child process which takes the text out of a
	// PDF, usually this program with the argument "read-pdf".
	ReadPDF []string
	// Limit is how long the population engine may take over one question, of
	// which some never end; 0 is an hour, less than 0 is without end.
	Limit time.Duration
	// Poll is how often a Watcher looks for what other processes have recorded;
	// 0 is once a second.
	Poll time.Duration
	// Progress, when set, hears what long work is doing.
	Progress func(Progress)
}

// Progress is a step of long work. Done and Total are 0 when not known.
type Progress struct {
	Stage       string
	Done, Total int64
}

// App is an open workspace.
type App struct {
	dir      string
	settings settings
	opt      Options
	store    ledger.Store
	log      *ledger.Log
	blobs    blob.Store
	// sealed holds the scores of risk sessions until these are revealed, and what is
	// right of quizzes, apart from files of evidence: what stands there no record can
	// name as a file.
	sealed  blob.Store
	keys    *blob.FileKeyRing
	auth    *identity.Authorizer
	engine  engineHolder
	typeset typesetHolder
	// people is who an actor is with respect to a ledger, readers what they may
	// read of it, standings where a person stands by all of them.
	people    stamped[actorIn, knownPrincipal]
	readers   stamped[actorIn, *Reader]
	standings stamped[string, standing]
	talk      comments
	heads     heads
	states    states
	activity  activityIndex
	searches  searches
	feed      feed
	zones     zones
	due       dueEvidence
	rows      recent.Map[rowsKey, *PaperRows]
	papers    paperFiles
	profiles  recent.Map[profileKey, *population.Profile]
	gaps      gapEngines
	mapped    mappings
	// readOnly says that nothing can be written where the workspace lies.
	readOnly bool
}

// ErrNoWorkspace says that a folder holds no workspace.
var ErrNoWorkspace = errors.New("there is no workspace here")

// Exists reports whether a folder holds a workspace, one included that was
// established and is not in its place yet. A folder that does not exist holds none;
// one that cannot be read is an error.
func Exists(dir string) (bool, error) {
	for _, at := range []string{filepath.Join(dir, "workspace.json"), filepath.Join(dir, established, "workspace.json")} {
		_, err := os.Stat(at)
		if err == nil || !errors.Is(err, fs.ErrNotExist) {
			return err == nil, err
		}
	}
	return false, nil
}

// ErrWorkspaceExists says that a folder holds a workspace already.
var ErrWorkspaceExists = errors.New("there is a workspace already")

// Init makes a workspace: its organization, and the person who runs it as
// administrator and compliance manager.
func Init(ctx context.Context, dir string, org soc1.Organization, personID string, person soc1.Person, opt Options) (*App, error) {
	switch there, err := Exists(dir); {
	case err != nil:
		return nil, err
	case there:
		return nil, &existsError{dir}
	}
	if err := record.CheckID(personID); err != nil {
		return nil, fmt.Errorf("person: %w", err)
	}
	if err := firstError(org.Validate()); err != nil {
		return nil, fmt.Errorf("organization: %w", err)
	}
	if err := firstError(person.Validate()); err != nil {
		return nil, fmt.Errorf("person %s: %w", personID, err)
	}
	// A workspace without anybody who manages its people could never have any.
	if err := identity.CheckRoles(string(person.Side), ClassOrganization, identity.RolesOf(person.Roles)); err != nil {
		return nil, fmt.Errorf("person %s: %w", personID, err)
	}
	if len(person.CustomRoles) > 0 {
		return nil, fmt.Errorf("person %s: custom_roles: a new workspace has none; make them once it is there", personID)
	}
	if !slices.Contains(person.Roles, soc1.Administrator) {
		return nil, fmt.Errorf("person %s: roles: the first person must be an administrator; add the role %s", personID, soc1.Administrator)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	random := make([]byte, 8)
	if _, err := io.ReadFull(randomness(opt), random); err != nil {
		return nil, err
	}
	a := &App{dir: dir, opt: opt, settings: settings{Version: 1, ID: hex.EncodeToString(random), Actor: personID}}
	if err := a.start(ctx); err != nil {
		return nil, err
	}
	if err := a.genesis(ctx, org, personID, person); err != nil {
		a.Close()
		return nil, err
	}
	// The settings come last: a folder without them is no workspace, and an
	// init that was interrupted can be repeated in an emptied folder.
	b, err := json.MarshalIndent(a.settings, "", "  ")
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "workspace.json"), append(b, '\n'), 0o600)
	}
	if err != nil {
		a.Close()
		return nil, err
	}
	return a, nil
}

// existsError is ErrWorkspaceExists with its folder.
type existsError struct{ dir string }

func (e *existsError) Error() string {
	return e.dir + " holds a workspace already; choose another folder with --workspace"
}

func (e *existsError) Unwrap() error { return ErrWorkspaceExists }

func (a *App) genesis(ctx context.Context, org soc1.Organization, personID string, person soc1.Person) error {
	today := a.today(org.Timezone)
	var drafts []ledger.Draft
	for _, x := range []struct {
		kind, id string
		value    any
	}{{"organization", "organization", org}, {"person", personID, person}} {
		k, err := record.Kinds.Kind(x.kind)
		if err != nil {
			return err
		}
		doc, err := k.Encode(x.value, nil, false)
		if err != nil {
			return fmt.Errorf("%s: %w", x.id, err)
		}
		drafts = append(drafts, ledger.Draft{Kind: x.kind, ID: x.id, Revision: 1, Effective: string(today), Document: doc})
	}
	if err := a.keys.Create(ctx, OrganizationLedger); err != nil && !errors.Is(err, blob.ErrKeyExists) {
		return err
	}
	_, err := a.log.Create(ctx, ledger.Command{Ledger: OrganizationLedger, Actor: personID, Action: "workspace.init",
		Reason: "The workspace begins.", Drafts: drafts}, a.origin(OrganizationLedger), ClassOrganization)
	return err
}

func (a *App) origin(name string) string { return "reperform/" + a.settings.ID + "/" + name }

// Open opens the workspace in a folder.
func Open(ctx context.Context, dir string, opt Options) (*App, error) {
	if err := settle(dir); err != nil {
		return nil, err
	}
	b, err := os.ReadFile(filepath.Join(dir, "workspace.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: %w; run `reperform init --workspace %s` or name another folder", dir, ErrNoWorkspace, dir)
	}
	if err != nil {
		return nil, err
	}
	a := &App{dir: dir, opt: opt}
	if err := json.Unmarshal(b, &a.settings); err != nil {
		return nil, fmt.Errorf("%s is damaged: %w", filepath.Join(dir, "workspace.json"), err)
	}
	if a.settings.Version > 1 {
		return nil, fmt.Errorf("%s was made by a newer program (version %d): upgrade", dir, a.settings.Version)
	}
	if err := a.start(ctx); err != nil {
		return nil, err
	}
	if _, err := a.log.Genesis(OrganizationLedger); err != nil {
		a.Close()
		return nil, fmt.Errorf("%s: the organization's ledger is missing; restore ledger.db from a backup", dir)
	}
	return a, nil
}

func (a *App) start(ctx context.Context) error {
	var err error
	if a.opt.Now == nil {
		a.opt.Now = time.Now
	}
	a.rows.Most, a.profiles.Most = 128, 32
	if a.auth, err = identity.New(); err != nil {
		return err
	}
	keys := filepath.Join(a.dir, "keys")
	a.keys = blob.FileKeys(filepath.Join(keys, "blobs"))
	a.blobs = blob.Files(filepath.Join(a.dir, "blobs"), a.keys)
	a.sealed = blob.Files(filepath.Join(a.dir, "sealed"), a.keys)
	store, readOnly, err := openStore(ctx, filepath.Join(a.dir, "ledger.db"))
	if err != nil {
		return err
	}
	opt := ledger.Options{Now: a.opt.Now, Rand: a.opt.Rand}
	if readOnly {
		// Who only reads signs nothing, and needs no key for it.
		a.readOnly, a.blobs, a.sealed = true, readOnlyBlobs{a.blobs}, readOnlyBlobs{a.sealed}
	} else {
		opt.Keys = ledger.FileKeys{Dir: keys}
		a.sweep()
		err = os.MkdirAll(keys, 0o700)
	}
	a.store = store
	if err == nil {
		a.log, err = ledger.Open(ctx, store, opt)
	}
	if err != nil {
		store.Close()
	}
	return err
}

// sweep removes the plaintext that a process left behind when it was killed.
// What cannot be removed now is removed by the next one.
func (a *App) sweep() {
	tmp := filepath.Join(a.dir, "tmp")
	if left, err := os.ReadDir(tmp); err != nil || len(left) == 0 {
		return
	}
	if d, err := sandbox.NewDir(tmp); err == nil {
		_ = d.Remove()
	}
}

// Close ends the engine and closes the ledgers.
func (a *App) Close() error {
	return errors.Join(a.engine.close(), a.typeset.close(), a.log.Close(), a.store.Close())
}

// DefaultActor is who ran init.
func (a *App) DefaultActor() string { return a.settings.Actor }

// Dir is the folder of the workspace.
func (a *App) Dir() string { return a.dir }

func randomness(opt Options) io.Reader {
	if opt.Rand != nil {
		return opt.Rand
	}
	return rand.Reader
}

func (a *App) progress(stage string, done, total int64) {
	if a.opt.Progress != nil {
		a.opt.Progress(Progress{Stage: stage, Done: done, Total: total})
	}
}

// today is the calendar date in the zone, by the workspace's clock.
func (a *App) today(zone string) soc1.Date {
	loc, err := time.LoadLocation(zone)
	if err != nil {
		loc = time.UTC
	}
	return soc1.Date(a.opt.Now().In(loc).Format(time.DateOnly))
}

// now is the instant by the workspace's clock.
func (a *App) now() soc1.Instant { return soc1.Instant(a.opt.Now().UTC().Format(time.RFC3339)) }

// Today is the calendar date in the organization's time zone.
func (a *App) Today(ctx context.Context) (soc1.Date, error) {
	z, err := a.zone(ctx)
	if err != nil {
		return "", err
	}
	return soc1.Date(a.opt.Now().In(z).Format(time.DateOnly)), nil
}

// engineHolder holds the population engine, once needed, and the plaintext
// files that it reads. They lie in a folder that a later process removes when
// this one is killed.
type engineHolder struct {
	mu     sync.Mutex
	e      *population.Engine
	plain  *sandbox.Dir
	opened map[string]string
}

func (h *engineHolder) close() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.e == nil {
		return nil
	}
	return errors.Join(h.e.Close(), h.plain.Remove())
}

// typesetHolder holds the typesetter, once needed.
type typesetHolder struct {
	mu sync.Mutex
	e  *typst.Engine
}

func (h *typesetHolder) close() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.e == nil {
		return nil
	}
	return h.e.Close(context.Background())
}
