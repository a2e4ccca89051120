package toolchain

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

// databaseServers are Debian's packages with the database servers.
var databaseServers = []string{"postgresql", "redis-server", "pgbouncer"}

// DatabaseServers returns the environment variables with which the programs of PostgreSQL, PgBouncer and Redis run. If the machine
// lacks one of them, Debian's are fetched once. That needs no root and installs nothing.
func (b *Toolbox) DatabaseServers(ctx context.Context, progress io.Writer) (env []string, err error) {
	folders := programFolders("/")
	if hasProgram(folders, "postgres") && hasProgram(folders, "redis-server") && hasProgram(folders, "pgbouncer") {
		return []string{"PATH=" + strings.Join(folders, ":")}, nil
	}
	release, _ := os.ReadFile("/etc/os-release") // a system without one has no apt-get either, which is reported then
	sum := sha256.Sum256([]byte(strings.Join(databaseServers, " ") + runtime.GOARCH + "\n" + string(release)))
	file, err := b.once(ctx, progress, "Debian's PostgreSQL and Redis",
		filepath.Join(b.cache, hex.EncodeToString(sum[:])[:16], "complete"), fetchDatabaseServers)
	if err != nil {
		return nil, err
	}
	root := filepath.Join(filepath.Dir(file), "root")
	libraries, err := filepath.Glob(filepath.Join(root, "usr/lib/*-linux-gnu*"))
	return []string{
		"PATH=" + strings.Join(append(folders, programFolders(root)...), ":"),
		"LD_LIBRARY_PATH=" + strings.Join(libraries, ":"),
	}, err
}

func fetchDatabaseServers(ctx context.Context, folder string) error {
	if err := unpackWithLibraries(ctx, folder, databaseServers...); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, "complete"), nil, 0o600)
}

// programFolders returns the folders with programs below a root.
func programFolders(root string) []string {
	versions, _ := filepath.Glob(filepath.Join(root, "usr/lib/postgresql/*/bin")) // the pattern is valid
	return append(versions, filepath.Join(root, "usr/bin"), filepath.Join(root, "bin"), filepath.Join(root, "usr/sbin"))
}

func hasProgram(folders []string, name string) bool {
	for _, folder := range folders {
		if _, err := exec.LookPath(filepath.Join(folder, name)); err == nil {
			return true
		}
	}
	return false
}
