package cli

import (
	"context"
	"regexp"
	"slices"

	"github.com/spf13/cobra"

	"github.com/previewset/previewset/internal/cli/configrepo"
	"github.com/previewset/previewset/internal/cli/flags"
	"github.com/previewset/previewset/internal/cli/terminal"
	"github.com/previewset/previewset/internal/overlay"
	"github.com/previewset/previewset/internal/overlay/newstore"
)

func newDatasetCmd(term *terminal.Process) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "dataset",
		Short: "Add and publish datasets of data stores",
		Long: `A dataset is the data that a store starts with: a component in kustomize-base/data/STORE/datasets. A
profile, or an environment's file, chooses one for all stores of an environment.`,
		Example: `  previewctl dataset add postgres full --image ghcr.io/acme/shop-data:2026-11-20
  previewctl dataset publish postgres --url https://data.acme.example/masked/
  previewctl set jakub --dataset full`,
		Args: flags.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newDatasetAddCmd(term, runDatasetAdd), newDatasetPublishCmd(term, runDatasetPublish))
	return cmd
}

type datasetAddOptions struct {
	term    *terminal.Process
	dataset newstore.Dataset
	commit  configrepo.CommitOptions
}

func newDatasetAddCmd(term *terminal.Process, runF func(context.Context, *datasetAddOptions) error) *cobra.Command {
	opts := &datasetAddOptions{term: term}
	cmd := &cobra.Command{
		Use:   "add STORE NAME",
		Short: "Add a dataset from an image, a file or a snapshot",
		Long: `add creates kustomize-base/data/STORE/datasets/NAME, with an init container that fetches the data before
the store starts. It does so only for an empty volume. After an interrupted load it begins anew.

With --image the data are the files in the folder /dataset of an image with a shell. The files are readable
for every user.

With --url it is a file, or a tar archive of files, of a bucket or a registry. The store starts only if the
file has the checksum --sha256. A blob of an OCI registry has its checksum in its address. With --auth the
credentials come from a secret store of the cluster. Code from a fork never gets such a dataset: its stores
load the dataset empty.

With --snapshot the volume is a copy of a VolumeSnapshot in the environment's namespace. The admission
policies allow only the snapshots of appsets/admission/settings.yaml. previewctl plan shows --size and
--seconds.

PostgreSQL runs the files *.sql, *.sql.gz and *.sh, and restores *.dump of pg_dump. MongoDB runs *.js, and
Redis *.redis.`,
		Example: `  previewctl dataset add postgres full --image ghcr.io/acme/shop-data:2026-11-20 --size 2Gi
  previewctl dataset add postgres copy --url https://data.acme.example/shop.sql.gz \
    --sha256 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
  previewctl dataset add postgres nightly --snapshot shop-2026-11-20 --size 5Gi --seconds 40
  previewctl dataset add postgres copy --auth aws:eu-central-1 --secret-store previews --secret-key previews/datasets \
    --url https://acme-data.s3.eu-central-1.amazonaws.com/shop.dump \
    --sha256 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 2 {
				return flags.Usagef(cmd, "dataset add takes a store and a name; use for example: previewctl dataset add postgres full")
			}
			return nil
		},
		ValidArgsFunction: completeOne(configrepo.Completer(term, &opts.commit.Repo)("store")),
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.dataset.Store, opts.dataset.Name = args[0], args[1]
			if err := opts.check(cmd); err != nil {
				return err
			}
			return runF(cmd.Context(), opts)
		},
	}
	opts.addFlags(cmd)
	return cmd
}

func (o *datasetAddOptions) addFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&o.dataset.Image, "image", "", "take the files of /dataset in an image with a tag or digest")
	f.StringVar(&o.dataset.URL, "url", "", "take a file or a tar archive from an https:// address")
	f.StringVar(&o.dataset.Sum, "sha256", "", "with --url: set the file's checksum, 64 hexadecimal digits")
	f.StringVar(&o.dataset.Auth, "auth", "",
		"with --url: authenticate by bearer (a token), basic (user:password) or aws:REGION (key:secret)")
	f.StringVar(&o.dataset.SecretStore, "secret-store", "",
		"with --auth: name the ClusterSecretStore that has the credentials")
	f.StringVar(&o.dataset.Key, "secret-key", "previews/datasets",
		"with --auth: name the key there; its property credentials is used")
	f.StringVar(&o.dataset.Snapshot, "snapshot", "", "copy a VolumeSnapshot of this name")
	f.IntVar(&o.dataset.Seconds, "seconds", 0, "with --snapshot: set the time that a copy takes")
	f.StringVar(&o.dataset.Size, "size", "1Gi",
		"set the space for the files while they are loaded, or the size of the copy, like 500Mi or 2Gi")
	o.commit.AddFlags(cmd)
}

var (
	versionedImage = regexp.MustCompile(
		`^[a-z0-9][a-z0-9._/-]*(:[0-9]+/[a-z0-9._/-]+)?(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(@sha256:[0-9a-f]{64})?$`)
	fileAddress = regexp.MustCompile(
		`^https://[A-Za-z0-9.-]+(:[0-9]+)?/([A-Za-z0-9._~%+-]+/)*([A-Za-z0-9][A-Za-z0-9._-]*|sha256:([0-9a-f]{64}))$`)
	checksum    = regexp.MustCompile(`^[0-9a-f]{64}$`)
	authKind    = regexp.MustCompile(`^(|bearer|basic|aws:[a-z0-9-]+)$`)
	storageSize = regexp.MustCompile(`^[1-9][0-9]*(Mi|Gi)$`)
	secretName  = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._/-]*$`)
)

func (o *datasetAddOptions) check(cmd *cobra.Command) error {
	d := &o.dataset
	switch {
	case !flags.IsDNSLabel(d.Store) || !flags.IsDNSLabel(d.Name):
		return flags.Usagef(cmd, "%q and %q must be names of a-z, 0-9 and hyphens", d.Store, d.Name)
	case countSet(d.Image, d.URL, d.Snapshot) != 1:
		return flags.Usagef(cmd, "the dataset has no source, or two; use --image, --url or --snapshot")
	case d.Image != "" && !isVersioned(d.Image):
		return flags.Usagef(cmd, "--image %q has no version; use for example ghcr.io/acme/shop-data:2026-11-20", d.Image)
	case d.Snapshot != "" && (!flags.IsDNSLabel(d.Snapshot) || d.Seconds < 1):
		return flags.Usagef(cmd, "--snapshot %q needs a name of a-z, 0-9 and hyphens, and --seconds", d.Snapshot)
	case d.URL == "" && d.Sum+d.Auth != "":
		return flags.Usagef(cmd, "--sha256 and --auth are about an address; use them with --url")
	case !storageSize.MatchString(d.Size):
		return flags.Usagef(cmd, "--size %q is not a size; use for example 500Mi or 2Gi", d.Size)
	}
	if d.URL != "" {
		if err := o.checkURL(cmd); err != nil {
			return err
		}
	}
	return o.commit.Check(cmd)
}

// countSet returns the number of texts that aren't empty.
func countSet(texts ...string) int {
	return len(slices.DeleteFunc(texts, func(text string) bool { return text == "" }))
}

// isVersioned reports whether an image has a tag other than latest, or a digest.
func isVersioned(image string) bool {
	m := versionedImage.FindStringSubmatch(image)
	return m != nil && (m[3] != "" || (m[2] != "" && m[2] != ":latest"))
}

func (o *datasetAddOptions) checkURL(cmd *cobra.Command) error {
	d := &o.dataset
	m := fileAddress.FindStringSubmatch(d.URL)
	if m == nil {
		return flags.Usagef(cmd,
			"--url %q is not the https:// address of a file; a signed address is a secret, so use --auth instead", d.URL)
	}
	if d.Sum == "" {
		d.Sum = m[4]
	}
	if !checksum.MatchString(d.Sum) {
		return flags.Usagef(cmd, "--sha256 %q is not a checksum; use the 64 digits that sha256sum prints for the file", d.Sum)
	}
	return checkAuth(cmd, d.Auth, d.SecretStore, d.Key)
}

// checkAuth checks the flags about credentials.
func checkAuth(cmd *cobra.Command, kind, store, key string) error {
	switch {
	case !authKind.MatchString(kind):
		return flags.Usagef(cmd, "--auth %q is unknown; use bearer, basic or aws:REGION", kind)
	case !secretName.MatchString(key):
		return flags.Usagef(cmd, "--secret-key %q is not the name of a secret; use letters, digits and the characters / _ . -", key)
	case kind != "" && !secretName.MatchString(store):
		return flags.Usagef(cmd, "--auth needs credentials; name their place with --secret-store and --secret-key")
	case kind == "" && store != "":
		return flags.Usagef(cmd, "--secret-store is about credentials; say with --auth how they are used")
	}
	return nil
}

func runDatasetAdd(ctx context.Context, opts *datasetAddOptions) error {
	d := opts.dataset
	return addition{
		subject: "Add dataset " + d.Name + " of " + d.Store, added: "added dataset " + d.Name + " of store " + d.Store,
		next:  "choose it, for example with previewctl set NAME --dataset " + d.Name + ", or in a profile of previewset.yaml",
		files: func(repo *overlay.Repo) (map[string][]byte, error) { return overlay.AddDataset(repo, d) },
		check: func(repo *overlay.Repo) error { return overlay.CheckDataset(repo, d.Name).Err() },
	}.run(ctx, opts.term, &opts.commit)
}
