// Command reperform is the whole product: one program that keeps the records,
// tests the populations, writes the report and verifies its bundle. Each
// command stands in one file beside the page that is both its help and its
// manual.
package main

import (
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"
	"time"
	// Time zones are the program's own, since not every machine has them all.
	_ "time/tzdata"

	"github.com/spf13/cobra"

	"reperform/app"
)

// Exit codes, the same for every command.
const (
	exitOK       = 0
	exitFailed   = 1 // the check or test failed
	exitInput    = 2 // usage or input error
	exitInternal = 3
)

//go:embed *.md
var manual embed.FS

func main() {
	// The live heap is small and commands allocate much: collecting less often
	// gives a sixth more commands. The engine's child keeps the default, since
	// its memory is limited.
	if os.Getenv("GOGC") == "" && (len(os.Args) < 2 || os.Args[1] != "engine") {
		debug.SetGCPercent(400)
	}
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run is main without the process, so that tests can call it.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) (code int) {
	c := &cli{in: stdin, out: stdout, err: stderr, limit: time.Hour}
	defer func() {
		if r := recover(); r != nil {
			fmt.Fprintf(stderr, "reperform: internal error: %v\nThis is a mistake of the program. Please report it with the command you ran.\n", r)
			if os.Getenv("REPERFORM_DEBUG") != "" {
				stderr.Write(debug.Stack())
			}
			code = exitInternal
		}
	}()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// The first signal asks; a second one, when something does not listen, kills.
	context.AfterFunc(ctx, stop)
	root := c.root()
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	c.endProgress()
	if c.app != nil {
		if cerr := c.app.Close(); err == nil {
			err = cerr
		}
	}
	if err == nil {
		return exitOK
	}
	var failed *failedError
	if errors.As(err, &failed) {
		if failed.message != "" {
			fmt.Fprintf(plainWriter{stderr}, "reperform: %s\n", failed.message)
		}
		return exitFailed
	}
	if ctx.Err() != nil && !c.stopped {
		fmt.Fprintln(stderr, "reperform: interrupted; nothing half-done was kept")
		return exitInput
	}
	c.report(err)
	return exitCode(err)
}

// failedError is a check or test that failed although everything ran.
type failedError struct{ message string }

func (e *failedError) Error() string { return e.message }

func failed(format string, args ...any) error {
	return &failedError{message: fmt.Sprintf(format, args...)}
}

// exitCode tells the user's mistakes from the program's surroundings.
func exitCode(err error) int {
	if app.IsInternal(err) {
		return exitInternal
	}
	return exitInput
}

// cli is what the commands share.
type cli struct {
	in        io.Reader
	out, err  io.Writer
	workspace string
	actor     string
	json      bool
	// limit is how long one question to the population engine may take.
	limit    time.Duration
	app      *app.App
	progress *progressLine
	// stopped says that the command ended because it was asked to, as it should.
	stopped bool
}

// report prints an error: as JSON where a machine reads, one line a problem
// where a person does.
func (c *cli) report(err error) {
	if c.json {
		b, _ := json.Marshal(map[string]any{"error": app.Explain(err)})
		fmt.Fprintln(c.err, string(b))
		return
	}
	for _, line := range strings.Split(err.Error(), "\n") {
		fmt.Fprintln(plainWriter{c.err}, "reperform: "+line)
	}
}

