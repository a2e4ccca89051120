package cli

import (
	"context"
	"regexp"

	"github.com/spf13/cobra"

	"github.com/previewset/previewset/internal/cli/configrepo"
	"github.com/previewset/previewset/internal/cli/flags"
	"github.com/previewset/previewset/internal/cli/terminal"
	"github.com/previewset/previewset/internal/overlay"
	"github.com/previewset/previewset/internal/overlay/newstore"
)

type datasetPublishOptions struct {
	term        *terminal.Process
	publication newstore.Publication
	commit      configrepo.CommitOptions
}

func newDatasetPublishCmd(
	term *terminal.Process, runF func(context.Context, *datasetPublishOptions) error,
) *cobra.Command {
	opts := &datasetPublishOptions{term: term}
	cmd := &cobra.Command{
		Use:   "publish STORE",
		Short: "Publish masked copies of the baseline's store",
		Long: `publish creates kustomize-base/data/STORE/publish, a CronJob of the baseline. It copies the store's
database, masks the copy by the rules in rules.csv, and uploads an archive of pg_dump. The log of the job has
the command that makes a dataset of it.

The job fails if a column has no rule. So a column of a new migration is never published by mistake. The
rules are keep, null, hash, email and truncate. The file begins without a rule: write them before the first
run. Only the store postgres can be masked.`,
		Example: `  previewctl dataset publish postgres --url https://data.acme.example/masked/ --dry-run
  previewctl dataset publish postgres --url https://acme-data.s3.eu-central-1.amazonaws.com/masked/ \
    --auth aws:eu-central-1 --secret-store previews --secret-key previews/publish`,
		Args:              flags.OneArg("store"),
		ValidArgsFunction: completeOne(configrepo.Completer(term, &opts.commit.Repo)("store")),
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.publication.Store = args[0]
			if err := opts.check(cmd); err != nil {
				return err
			}
			return runF(cmd.Context(), opts)
		},
	}
	f := cmd.Flags()
	f.StringVar(&opts.publication.URL, "url", "", "upload to a folder, an https:// address that ends with a slash")
	f.StringVar(&opts.publication.Auth, "auth", "",
		"authenticate by bearer (a token), basic (user:password) or aws:REGION (key:secret)")
	f.StringVar(&opts.publication.SecretStore, "secret-store", "",
		"with --auth: name the ClusterSecretStore that has the credentials")
	f.StringVar(&opts.publication.Key, "secret-key", "previews/publish",
		"with --auth: name the key there; its property credentials is used")
	f.StringVar(&opts.publication.Schedule, "schedule", "0 3 * * 0", "set the times in the form of a CronJob")
	f.StringVar(&opts.publication.Size, "size", "1Gi", "set the space for the copy, like 500Mi or 2Gi")
	opts.commit.AddFlags(cmd)
	return cmd
}

var (
	folderAddress = regexp.MustCompile(`^https://[A-Za-z0-9.-]+(:[0-9]+)?/([A-Za-z0-9._~%+-]+/)*$`)
	cronSchedule  = regexp.MustCompile(`^([0-9A-Za-z*/,-]+ ){4}[0-9A-Za-z*/,-]+$|^@[a-z]+$`)
)

func (o *datasetPublishOptions) check(cmd *cobra.Command) error {
	p := o.publication
	switch {
	case !flags.IsDNSLabel(p.Store):
		return flags.Usagef(cmd, "%q is not the name of a store; use for example postgres", p.Store)
	case !folderAddress.MatchString(p.URL):
		return flags.Usagef(cmd, "--url %q is not the https:// address of a folder; end it with a slash", p.URL)
	case !cronSchedule.MatchString(p.Schedule):
		return flags.Usagef(cmd, `--schedule %q is not a schedule; use for example "0 3 * * 0"`, p.Schedule)
	case !storageSize.MatchString(p.Size):
		return flags.Usagef(cmd, "--size %q is not a size; use for example 500Mi or 2Gi", p.Size)
	}
	if err := checkAuth(cmd, p.Auth, p.SecretStore, p.Key); err != nil {
		return err
	}
	return o.commit.Check(cmd)
}

func runDatasetPublish(ctx context.Context, opts *datasetPublishOptions) error {
	store := opts.publication.Store
	return addition{
		subject: "Publish datasets of " + store, added: "added the publication of store " + store,
		next: "write a rule for each column into kustomize-base/data/" + store + "/publish/rules.csv",
		files: func(repo *overlay.Repo) (map[string][]byte, error) {
			return overlay.AddPublication(repo, opts.publication)
		},
		check: func(repo *overlay.Repo) error { return overlay.CheckBaseline(repo).Err() },
	}.run(ctx, opts.term, &opts.commit)
}
