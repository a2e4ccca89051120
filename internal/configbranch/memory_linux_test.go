//go:build !race

package configbranch_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/previewset/previewset/internal/configbranch"
	"github.com/previewset/previewset/internal/gittest"
)

// The variables that make the test binary a reader of one config branch, under the limits of the service's container.
const (
	readVariable  = "PREVIEWSET_TEST_READ"
	limitVariable = "PREVIEWSET_TEST_LIMIT"
)

func TestMain(m *testing.M) {
	if address := os.Getenv(readVariable); address != "" {
		os.Exit(readOnce(address))
	}
	os.Exit(m.Run())
}

// readOnce reads twice, as the generator does after a push, and prints the result and the peak of the memory.
func readOnce(address string) int {
	limit, err := strconv.ParseUint(os.Getenv(limitVariable), 10, 64)
	if err != nil || syscall.Setrlimit(syscall.RLIMIT_DATA, &syscall.Rlimit{Cur: limit, Max: limit}) != nil {
		return 2
	}
	reader, err := configbranch.New(configbranch.Options{URL: address, Timeout: 10 * time.Minute})
	if err != nil {
		return 2
	}
	tree, err := reader.Read(context.Background())
	status, _ := os.ReadFile("/proc/self/status")
	peak := regexp.MustCompile(`VmHWM:\s+(\d+) kB`).FindSubmatch(status)
	fmt.Printf("files %d, ancestors %d, peak %s, error %v\n", len(tree.Files), len(tree.Ancestors), peak[1], err)
	return 0
}

// containerLimits are the memory limit, in bytes, and GOMEMLIMIT of the service's container.
func containerLimits(t *testing.T) (limit, soft string) {
	t.Helper()
	manifest, err := os.ReadFile("../../appsets/generator/deployment.yaml")
	if err != nil {
		t.Fatal(err)
	}
	hard := regexp.MustCompile(`limits:\n\s+memory: (\d+)Mi`).FindSubmatch(manifest)
	goLimit := regexp.MustCompile(`name: GOMEMLIMIT\n\s+value: (\S+)`).FindSubmatch(manifest)
	mebibytes, err := strconv.Atoi(string(hard[1]))
	if err != nil {
		t.Fatal(err)
	}
	return strconv.Itoa(mebibytes << 20), string(goLimit[1])
}

// readWithLimits reads the branch in a process with the limits, and returns its output and its peak in MiB.
func readWithLimits(t *testing.T, address string) (output string, peak int) {
	t.Helper()
	limit, soft := containerLimits(t)
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), readVariable+"="+address, limitVariable+"="+limit, "GOMEMLIMIT="+soft)
	out, err := cmd.CombinedOutput()
	found := regexp.MustCompile(`peak (\d+)`).FindSubmatch(out)
	if err != nil || found == nil {
		t.Fatalf("the reader ended with %v: %.2000s", err, out)
	}
	kibibytes, err := strconv.Atoi(string(found[1]))
	if err != nil {
		t.Fatal(err)
	}
	return string(out), kibibytes >> 10
}

// writeBlob writes a file's content to the repository and returns its entry.
func writeBlob(t *testing.T, bare, name string, content []byte) gittest.RawEntry {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "git", "-c", "core.compression=1", "hash-object", "-w", "--stdin")
	cmd.Dir, cmd.Env, cmd.Stdin = bare, gittest.Environ(), bytes.NewReader(content)
	hash, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	return gittest.RawEntry{Mode: "100644", Name: name, Hash: strings.TrimSpace(string(hash))}
}

// maxPeak is the part of the container's memory, in MiB, that a read may use at most. The generator keeps its answers in
// the rest.
const maxPeak = 200

func TestReadFitsIntoContainer(t *testing.T) {
	t.Parallel()
	zeros, random := make([]byte, 60<<20), make([]byte, 15<<20)
	_, _ = rand.Read(random)
	tests := []struct {
		name, want string
		prepare    func(t *testing.T, bare string)
	}{
		{"ten files of 60 MB", "files 2, ancestors 2, ", func(t *testing.T, bare string) {
			t.Helper()
			var entries []gittest.RawEntry
			for i := range 10 {
				zeros[0] = byte(i)
				entries = append(entries, writeBlob(t, bare, fmt.Sprint("zeros", i), zeros))
			}
			tree := gittest.RawTree(t, bare, entries...)
			gittest.ReplaceEntry(t, bare, "overlays/large", gittest.RawEntry{Mode: "40000", Name: "large", Hash: tree})
		}},
		{"a file of 15 MB in the history", "files 2, ancestors 3, ", func(t *testing.T, bare string) {
			t.Helper()
			good := gittest.Git(t, bare, "rev-parse", "main^{tree}")
			gittest.ReplaceEntry(t, bare, "large", writeBlob(t, bare, "large", random))
			gittest.CommitTree(t, bare, good)
		}},
		{"a file that is stored as the difference to a large one", "files 2, ancestors 2, ", func(t *testing.T, bare string) {
			t.Helper()
			tree := gittest.RawTree(t, bare,
				writeBlob(t, bare, "first", random), writeBlob(t, bare, "second", append([]byte{1}, random...)))
			gittest.ReplaceEntry(t, bare, "large", gittest.RawEntry{Mode: "40000", Name: "large", Hash: tree})
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			bare := gittest.New(t, example())
			gittest.Commit(t, bare, map[string]string{"README.md": "again\n"})
			tt.prepare(t, bare)
			for _, canFilter := range []string{"true", "false"} {
				gittest.Git(t, bare, "config", "uploadpack.allowFilter", canFilter)
				output, peak := readWithLimits(t, gittest.Serve(t, bare).Address())
				if !strings.Contains(output, tt.want) || peak > maxPeak {
					t.Errorf("filter %s: peak %d MiB, want at most %d; %q in %s", canFilter, peak, maxPeak, tt.want, output)
				}
			}
		})
	}
}
