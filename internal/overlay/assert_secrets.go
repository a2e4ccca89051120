package overlay

import (
	"cmp"
	"fmt"
	"path"
	"slices"

	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/overlay/filetree"
	"github.com/previewset/previewset/internal/overlay/manifest"
	"github.com/previewset/previewset/internal/overlay/yamldoc"
	"github.com/previewset/previewset/internal/preview"
)

// forkExamples returns environments with code from a fork and each dataset, if there are secrets that they don't get.
// Services that need secrets don't run there.
func forkExamples(r *Repo, c *config.Config) []example {
	missing := secretNames(r)
	if len(missing) == 0 || c.Policy.PullRequests.Forks != "approved" {
		return nil
	}
	var run []string
	for _, s := range c.Policy.Services {
		if s.Secrets != config.SecretsRequired {
			run = append(run, s.Name)
		}
	}
	found := []example{{title: "a pull request from a fork", plan: forkPlan(run), missing: missing}}
	for _, dataset := range r.datasets() {
		p := forkPlan(run)
		p.Dataset = dataset
		found = append(found, example{title: "a pull request from a fork with dataset " + dataset, plan: p, missing: missing})
	}
	return found
}

// forkPlan runs some services at commits from a fork.
func forkPlan(run []string) preview.Plan {
	p := planOf(run)
	for name, ref := range p.Run {
		ref.Origin = config.OriginFork
		p.Run[name] = ref
	}
	return p
}

// secretNames returns the names of the Secrets that the components with secrets make.
func secretNames(r *Repo) []string {
	var names []string
	r.tree.Walk(baseFolder, func(file string, k filetree.Kind) {
		if k != filetree.File || path.Base(path.Dir(file)) != config.SecretsFolder {
			return
		}
		content, err := r.tree.Read(file)
		if err != nil {
			return
		}
		nodes, err := yamldoc.All(content)
		if err != nil {
			return // the check of references reports it
		}
		for _, n := range nodes {
			var o manifest.Object
			if n.Decode(&o.Fields) == nil && (o.Text("kind") == "ExternalSecret" || o.Text("kind") == "SealedSecret") {
				names = append(names, cmp.Or(o.Text("spec", "target", "name"), o.Text("metadata", "name")))
			}
		}
	})
	return names
}

// assertSecretsMark checks that only the row marks an environment as one that gets secrets.
func (b *buildCheck) assertSecretsMark(row preview.Row) {
	for _, o := range b.objects {
		if o.Kind == "Namespace" && o.Labels[config.SecretsLabel] != string(row.SecretsMark()) {
			b.addProblem(b.file, fmt.Sprintf("%s has label %s: %s, which only the row sets", o, config.SecretsLabel,
				o.Labels[config.SecretsLabel]), "remove the label")
		}
	}
}

// assertAccess checks that only component access gives people access.
func (b *buildCheck) assertAccess(row preview.Row) {
	has := func(c string) bool { return path.Base(c) == config.AccessComponent }
	if slices.ContainsFunc(row.Kustomize.Components, has) {
		return
	}
	for _, o := range b.objects {
		if o.Kind == "RoleBinding" {
			b.addProblem(b.file, o.String()+" gives access, which only the row does",
				"remove it, and write the names of people into access.yaml")
		}
	}
}

// assertRunsWithoutSecrets checks that Pods don't wait for one of the Secrets that code from a fork doesn't get.
func (b *buildCheck) assertRunsWithoutSecrets(missing []string) {
	for _, o := range b.objects {
		for _, name := range neededSecrets(o) {
			if slices.Contains(missing, name) {
				b.addProblem(b.file, fmt.Sprintf("%s needs Secret %s, which environments with code from a fork don't get", o, name),
					"write optional: true where it names the Secret, or secrets: required at its service in previewset.yaml")
			}
		}
	}
}

// neededSecrets returns the Secrets without which the Pods of a workload don't start.
func neededSecrets(o manifest.Object) []string {
	var names []string
	need := func(ref manifest.Object, key string) {
		if name := ref.Text(key); name != "" && ref.At("optional") != true {
			names = append(names, name)
		}
	}
	o.EachContainer(func(c manifest.Object) {
		for _, e := range c.Items("env") {
			need(e.Under("valueFrom", "secretKeyRef"), "name")
		}
		for _, e := range c.Items("envFrom") {
			need(e.Under("secretRef"), "name")
		}
	})
	template := o.Under("spec", "template", "spec")
	if o.Kind == "CronJob" {
		template = o.Under("spec", "jobTemplate", "spec", "template", "spec")
	}
	for _, v := range template.Items("volumes") {
		need(v.Under("secret"), "secretName")
		for _, source := range v.Items("projected", "sources") {
			need(source.Under("secret"), "name")
		}
	}
	return names
}
