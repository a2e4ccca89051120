// Package shares keeps the links with which people share previews with guests: a guest sees and wakes one preview until
// the link ends or is revoked. A link has a random secret; only its hash is kept.
package shares

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

// Bounds of the links: their number in total and for each environment, and their lifetime.
const (
	maxShares        = 1000
	maxOfEnvironment = 10
	MaxLifetime      = 30 * 24 * time.Hour
	hashLength       = 2 * sha256.Size
	maxSecret        = 64
)

// Errors of Add.
var (
	ErrTooMany = errors.New("too many links are in use; revoke one, or wait until one ends")
	ErrTooLong = errors.New("a link lasts 30 days at most; choose a shorter time")
)

// Share is a link.
type Share struct {
	// ID is the hash of the link's secret, 64 characters 0-9 and a-f.
	ID          string    `json:"-"`
	Environment string    `json:"environment"`
	Owner       string    `json:"owner,omitempty"` // of the environment when the link was made
	By          string    `json:"by"`              // who made it
	Ends        time.Time `json:"ends"`
}

// Shares are all links. It is safe for concurrent use.
type Shares struct {
	now func() time.Time

	mu      sync.Mutex
	active  map[string]Share // by ID
	unsaved bool
}

// New returns Shares without links.
func New(now func() time.Time) *Shares { return &Shares{now: now, active: map[string]Share{}} }

// Add makes a link to an environment with an owner. It returns the link's secret, which can't be found out later.
func (s *Shares) Add(environment, owner, by string, lifetime time.Duration) (secret string, err error) {
	if lifetime <= 0 || lifetime > MaxLifetime {
		return "", ErrTooLong
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forget()
	if len(s.active) >= maxShares || len(s.of(environment)) >= maxOfEnvironment {
		return "", ErrTooMany
	}
	secret = rand.Text()
	s.active[idOf(secret)] = Share{
		Environment: environment, Owner: owner, By: by, Ends: s.now().Add(lifetime).UTC().Truncate(time.Second),
	}
	s.unsaved = true
	return secret, nil
}

// Find returns the link with a secret. It isn't found after its end.
func (s *Shares) Find(secret string) (Share, bool) {
	if secret == "" || len(secret) > maxSecret {
		return Share{}, false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	found, ok := s.active[idOf(secret)]
	return found, ok && s.now().Before(found.Ends)
}

// Of returns the links to an environment, sorted by their end.
func (s *Shares) Of(environment string) []Share {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.of(environment)
}

func (s *Shares) of(environment string) []Share {
	var found []Share
	for id, share := range s.active {
		if share.Environment == environment && s.now().Before(share.Ends) {
			share.ID = id
			found = append(found, share)
		}
	}
	slices.SortFunc(found, func(a, b Share) int {
		if c := a.Ends.Compare(b.Ends); c != 0 {
			return c
		}
		return strings.Compare(a.ID, b.ID)
	})
	return found
}

// Keep ends the links to environments that aren't live any more, or that have another owner: another environment with
// the name isn't the one that was shared. Owners has the owner of each live environment.
func (s *Shares) Keep(owners map[string]string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	before := len(s.active)
	maps.DeleteFunc(s.active, func(_ string, share Share) bool {
		owner, isLive := owners[share.Environment]
		return !isLive || owner != share.Owner
	})
	s.unsaved = s.unsaved || len(s.active) < before
}

// Revoke ends a link to an environment. It reports whether there was such a link.
func (s *Shares) Revoke(environment, id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if found, ok := s.active[id]; !ok || found.Environment != environment {
		return false
	}
	delete(s.active, id)
	s.unsaved = true
	return true
}

// Saved returns all links by ID. HasChanged says whether they changed since the last call.
func (s *Shares) Saved() (all map[string]Share, hasChanged bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forget()
	hasChanged, s.unsaved = s.unsaved, false
	return maps.Clone(s.active), hasChanged
}

// Restore takes over saved links. Links that were made since the start stay.
func (s *Shares) Restore(all map[string]Share) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, share := range all {
		if len(id) == hashLength && share.Environment != "" {
			s.active[id] = share
		}
	}
}

// forget drops links that have ended.
func (s *Shares) forget() {
	maps.DeleteFunc(s.active, func(_ string, share Share) bool { return !s.now().Before(share.Ends) })
}

func idOf(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}
