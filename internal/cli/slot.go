package cli

import (
	"github.com/spf13/cobra"

	"github.com/previewset/previewset/internal/cli/flags"
	"github.com/previewset/previewset/internal/cli/terminal"
)

func newSlotCmd(term *terminal.Process) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "slot",
		Short: "Claim, release and list slots",
		Long: `A slot is an environment with a permanent name, namespace and host. slots.yaml in the GitOps
repository contains the slots, their claims and the queue. The labelled pull requests of all holders of a
slot run together in it.

A claim ends at its time. The first claim in the queue then gets the slot, without another commit.`,
		Example: `  previewctl slot list
  previewctl slot claim --holders alice,bob --purpose 'checkout redesign' --until 72h
  previewctl slot release bulbasaur`,
		Args: flags.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(
		newSlotListCmd(term, runSlotList), newSlotClaimCmd(term, runSlotClaim), newSlotReleaseCmd(term, runSlotRelease),
	)
	return cmd
}
