// Package slotfile reads and changes slots.yaml.
package slotfile

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"reflect"
	"slices"
	"time"

	"github.com/previewset/previewset/internal/cli/configrepo"
	"github.com/previewset/previewset/internal/cli/output"
	"github.com/previewset/previewset/internal/cli/terminal"
	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/gitrepo"
	"github.com/previewset/previewset/internal/overlay"
	"github.com/previewset/previewset/internal/overlay/filetree"
	"github.com/previewset/previewset/internal/overlay/yamldoc"
)

const Name = "slots.yaml"

// Pool is slots.yaml as it is in force now.
type Pool struct {
	fsys   fs.FS
	config *config.Config
	Now    config.SlotPool // every claim that is over is gone, and who waits has what is free
}

// Open reads the slots as they are at a time.
func Open(fsys fs.FS, now time.Time) (*Pool, error) {
	cfg, err := overlay.New(fsys).Config()
	if err != nil {
		return nil, configrepo.InvalidPolicy(err)
	}
	if cfg.Slots == nil {
		return nil, errors.New("there are no slots: the GitOps repository has no " + Name + "\nwrite one that names them, like:\n" +
			"apiVersion: " + config.APIVersion + "\nkind: SlotPool\nslots: {bulbasaur: {}, ivysaur: {}}")
	}
	return &Pool{fsys: fsys, config: cfg, Now: *cfg.Slots.At(now)}, nil
}

func (p *Pool) Names() []string { return slices.Sorted(maps.Keys(p.Now.Slots)) }

// claimFile is a claim as it stands in the file.
type claimFile struct {
	Holders []string   `yaml:"holders,omitempty"`
	Purpose string     `yaml:"purpose,omitempty"`
	Since   *time.Time `yaml:"since,omitempty"`
	Until   *time.Time `yaml:"until,omitempty"`
}

// Edits write down how the slots are now, with the successions since the file was written last.
func (p *Pool) Edits(m gitrepo.Message) (gitrepo.Edits, error) {
	e := gitrepo.Edits{Write: map[string][]byte{}, Message: m}
	was, err := fs.ReadFile(p.fsys, Name)
	if err != nil {
		return e, err
	}
	d, err := yamldoc.Parse(was)
	if err != nil {
		return e, err
	}
	if err = p.write(d); err != nil {
		return e, fmt.Errorf("%s %w", Name, err)
	}
	if string(d.Bytes()) == string(was) {
		return e, nil
	}
	e.Write[Name] = d.Bytes()
	_, err = overlay.New(filetree.Edited(p.fsys, e.Write, nil)).Config()
	return e, err
}

func (p *Pool) write(d *yamldoc.Document) error {
	for _, name := range p.Names() {
		if reflect.DeepEqual(p.Now.Slots[name], p.config.Slots.Slots[name]) {
			continue
		}
		if err := d.Set(claimFile(p.Now.Slots[name]), "slots", name); err != nil {
			return err
		}
	}
	if reflect.DeepEqual(p.Now.Queue, p.config.Slots.Queue) {
		return nil
	}
	if len(p.Now.Queue) == 0 {
		return d.Remove("queue")
	}
	queue := make([]claimFile, len(p.Now.Queue))
	for i, c := range p.Now.Queue {
		queue[i] = claimFile(c)
	}
	return d.Set(queue, "queue")
}

// Check refuses a slot that isn't there.
func (p *Pool) Check(slot string) error {
	if _, ok := p.Now.Slots[slot]; ok || slot == "" {
		return nil
	}
	text := "there is no slot " + slot
	if near := config.Nearest(slot, p.Names()); near != "" {
		text += "; did you mean " + near + "?"
	}
	return fmt.Errorf("%s\nslots of %s: %s", text, Name, output.List(p.Names()))
}

// NoteIfOff tells what keeps slots from being used.
func (p *Pool) NoteIfOff(env *terminal.Process) {
	if p.config.Policy.Slots == "off" {
		env.Inform("note: slots are off: nobody's pull requests run in them until previewset.yaml says slots: on")
	}
}

// NoteSeveral tells who holds several slots in which of them their pull requests run: the first by name.
func (p *Pool) NoteSeveral(env *terminal.Process, people []string) {
	for _, who := range people {
		var held []string
		for _, name := range p.Names() {
			if isHolder(who, p.Now.Slots[name].Holders) {
				held = append(held, name)
			}
		}
		if len(held) > 1 {
			env.Inform(fmt.Sprintf("note: %s holds %d slots, %s: pull requests of %s run in %s", who, len(held), output.List(held), who, held[0]))
		}
	}
}
