package preview

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/previewset/previewset/internal/config"
)

// LostSlot is a slot that a person had until recently: the claim ended, was released, or another person took the slot.
type LostSlot struct {
	Slot string
	// At is the time of the first snapshot without the person's claim.
	At time.Time
	// To are the new holders; empty if the slot is free.
	To []string `json:",omitempty"`
}

// lostSlots returns the slots that people lost within the last day, by login in lower case. A person with another slot
// has lost none.
func (in *input) lostSlots() map[string]LostSlot {
	lost := map[string]LostSlot{}
	for person, l := range in.memory.LostSlots {
		if in.slotOf(person) == "" && in.now.Sub(l.At) < goneFor {
			lost[person] = l
		}
	}
	var before map[string]config.Claim
	if in.memory.Slots != nil {
		before = in.memory.Slots.At(in.memory.Agreed).Slots
	}
	for _, slot := range slices.Sorted(maps.Keys(before)) {
		for _, person := range before[slot].Holders {
			if in.slotOf(person) == "" {
				lost[strings.ToLower(person)] = LostSlot{slot, in.now.UTC().Truncate(time.Second), in.claims[slot].Holders}
			}
		}
	}
	if len(lost) == 0 {
		return nil
	}
	return lost
}

// of describes the loss for the person's pull requests.
func (l LostSlot) of(person string) string {
	text := fmt.Sprintf("%s lost slot %s at %s",
		config.Printable(person), config.Printable(l.Slot), moment(l.At))
	if len(l.To) > 0 {
		return text + ": it belongs to " + config.Printable(strings.Join(l.To, ", "))
	}
	return text + ": the claim ended, or was released"
}

// lostSlotText describes the slot that a person lost; "" if there is none.
func (in *input) lostSlotText(person string) string {
	if l, ok := in.lost[strings.ToLower(person)]; ok {
		return l.of(person)
	}
	return ""
}

// losersOf describes the people who lost a slot lately, for the slot itself.
func (in *input) losersOf(slot string) (texts []string) {
	for _, person := range slices.Sorted(maps.Keys(in.lost)) {
		if l := in.lost[person]; l.Slot == slot {
			texts = append(texts, fmt.Sprintf("%s lost it at %s", config.Printable(person), moment(l.At)))
		}
	}
	return texts
}
