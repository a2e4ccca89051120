package preview

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/previewset/previewset/internal/config"
)

// QueuePlace is a place in a queue. Each limit has queues of its own, and so have the slots.
type QueuePlace struct {
	// Name is the limit: environments, perOwner, perRepository or awake; slots is the queue of slots.yaml.
	Name string `json:"name"`
	// For is the owner or the repository that the queue belongs to; empty for a queue of all.
	For string `json:"for,omitempty"`
	// Position counts from 1.
	Position int `json:"position"`
}

// queueSlots is the name of the queue of slots.yaml.
const queueSlots = "slots"

// queueNames say what an entry of a queue waits for. The names of owners and repositories follow.
var queueNames = map[string]string{
	string(limitEnvironments): "for an environment", string(limitPerOwner): "of", string(limitPerRepository): "of",
	string(limitAwake): "to be awake", queueSlots: "for a slot",
}

// String says the position, and in which queue.
func (q QueuePlace) String() string {
	text := fmt.Sprintf("position %d in the queue %s", q.Position, queueNames[q.Name])
	if q.For != "" {
		text += " " + q.For
	}
	return text
}

// SlotClaim is the claim on a slot.
type SlotClaim struct {
	// Holders are the GitHub logins of the holders.
	Holders []string `json:"holders"`
	// Until is the end of the claim; missing if it has none.
	Until *time.Time `json:"until,omitempty"`
	// Next are the holders of the claim that follows at this end; empty if the slot is free then.
	Next []string `json:"next,omitempty"`
}

// String says how long the holders have the slot, and what follows.
func (s SlotClaim) String() string {
	text := "held by " + strings.Join(s.Holders, ", ")
	switch {
	case s.Until == nil:
		return text + " without an end"
	case len(s.Next) > 0:
		return text + " until " + moment(*s.Until) + ", then by " + strings.Join(s.Next, ", ")
	}
	return text + " until " + moment(*s.Until) + ", then free"
}

// slotClaim returns the claim on a slot; nil if the environment is no slot.
func (in *input) slotClaim(environment string) *SlotClaim {
	claim := in.claims[environment]
	if len(claim.Holders) == 0 {
		return nil
	}
	s := &SlotClaim{Holders: printable(claim.Holders)}
	if claim.Until != nil {
		until := claim.Until.UTC().Truncate(time.Second)
		s.Until = &until
		s.Next = printable(in.cfg.Slots.At(until).Slots[environment].Holders)
	}
	return s
}

func printable(texts []string) []string {
	texts = slices.Clone(texts)
	for i := range texts {
		texts[i] = config.Printable(texts[i])
	}
	return texts
}

// slotQueuePlace returns the place of a person in the queue for a slot; nil if the person doesn't wait.
func (in *input) slotQueuePlace(person string) *QueuePlace {
	for i, claim := range in.slotQueue {
		if person != "" && slices.ContainsFunc(claim.Holders, func(h string) bool { return strings.EqualFold(h, person) }) {
			return &QueuePlace{Name: queueSlots, Position: i + 1}
		}
	}
	return nil
}
