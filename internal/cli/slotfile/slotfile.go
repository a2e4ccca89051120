// Package slotfile reads and changes slots.yaml.
package slotfile

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/previewset/previewset/internal/cli/configrepo"
	"github.com/previewset/previewset/internal/cli/terminal"
	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/gitrepo"
	"github.com/previewset/previewset/internal/overlay"
	"github.com/previewset/previewset/internal/overlay/filetree"
	"github.com/previewset/previewset/internal/overlay/yamldoc"
)

// Name is the file's name.
const Name = config.SlotsFile

// exampleFile is a file with two free slots.
const exampleFile = "apiVersion: " + config.APIVersion + "\nkind: SlotPool\nslots: {bulbasaur: {}, ivysaur: {}}"

// Pool is the slots on the newest commit of the GitOps repository.
type Pool struct {
	// Now is the pool without ended claims; the queue has moved up. The caller changes it.
	Now config.SlotPool

	fsys   fs.FS
	config *config.Config
}

// Open reads the slots as of a point in time.
func Open(fsys fs.FS, now time.Time) (*Pool, error) {
	cfg, err := overlay.New(fsys).Config()
	if err != nil {
		return nil, configrepo.InvalidPolicy(err)
	}
	if cfg.Slots == nil {
		return nil, errors.New("there are no slots: the GitOps repository has no " + Name + "\n" +
			"add that file, for example:\n" + exampleFile)
	}
	return &Pool{fsys: fsys, config: cfg, Now: *cfg.Slots.At(now)}, nil
}

// Names returns the names of the slots, sorted.
func (p *Pool) Names() []string { return slices.Sorted(maps.Keys(p.Now.Slots)) }

// Problem returns why the holder of a slot is unknown; "" if it is known.
func (p *Pool) Problem(slot string) string {
	if !p.Now.Unknown[slot] {
		return ""
	}
	return p.config.SlotProblems.Error()
}

// Check returns an error if the pool has no slot of that name. The name "" is valid.
func (p *Pool) Check(slot string) error {
	if _, ok := p.Now.Slots[slot]; ok || slot == "" {
		return nil
	}
	text := "there is no slot " + slot
	if near := config.Nearest(slot, p.Names()); near != "" {
		text += "; did you mean " + near + "?"
	}
	return fmt.Errorf("%s\nuse a slot of %s: %s", text, Name, strings.Join(p.Names(), ", "))
}

// Edits returns the edits that write Now into the file, and checks the result.
func (p *Pool) Edits(m gitrepo.Message) (gitrepo.Edits, error) {
	e := gitrepo.Edits{Write: map[string][]byte{}, Message: m}
	before, err := fs.ReadFile(p.fsys, Name)
	if err != nil {
		return e, err
	}
	d, err := yamldoc.Parse(before)
	if err != nil {
		return e, err
	}
	if err = p.write(d); err != nil {
		return e, fmt.Errorf("%s %w", Name, err)
	}
	if string(d.Bytes()) == string(before) {
		return e, nil
	}
	e.Write[Name] = d.Bytes()
	after, err := overlay.New(filetree.Edited(p.fsys, e.Write, nil)).Config()
	if err == nil && len(after.SlotProblems) > len(p.config.SlotProblems) {
		err = after.SlotProblems
	}
	return e, err
}

// claimFields are the keys of a claim in the file.
type claimFields struct {
	Holders []string   `yaml:"holders,omitempty"`
	Purpose string     `yaml:"purpose,omitempty"`
	Since   *time.Time `yaml:"since,omitempty"`
	Until   *time.Time `yaml:"until,omitempty"`
}

// write writes the changed claims and the changed queue. It keeps the other lines.
func (p *Pool) write(d *yamldoc.Document) error {
	for _, name := range p.Names() {
		if reflect.DeepEqual(p.Now.Slots[name], p.config.Slots.Slots[name]) {
			continue
		}
		if err := d.Set(claimFields(p.Now.Slots[name]), "slots", name); err != nil {
			return err
		}
	}
	if reflect.DeepEqual(p.Now.Queue, p.config.Slots.Queue) {
		return nil
	}
	if len(p.Now.Queue) == 0 {
		return d.Remove("queue")
	}
	queue := make([]claimFields, len(p.Now.Queue))
	for i, c := range p.Now.Queue {
		queue[i] = claimFields(c)
	}
	return d.Set(queue, "queue")
}

// NoteIfOff tells the user if the policy switches slots off.
func (p *Pool) NoteIfOff(env *terminal.Process) {
	if p.config.Policy.Slots.Mode == "off" {
		env.Notef("slots are off: no pull requests run in them; set slots: on in previewset.yaml")
	}
}

// NoteSeveral tells each login with several slots in which one its pull requests run: the first by name.
func (p *Pool) NoteSeveral(env *terminal.Process, logins []string) {
	for _, login := range logins {
		var held []string
		for _, name := range p.Names() {
			if isHolder(login, p.Now.Slots[name].Holders) {
				held = append(held, name)
			}
		}
		if len(held) > 1 {
			env.Notef("%s holds %d slots, %s: pull requests of %s run in %s",
				login, len(held), strings.Join(held, ", "), login, held[0])
		}
	}
}
