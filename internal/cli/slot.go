package cli

import (
	"github.com/spf13/cobra"

	"github.com/previewset/previewset/internal/cli/flags"
	"github.com/previewset/previewset/internal/cli/terminal"
)

func newSlotCmd(env *terminal.Process) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "slot",
		Short: "Claim, release and list slots: environments with names that stay",
		Long: `A slot is an environment with a name, a namespace and a host that stay while people come and go. slots.yaml in the GitOps
repository lists them and who holds which. The labelled pull requests of all its holders run together in a slot.

A claim past its end is over, and who waits first holds the slot from then on, whether anybody writes that down or not.`,
		Example: `  previewctl slot list
  previewctl slot claim --holders alice,bob --purpose 'checkout redesign' --until 72h
  previewctl slot release bulbasaur`,
		Args: flags.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newSlotListCmd(env, runSlotList), newSlotClaimCmd(env, runSlotClaim), newSlotReleaseCmd(env, runSlotRelease))
	return cmd
}