func (c *cli) root() *cobra.Command {
	root := c.command("reperform", "reperform", nil)
	root.SilenceErrors, root.SilenceUsage = true, true
	root.PersistentFlags().StringVar(&c.workspace, "workspace", "./reperform-data", "folder of the workspace")
	root.PersistentFlags().StringVar(&c.actor, "actor", "", "person who acts (default: whoever ran init)")
	root.PersistentFlags().BoolVar(&c.json, "json", false, "print results as JSON")
	root.CompletionOptions.HiddenDefaultCmd = true
	root.PersistentPreRunE = func(cmd *cobra.Command, _ []string) error {
		// An unset variable in a script must not act as whoever ran init.
		if cmd.Flags().Changed("actor") && c.actor == "" {
			return errors.New("--actor is empty; name a person, or leave it out to act as whoever ran init")
		}
		return nil
	}
	root.AddCommand(
		c.initCommand(), c.applyCommand(), c.exportCommand(), c.getCommand(), c.historyCommand(), c.diffCommand(),
		c.templatesCommand(), c.kindsCommand(), c.gapsCommand(), c.readinessCommand(), c.calendarCommand(), c.remediationCommand(), c.scopeCommand(), c.risksCommand(), c.eventsCommand(), c.policiesCommand(), c.subserviceCommand(), c.mappingCommand(), c.trainingCommand(), c.ledgerCommand(), c.versionCommand(), c.engineCommand(), c.readPDFCommand(),
		c.samplingCommand(), c.populationCommand(), c.testCommand(), c.examinationCommand(), c.planCommand(), c.exceptionCommand(),
		c.deviationCommand(), c.concludeCommand(), c.opineCommand(), c.signCommand(), c.reportCommand(), c.bundleCommand(), c.verifyCommand(), c.demoCommand(), c.serveCommand(), c.accountCommand(), c.sampleCommand(), c.evidenceCommand(), c.backupCommand(),
	)
	usage(root)
	return root
}

// usage lets a wrong number of arguments be answered with what is wanted.
func usage(cmd *cobra.Command) {
	if check := cmd.Args; check != nil {
		cmd.Args = func(cmd *cobra.Command, args []string) error {
			if err := check(cmd, args); err != nil {
				return fmt.Errorf("%w; write `%s`; `%s --help` says more", err, cmd.UseLine(), cmd.CommandPath())
			}
			return nil
		}
	}
	for _, sub := range cmd.Commands() {
		usage(sub)
	}
}

// limited adds the limit of time to a command that asks the population engine.
func (c *cli) limited(cmd *cobra.Command, what string) {
	cmd.Flags().DurationVar(&c.limit, "limit", time.Hour, "time that "+what+" may take; 0 for none")
}

// command makes a command from its page: the first line is the short help, the
// rest the long one.
func (c *cli) command(use, page string, run func(cmd *cobra.Command, args []string) error) *cobra.Command {
	b, err := manual.ReadFile(page + ".md")
	if err != nil {
		panic("the manual has no page " + page)
	}
	title, body, _ := strings.Cut(string(b), "\n")
	cmd := &cobra.Command{Use: use, Short: strings.TrimPrefix(title, "# "), Long: strings.TrimPrefix(title, "# ") + "\n" + body, RunE: run, Args: cobra.NoArgs}
	if run == nil {
		cmd.Args, cmd.RunE = cobra.ArbitraryArgs, group
	}
	return cmd
}

// group is what a command does that only holds others: alone it shows its page,
// and a word it does not know is a mistake, never a success.
func group(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return cmd.Help()
	}
	var known []string
	for _, sub := range cmd.Commands() {
		if sub.IsAvailableCommand() {
			known = append(known, sub.Name())
		}
	}
	return fmt.Errorf("there is no command %q here; after %q say %s", args[0], cmd.CommandPath(), strings.Join(known, ", "))
}

// open opens the workspace once.
func (c *cli) open(ctx context.Context) (*app.App, error) {
	if c.app != nil {
		return c.app, nil
	}
	a, err := app.Open(ctx, c.workspace, c.options())
	if err != nil {
		return nil, err
	}
	c.app = a
	if c.actor == "" {
		c.actor = a.DefaultActor()
	}
	return a, nil
}

func (c *cli) options() app.Options {
	limit := c.limit
	if limit == 0 {
		limit = -1
	}
	return app.Options{Engine: engineArgs(), ReadPDF: readPDFArgs(), Limit: limit, Progress: c.showProgress}
}

// readPDFArgs is how this program starts the process that reads a PDF.
func readPDFArgs() []string { return []string{engineArgs()[0], "read-pdf"} }

// engineArgs is how this program starts its own population engine.
func engineArgs() []string {
	self, err := os.Executable()
	if err != nil {
		self = os.Args[0]
	}
	return []string{self, "engine"}
}

// print writes a result: JSON when asked for, else what the function prints.
func (c *cli) print(v any, human func(w io.Writer)) error {
	if c.json {
		enc := json.NewEncoder(c.out)
		enc.SetEscapeHTML(false)
		return enc.Encode(v)
	}
	human(plainWriter{c.out})
	return nil
}
