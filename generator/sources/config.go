package sources

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/preview"
)

// ConfigBranch reads the newest commit of the config branch.
type ConfigBranch interface {
	Read(ctx context.Context) (config.Tree, error)
}

// Config is the configuration in force.
type Config struct {
	InForce *config.Config // nil before the first valid one
	ReadAt  time.Time      // when the last successful read began
	Err     error          // why the configuration can't be updated

	branch ConfigBranch
	now    func() time.Time
	log    *slog.Logger

	loaded    string // the commit that was loaded last
	loadedErr error
}

// NewConfig returns a Config without a configuration.
func NewConfig(b ConfigBranch, now func() time.Time, log *slog.Logger) *Config {
	return &Config{branch: b, now: now, log: log}
}

// Names are the repositories of the configuration in force.
func (c *Config) Names() []string {
	if c.InForce == nil {
		return nil
	}
	return c.InForce.Repositories()
}

// Read reads the config branch. If that fails or the content is invalid, the last valid configuration stays in force.
// Saved is the memory of the last snapshot. Then is called afterwards with the configuration that was in force before.
func (c *Config) Read(ctx context.Context, saved func() preview.Memory, then func(before *config.Config)) Task {
	return func() Apply {
		began := c.now()
		tree, err := c.branch.Read(ctx)
		return func() {
			before := c.InForce
			if ctx.Err() == nil {
				c.load(tree, began, err, saved())
			}
			then(before)
		}
	}
}

// load brings the configuration read into force.
func (c *Config) load(tree config.Tree, began time.Time, err error, saved preview.Memory) {
	if err != nil {
		c.fail(err) // guard unreadable-config: c.InForce, c.loaded = nil, ""; $
		return
	}
	if tree.Commit != c.loaded {
		c.loaded = tree.Commit
		previous := c.InForce
		if previous == nil {
			previous = saved.Previous()
		}
		var cfg *config.Config
		cfg, c.loadedErr = config.Load(tree, previous)
		if c.loadedErr == nil {
			c.InForce = cfg
			c.log.Info("configuration loaded", "revision", tree.Commit, "problems", len(cfg.Problems))
		}
	}
	if c.loadedErr != nil {
		// guard invalid-config: c.InForce = nil; $
		c.fail(fmt.Errorf("config branch at %s is invalid: %w", tree.Commit[:min(12, len(tree.Commit))], c.loadedErr))
		return
	}
	c.Err, c.ReadAt = nil, began
}

func (c *Config) fail(err error) {
	if c.Err == nil || c.Err.Error() != err.Error() {
		c.log.Error("update configuration failed", "error", err)
	}
	c.Err = err
}
