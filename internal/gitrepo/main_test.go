package gitrepo_test

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"testing"

	"github.com/previewset/previewset/internal/gitrepo"
)

// TestMain lets the test's program be the process of one writer: what is promised is promised of processes.
func TestMain(m *testing.M) {
	if os.Getenv("GITREPO_WRITER") != "" {
		if err := writer(context.Background(), os.Args[1], os.Args[2], os.Args[3]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// writer makes the changes one after the other, each from the start, as so many calls of a command.
func writer(ctx context.Context, url, name, changes string) error {
	n, err := strconv.Atoi(changes)
	if err != nil {
		return err
	}
	attempts := 0
	for c := range n {
		var repo *gitrepo.Repository
		if repo, err = gitrepo.New(gitrepo.Options{URL: url}); err != nil {
			return err
		}
		var result gitrepo.Result
		result, err = repo.Update(ctx, appends("log", fmt.Sprintf("%s-%d", name, c)))
		if err != nil {
			return err
		}
		attempts += result.Attempts
	}
	_, err = fmt.Println(attempts)
	return err
}
