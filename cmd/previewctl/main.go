// Command previewctl manages preview environments through Git and Argo CD.
package main

import (
	"os"

	"github.com/previewset/previewset/internal/cli"
)

func main() { os.Exit(cli.Main()) }
