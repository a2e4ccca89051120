package cli

import (
	"context"
	"fmt"
	"regexp"

	"github.com/spf13/cobra"

	"github.com/previewset/previewset/internal/cli/configrepo"
	"github.com/previewset/previewset/internal/cli/flags"
	"github.com/previewset/previewset/internal/cli/terminal"
	"github.com/previewset/previewset/internal/overlay"
	"github.com/previewset/previewset/internal/overlay/newstore"
)

func newStoreCmd(term *terminal.Process) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "store",
		Short: "Add data stores",
		Long: `A data store is a database, a cache or a queue: a component in kustomize-base/data. It runs in each
environment in which a service needs it.`,
		Example: `  previewctl store add mysql --image docker.io/library/mysql:8.4.3 --port 3306 --user 999 --path /var/lib/mysql
  previewctl store add search --image docker.io/library/elasticsearch:8.15.3 --port 9200 --memory 2Gi \
    --path /usr/share/elasticsearch/data`,
		Args: flags.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newStoreAddCmd(term, runStoreAdd))
	return cmd
}

type storeAddOptions struct {
	term           *terminal.Process
	store          newstore.Store
	env, variables []string
	commit         configrepo.CommitOptions
}

func newStoreAddCmd(term *terminal.Process, runF func(context.Context, *storeAddOptions) error) *cobra.Command {
	opts := &storeAddOptions{term: term}
	cmd := &cobra.Command{
		Use:   "add NAME",
		Short: "Add a data store from an image",
		Long: `add creates kustomize-base/data/NAME in the form of the other stores: a StatefulSet with one replica, a
Service, a PersistentVolumeClaim, a Secret with username and password, the dataset empty, and the component
of previewctl reset. It builds the system in memory before the commit.

The program runs as a user other than root, with a read-only root file system. Its own variables are --env;
there, $(STORE_USERNAME) and $(STORE_PASSWORD) are those of the Secret. A service with the store gets the
variables --variable; there, names that end with _USERNAME and _PASSWORD are those of the Secret.`,
		Example: `  previewctl store add mysql --image docker.io/library/mysql:8.4.3 --port 3306 --user 999 --path /var/lib/mysql \
    --env MYSQL_DATABASE=app --env 'MYSQL_USER=$(STORE_USERNAME)' --env 'MYSQL_PASSWORD=$(STORE_PASSWORD)' \
    --env MYSQL_RANDOM_ROOT_PASSWORD=yes --writable /var/run/mysqld --writable /tmp --memory 768Mi \
    --variable MYSQL_HOST=mysql --variable 'MYSQL_PWD=$(MYSQL_PASSWORD)'
  previewctl service add shop --image ghcr.io/acme/shop:1.0 --port 8080 --data postgres`,
		Args: flags.OneArg("store"),
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.store.Name = args[0]
			if err := opts.check(cmd); err != nil {
				return err
			}
			return runF(cmd.Context(), opts)
		},
	}
	f := cmd.Flags()
	f.StringVar(&opts.store.Image, "image", "", "set the image with its tag or digest")
	f.IntVar(&opts.store.Port, "port", 0, "set the port that it listens on")
	f.IntVar(&opts.store.User, "user", 1000, "set the number of the user and group that it runs as")
	f.StringVar(&opts.store.Path, "path", "", "set the folder of its data, where the volume is")
	f.StringVar(&opts.store.DatasetPath, "dataset-path", "/docker-entrypoint-initdb.d", "set the folder of the dataset's files")
	flags.ListVar(f, &opts.store.Writable, "writable", "set a further folder that it writes to; repeatable")
	flags.ListVar(f, &opts.store.Args, "arg", "set an argument of its program; repeatable")
	flags.ListVar(f, &opts.env, "env", "set a variable of its own, NAME=VALUE; repeatable")
	flags.ListVar(f, &opts.variables, "variable", "set a variable of the services that use it, NAME=VALUE; repeatable")
	f.StringVar(&opts.store.Storage, "storage", "1Gi", "set the size of its volume")
	f.StringVar(&opts.store.Memory, "memory", "512Mi", "set its memory limit")
	opts.commit.AddFlags(cmd)
	return cmd
}

