package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/previewset/previewset/internal/gitrepo"
	"github.com/previewset/previewset/internal/overlay"
	"github.com/previewset/previewset/internal/overlay/filetree"
	"github.com/previewset/previewset/internal/overlay/yamldoc"
	"github.com/previewset/previewset/internal/preview"
)

const slotsFile = "slots.yaml"

func newSlotCmd(env *process) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "slot",
		Short: "Claim, release and list slots: environments with names that stay",
		Long: `A slot is an environment with a name, a namespace and a host that stay while people come and go. slots.yaml in the GitOps
repository lists them and who holds which. The labelled pull requests of all its holders run together in a slot.

A claim past its end is over, and who waits first holds the slot from then on, whether anybody writes that down or not.`,
		Example: `  previewctl slot list
  previewctl slot claim --holders alice,bob --purpose 'checkout redesign' --until 72h
  previewctl slot release bulbasaur`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newSlotListCmd(env, runSlotList), newSlotClaimCmd(env, runSlotClaim), newSlotReleaseCmd(env, runSlotRelease))
	return cmd
}

// pool is slots.yaml as it is in force now.
type pool struct {
	fsys   fs.FS
	config *preview.Config
	now    preview.SlotPool // every claim that is over is gone, and who waits has what is free
}

// newPool reads the slots as they are at a time.
func newPool(fsys fs.FS, now time.Time) (*pool, error) {
	config, err := overlay.New(fsys).Config()
	if err != nil {
		return nil, brokenPolicy(err)
	}
	if config.Slots == nil {
		return nil, errors.New("there are no slots: the GitOps repository has no " + slotsFile + "\nwrite one that names them, like:\n" +
			"apiVersion: " + preview.APIVersion + "\nkind: SlotPool\nslots: {bulbasaur: {}, ivysaur: {}}")
	}
	return &pool{fsys: fsys, config: config, now: *config.Slots.At(now)}, nil
}

func (p *pool) names() []string { return slices.Sorted(maps.Keys(p.now.Slots)) }

func isFree(c preview.Claim) bool { return len(c.Holders) == 0 }

// claimFile is a claim as it stands in the file.
type claimFile struct {
	Holders []string   `yaml:"holders,omitempty"`
	Purpose string     `yaml:"purpose,omitempty"`
	Since   *time.Time `yaml:"since,omitempty"`
	Until   *time.Time `yaml:"until,omitempty"`
}

// edits write down how the slots are now, with the successions since the file was written last.
func (p *pool) edits(m gitrepo.Message) (gitrepo.Edits, error) {
	e := gitrepo.Edits{Write: map[string][]byte{}, Message: m}
	was, err := fs.ReadFile(p.fsys, slotsFile)
	if err != nil {
		return e, err
	}
	d, err := yamldoc.Parse(was)
	if err != nil {
		return e, err
	}
	if err = p.write(d); err != nil {
		return e, fmt.Errorf("%s %w", slotsFile, err)
	}
	if string(d.Bytes()) == string(was) {
		return e, nil
	}
	e.Write[slotsFile] = d.Bytes()
	_, err = overlay.New(filetree.Edited(p.fsys, e.Write, nil)).Config()
	return e, err
}

func (p *pool) write(d *yamldoc.Document) error {
	for _, name := range p.names() {
		if reflect.DeepEqual(p.now.Slots[name], p.config.Slots.Slots[name]) {
			continue
		}
		if err := d.Set(claimFile(p.now.Slots[name]), "slots", name); err != nil {
			return err
		}
	}
	if reflect.DeepEqual(p.now.Queue, p.config.Slots.Queue) {
		return nil
	}
	if len(p.now.Queue) == 0 {
		return d.Remove("queue")
	}
	queue := make([]claimFile, len(p.now.Queue))
	for i, c := range p.now.Queue {
		queue[i] = claimFile(c)
	}
	return d.Set(queue, "queue")
}

// check refuses a slot that isn't there.
func (p *pool) check(slot string) error {
	if _, ok := p.now.Slots[slot]; ok || slot == "" {
		return nil
	}
	text := "there is no slot " + slot
	if near := preview.Nearest(slot, p.names()); near != "" {
		text += "; did you mean " + near + "?"
	}
	return fmt.Errorf("%s\nslots of %s: %s", text, slotsFile, plural(p.names()))
}

// note tells what keeps slots from being used.
func (p *pool) note(env *process) {
	if p.config.Policy.Slots == "off" {
		env.tell("note: slots are off: nobody's pull requests run in them until previewset.yaml says slots: on")
	}
}

// noteSeveral tells who holds several slots in which of them their pull requests run: the first by name.
func (p *pool) noteSeveral(env *process, people []string) {
	for _, who := range people {
		var held []string
		for _, name := range p.names() {
			if isHolder(who, p.now.Slots[name].Holders) {
				held = append(held, name)
			}
		}
		if len(held) > 1 {
			env.tell(fmt.Sprintf("note: %s holds %d slots, %s: pull requests of %s run in %s", who, len(held), plural(held), who, held[0]))
		}
	}
}

var login = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9-]{0,99}(\[bot\])?$`)

// checkHolders takes logins, each once.
func checkHolders(cmd *cobra.Command, holders []string) error {
	seen := map[string]bool{}
	for _, h := range holders {
		if !login.MatchString(h) || seen[strings.ToLower(h)] {
			return usagef(cmd, "--holders %q is not a GitHub login like alice, or stands twice", h)
		}
		seen[strings.ToLower(h)] = true
	}
	return nil
}

// sameHolders compares who holds, in whatever order.
func sameHolders(a, b []string) bool {
	return len(a) == len(b) && !slices.ContainsFunc(a, func(h string) bool { return !isHolder(h, b) })
}

func isHolder(login string, of []string) bool {
	return slices.ContainsFunc(of, func(h string) bool { return strings.EqualFold(h, login) })
}

// describeClaim is a claim for a sentence. Its purpose may be anything that somebody wrote into the file.
func describeClaim(c preview.Claim) string {
	text := plural(c.Holders)
	if purpose := preview.Printable(c.Purpose); purpose != "" {
		text += " (" + purpose + ")"
	}
	if c.Until != nil {
		text += ", until " + c.Until.UTC().Format(time.RFC3339)
	}
	return text
}
