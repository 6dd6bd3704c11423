package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"

	"github.com/spf13/cobra"

	"reperform/account"
	"reperform/app"
	"reperform/desk"
	"reperform/english"
	"reperform/opsdb"
	"reperform/record"
	"reperform/soc1"
)

func (c *cli) backupCommand() *cobra.Command {
	cmd := c.command("backup", "backup", nil)
	cmd.AddCommand(c.backupMake(), c.backupTry(), c.backupList())
	return cmd
}

func (c *cli) backupMake() *cobra.Command {
	var keys string
	cmd := c.command("make FOLDER", "backup", func(cmd *cobra.Command, args []string) error {
		a, err := c.open(cmd.Context())
		if err != nil {
			return err
		}
		m := app.BackupMaking{To: args[0], Keys: keys}
		path := filepath.Join(a.Dir(), opsdb.FileName)
		if _, err := os.Stat(path); err == nil {
			m.Beside = []app.BackupPart{{Name: opsdb.FileName, Copy: func(ctx context.Context, to string) error {
				db, err := opsdb.Open(ctx, path, account.Schema, desk.Schema)
				if err != nil {
					return err
				}
				defer db.Close()
				return db.CopyTo(ctx, to)
			}}}
		}
		made, err := a.MakeBackup(cmd.Context(), c.actor, m)
		if err != nil {
			return err
		}
		out := map[string]any{"id": made.ID, "folder": made.Dir, "keys": made.Keys, "files": made.Files, "bytes": made.Bytes, "manifest": made.Backup.Manifest}
		return c.print(out, func(w io.Writer) {
			fmt.Fprintf(w, "%s\n  %s, %s\n  manifest %s\n  recorded as backup %s\n", made.Dir, english.Count(made.Files, "file"), english.Count(made.Bytes, "byte"), made.Backup.Manifest, made.ID)
			if made.Keys != "" {
				fmt.Fprintf(w, "  keys: %s\n", made.Keys)
			} else {
				fmt.Fprintln(w, "  The keys are not in it. Without them no file can be opened and nothing appended: keep a copy elsewhere.")
			}
		})
	})
	cmd.Short = "Copy all that is kept into a new folder"
	cmd.Args = cobra.ExactArgs(1)
	cmd.Flags().StringVar(&keys, "keys", "", "folder for a copy of the keys, which may not lie beside the files (default: none)")
	return cmd
}

func (c *cli) backupTry() *cobra.Command {
	var keys string
	cmd := c.command("try BACKUP", "backup", func(cmd *cobra.Command, args []string) error {
		a, err := c.open(cmd.Context())
		if err != nil {
			return err
		}
		tried, err := a.TryBackup(cmd.Context(), c.actor, args[0], keys)
		if err != nil {
			return err
		}
		t := tried.Trial
		err = c.print(map[string]any{"id": tried.ID, "trial": t}, func(w io.Writer) {
			fmt.Fprintf(w, "backup %s: %s recomputed, %s opened\n", tried.ID, english.Count(t.Entries, "entry"), english.Count(t.Opened, "sealed file"))
			for _, p := range t.Problems {
				fmt.Fprintf(w, "  FAILS %s\n", p)
			}
			if len(t.Problems) == 0 {
				fmt.Fprintln(w, "  can be restored")
			}
		})
		if err == nil && len(t.Problems) > 0 {
			return failed("%s found", english.Count(len(t.Problems), "problem"))
		}
		return err
	})
	cmd.Short = "Restore a backup to a place of its own and look whether it is whole"
	cmd.Args = cobra.ExactArgs(1)
	cmd.Flags().StringVar(&keys, "keys", "", "folder with the copy of the keys (default: the workspace's own)")
	return cmd
}

func (c *cli) backupList() *cobra.Command {
	cmd := c.command("list", "backup", func(cmd *cobra.Command, _ []string) error {
		a, err := c.open(cmd.Context())
		if err != nil {
			return err
		}
		v, err := a.View(cmd.Context(), c.actor, app.OrganizationLedger, record.AsOf{})
		if err != nil {
			return err
		}
		all, err := record.All[soc1.Backup](cmd.Context(), v, "backup")
		if err != nil {
			return err
		}
		type line struct {
			ID string `json:"id"`
			soc1.Backup
		}
		lines := []line{}
		for _, b := range all {
			lines = append(lines, line{b.ID, b.Value})
		}
		return c.print(lines, func(w io.Writer) {
			if len(lines) == 0 {
				fmt.Fprintln(w, "No backup is recorded. Make one: reperform backup make FOLDER")
			}
			for _, b := range lines {
				var tried []string
				for _, t := range b.Trials {
					word := "can be restored"
					if n := len(t.Problems); n > 0 {
						word = english.Count(n, "problem")
					}
					tried = append(tried, fmt.Sprintf("tried %s: %s", t.At, word))
				}
				if tried == nil {
					tried = []string{"never tried"}
				}
				fmt.Fprintf(w, "%s  %s  by %s  %s\n", b.MadeAt, b.ID, b.MadeBy, strings.Join(tried, "; "))
			}
		})
	})
	cmd.Short = "List the backups that were made"
	return cmd
}

// recordProgram records which program serves the workspace, in the name of whoever
// made it. That it could not be recorded keeps nobody from working.
func (h *house) recordProgram(ctx context.Context, a *app.App) {
	sum, err := ownDigest()
	if err == nil {
		_, err = a.RecordProgram(ctx, a.DefaultActor(), sum, runtime.GOOS+"/"+runtime.GOARCH)
	}
	if err != nil && ctx.Err() == nil {
		h.log.Warn("which version of the program runs here is not recorded", "error", err.Error())
	}
}

// ownDigest is the SHA-256 of the program's own file.
var ownDigest = sync.OnceValues(func() (string, error) {
	path, err := os.Executable()
	if err != nil {
		return "", err
	}
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
})