var (
	absolutePath    = regexp.MustCompile(`^(/[A-Za-z0-9_][A-Za-z0-9._-]*)+$`)
	variableSetting = regexp.MustCompile(`^([A-Za-z_][A-Za-z0-9_.]*)=([^\r\n]*)$`)
)

func (o *storeAddOptions) check(cmd *cobra.Command) error {
	s := &o.store
	switch {
	case !flags.IsServiceName(s.Name):
		return flags.Usagef(cmd, "%q is not a store name; use a-z, 0-9 and hyphens, at most 22 characters", s.Name)
	case !isVersioned(s.Image):
		return flags.Usagef(cmd, "--image %q has no version; use for example docker.io/library/mysql:8.4.3", s.Image)
	case s.Port < 1 || s.Port > 65535:
		return flags.Usagef(cmd, "--port %d is not a port; use 1 to 65535", s.Port)
	case s.User < 1:
		return flags.Usagef(cmd, "--user %d is not a user other than root; use the number of the image's user", s.User)
	case !storageSize.MatchString(s.Storage) || !storageSize.MatchString(s.Memory):
		return flags.Usagef(cmd, "--storage %q and --memory %q must be sizes; use for example 500Mi or 2Gi", s.Storage, s.Memory)
	}
	for _, folder := range append([]string{s.Path, s.DatasetPath}, s.Writable...) {
		if !absolutePath.MatchString(folder) {
			return flags.Usagef(cmd, "--path, --dataset-path or --writable %q is not a folder; use for example /var/lib/mysql", folder)
		}
	}
	for _, a := range s.Args {
		if err := flags.CheckLine(cmd, "--arg", a); err != nil {
			return err
		}
	}
	var err error
	if s.Env, err = variablesOf(cmd, "--env", o.env); err != nil {
		return err
	}
	if s.Variables, err = variablesOf(cmd, "--variable", o.variables); err != nil {
		return err
	}
	return o.commit.Check(cmd)
}

func variablesOf(cmd *cobra.Command, flag string, texts []string) ([]newstore.Variable, error) {
	var found []newstore.Variable
	for _, text := range texts {
		m := variableSetting.FindStringSubmatch(text)
		if m == nil {
			return nil, flags.Usagef(cmd, "%s %q is not a variable; use NAME=VALUE", flag, text)
		}
		if problem, remedy := flags.HiddenProblem(text); problem != "" { // $(NAME) is meant for Kubernetes here
			return nil, flags.Usagef(cmd, "%s %s; %s", flag, problem, remedy)
		}
		found = append(found, newstore.Variable{Name: m[1], Value: m[2]})
	}
	return found, nil
}

func runStoreAdd(ctx context.Context, opts *storeAddOptions) error {
	name := opts.store.Name
	return addition{
		subject: "Add store " + name, added: "added store " + name,
		next:  fmt.Sprintf("give it to a service: previewctl service add NAME --data %s, or data: [%s] in previewset.yaml", name, name),
		files: opts.newStore,
		check: func(repo *overlay.Repo) error { return overlay.CheckStore(repo, name).Err() },
	}.run(ctx, opts.term, &opts.commit)
}

func (o *storeAddOptions) newStore(repo *overlay.Repo) (map[string][]byte, error) {
	cfg, err := repo.Config()
	if err != nil {
		return nil, err
	}
	if name := o.store.Name; cfg.Policy.Services.Get(name) != nil {
		return nil, fmt.Errorf("there is a service %s, and both would have the same address\nchoose another name", name)
	}
	return overlay.AddStore(repo, o.store)
}
