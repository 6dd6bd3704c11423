package soc1

// Backup is one copy of all that an installation keeps, made by somebody, and how it
// fared when it was tried. A program in which controls are performed is a system in
// scope, and an auditor asks for its backups as for those of any other.
type Backup struct {
	// MadeAt is when copying began.
	MadeAt Instant `json:"made_at" label:"Made at" required:"true"`
	// MadeBy had it made.
	MadeBy string `json:"made_by" label:"Made by" ref:"person" required:"true"`
	// Program is the version of the program that made it.
	Program string `json:"program" label:"Program" required:"true"`
	// Manifest is the SHA-256 of the file that names every other file of the backup.
	Manifest string `json:"manifest" label:"SHA-256 of the manifest" required:"true"`
	// Files counts the organization's sealed files in the copy. An auditor's are copied,
	// too, and counted nowhere: how many there are is not for management to see.
	Files int64 `json:"files" label:"Sealed files"`
	// Bytes is the length of these together.
	Bytes int64 `json:"bytes" label:"Bytes of these"`
	// Size is how many entries the organization's ledger had in the copy.
	Size int64 `json:"size" label:"Entries" required:"true"`
	// Root is the hash of the tree of these entries, in base64 as in a checkpoint.
	Root string `json:"root" label:"Root" required:"true"`
	// Keys says that the keys were copied to a place of their own in the same step.
	Keys bool `json:"keys,omitempty" label:"Keys copied"`
	// Trials are the attempts to restore it, earliest first.
	Trials []BackupTrial `json:"trials,omitempty" label:"Tried"`
}

// BackupTrial is one attempt to restore a backup.
type BackupTrial struct {
	// At is when it was tried.
	At Instant `json:"at" label:"At" required:"true"`
	// By tried it.
	By string `json:"by" label:"By" ref:"person" required:"true"`
	// Program is the version of the program that tried it.
	Program string `json:"program" label:"Program" required:"true"`
	// Entries counts the entries of the organization's ledger that were recomputed.
	Entries int64 `json:"entries" label:"Entries recomputed"`
	// Opened counts its sealed files that were opened with the keys.
	Opened int64 `json:"opened" label:"Sealed files opened"`
	// Problems are what was found; none is a backup that can be restored.
	Problems []string `json:"problems,omitempty" label:"Problems"`
}

// Validate checks the backup alone.
func (b Backup) Validate() []Problem {
	c := examine(b)
	c.digest(b.Manifest, "manifest")
	c.when(b.Size < 0, "size", "A ledger cannot have fewer than no entries.", "Give the number of entries in the copy.")
	for i, x := range b.Trials {
		c.when(x.At.Valid() && b.MadeAt.Valid() && x.At.Before(b.MadeAt), at("trials", i, "at"), "It was tried before it was made.", "Give when it was tried.")
	}
	return c.problems
}

// ProgramVersion is the program as it was installed from a moment on; its revisions
// are the changes of it.
type ProgramVersion struct {
	// Program is its version.
	Program string `json:"program" label:"Program" required:"true"`
	// Engine is the version of what reads populations.
	Engine string `json:"engine" label:"Engine for populations"`
	// Renderer is the version of what typesets reports.
	Renderer string `json:"renderer" label:"Typesetter"`
	// Go is the version of the language it was built with.
	Go string `json:"go" label:"Go"`
	// System is what it runs on, as linux/amd64.
	System string `json:"system" label:"System"`
	// SHA256 is that of the program's file.
	SHA256 string `json:"sha256" label:"SHA-256" required:"true"`
}

// Validate checks the version alone.
func (v ProgramVersion) Validate() []Problem {
	c := examine(v)
	c.digest(v.SHA256, "sha256")
	return c.problems
}
