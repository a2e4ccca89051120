package process_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"slices"
	"testing"

	"github.com/previewset/previewset/e2e/process"
)

// TestFreePortsOfTwoProcessesDiffer runs this test again in another process, which reserves ports of its own.
func TestFreePortsOfTwoProcessesDiffer(t *testing.T) {
	const many = 200
	ports, err := process.FreePorts(many)
	if err != nil {
		t.Fatal(err)
	}
	if os.Getenv("PRINT_PORTS") != "" {
		if err := json.NewEncoder(os.Stderr).Encode(ports); err != nil {
			t.Fatal(err)
		}
		return
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$")
	cmd.Env = append(os.Environ(), "PRINT_PORTS=yes")
	var out bytes.Buffer
	cmd.Stderr = &out
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	var others []int
	if err := json.Unmarshal(out.Bytes(), &others); err != nil {
		t.Fatal(err)
	}
	slices.Sort(ports)
	if all := slices.Compact(ports); len(all) != many {
		t.Errorf("%d of %d ports differ", len(all), many)
	}
	for _, port := range others {
		if slices.Contains(ports, port) {
			t.Errorf("both processes have port %d", port)
		}
	}
}
