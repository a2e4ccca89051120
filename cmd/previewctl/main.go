// Command previewctl sets up and checks the GitOps repository of PreviewSet and shows what is in its environments.
package main

import (
	"os"

	"github.com/previewset/previewset/internal/cli"
)

func main() { os.Exit(cli.Main()) }
