package preview

import (
	"cmp"
	"reflect"

	"github.com/previewset/previewset/internal/config"
)

// Status is a live environment with the status of its Application.
type Status struct {
	Row
	// Expected is the state that Argo CD must reach for the environment to be ready.
	Expected Expected `json:"expected"`
	// Application is the status of the Application; missing if there is none yet, or if it can't be read.
	Application *ApplicationStatus `json:"application,omitempty"`
	// Ready reports whether Argo CD has deployed everything and all is healthy; missing without a cluster.
	Ready *bool `json:"ready,omitempty"`
	// Failing reports whether Argo CD has tried and failed. It doesn't become ready by itself.
	Failing bool `json:"failing"`
	// Reason says why it isn't ready; empty if it is.
	Reason string `json:"reason"`
	// Progress is how far it is. Commit statuses, deployments and metrics say the same.
	Progress Progress `json:"progress"`
	// Decision is the decision that keeps the environment live.
	Decision *Decision `json:"decision,omitempty"`
	// ConfigRead reports whether the generator has read the commit in config_commit, or a newer one; missing without this
	// parameter.
	ConfigRead *bool `json:"config_read,omitempty"`
	// Workloads are its Deployments and StatefulSets; missing if the generator can't read them.
	Workloads []Workload `json:"workloads,omitempty"`
}

// Expected is the desired state of an environment.
type Expected struct {
	// Revision is the commit of the config branch.
	Revision string `json:"revision"`
	// Images are image names with tags, "name:tag".
	Images []string `json:"images"`
}

// ApplicationStatus is Argo CD's status of an Application.
type ApplicationStatus struct {
	// Sync is Synced, OutOfSync or Unknown.
	Sync string `json:"sync"`
	// Health is Healthy, Progressing, Degraded, Suspended, Missing or Unknown.
	Health string `json:"health"`
	// Revision is the commit of the config branch that Argo CD compared last.
	Revision string `json:"revision"`
	// Operation is the phase of the newest sync: Running, Terminating, Succeeded, Failed or Error; empty before the
	// first sync.
	Operation string `json:"operation"`
	// Message is the message of the newest sync, or the error that stops Argo CD from comparing.
	Message string `json:"message"`
	// Broken reports whether the message is such an error.
	Broken bool `json:"broken"`
	// Deleting reports whether Argo CD deletes the Application.
	Deleting bool `json:"deleting"`
	// Remaining are the objects that the deletion of the Application waits for, as kind and name; missing if it isn't being
	// deleted, or if none is known.
	Remaining []string `json:"remaining,omitempty"`
	// Unhealthy is the first of the worst resources; missing if all are healthy.
	Unhealthy *UnhealthyResource `json:"unhealthy,omitempty"`
	// FailingPod is a Pod with a container that can't run, such as one that crashes; missing if there is none.
	FailingPod *UnhealthyResource `json:"failing_pod,omitempty"`
	// Images are the images of the running Pods.
	Images []string `json:"images"`

	// Spec is what the Application asks for, Compared what Argo CD last compared with the cluster, and Tried what the
	// newest sync was of.
	Spec     ApplicationSource `json:"-"`
	Compared ApplicationSource `json:"-"`
	Tried    ApplicationSource `json:"-"`
}

// ApplicationSource has the fields of an Application's source that a row fills.
type ApplicationSource struct {
	TargetRevision string
	Path           string
	Kustomize      Kustomize
}

// WithApplication returns the status of an environment from that of its Application; nil means that there is none.
func (r Row) WithApplication(a *ApplicationStatus) Status {
	p := Progress{Phase: PhaseDeploying, Reason: "Argo CD hasn't made its Application yet"}
	if a != nil {
		p = r.progress(a)
	}
	s := r.withProgress(p)
	ready := p.Phase == PhaseReady
	s.Ready, s.Application = &ready, a
	return s
}

// WithoutApplication returns the status if the Application is unknown, with the reason; "" means that there is no
// cluster.
func (r Row) WithoutApplication(why string) Status {
	if why != "" {
		s := r.withProgress(Progress{Phase: PhaseDeploying, Reason: config.Printable(why)})
		s.Ready = new(bool)
		return s
	}
	s := r.withProgress(Progress{
		Phase: PhaseDeploying, Reason: "the generator has no access to a cluster, so its health is unknown",
		Remedy: "run the generator beside Argo CD, or with --kubeconfig",
	})
	s.Reason = ""
	return s
}

// withProgress returns the status with Argo CD's part of the progress. An environment that is asleep or waking has its
// state as phase, whatever Argo CD says.
func (r Row) withProgress(p Progress) Status {
	s := Status{
		Row: r, Expected: Expected{Revision: r.Revision, Images: r.Kustomize.Images},
		Failing: p.IsFailing(), Reason: p.Reason, Progress: p,
	}
	if r.State == Asleep || r.State == Waking {
		s.Progress.Phase = Phase(r.State)
	}
	return s
}

// IsSynced reports whether Argo CD has synced a row, healthy or not.
func (r Row) IsSynced(a *ApplicationStatus) bool {
	_, isSynced := r.syncProgress(a)
	return isSynced
}

// progress returns how far Argo CD is with a row.
func (r Row) progress(a *ApplicationStatus) Progress {
	if p, isSynced := r.syncProgress(a); !isSynced {
		return p
	}
	return a.healthProgress()
}

// syncProgress returns how far Argo CD is with the sync of a row. Argo CD must have taken the newest row, compared
// exactly that with the cluster, and finished its sync. Before that, its status is about an earlier row.
func (r Row) syncProgress(a *ApplicationStatus) (p Progress, isSynced bool) {
	deploying := func(reason string) Progress { return Progress{Phase: PhaseDeploying, Reason: config.Printable(reason)} }
	failed := func(reason string) Progress {
		return Progress{Phase: PhaseFailed, Reason: config.Printable(reason), Resource: a.Unhealthy}
	}
	switch {
	case a.Deleting:
		return deploying("its Application is being deleted" + a.waitsForRemaining()), false
	case !r.isSource(a.Spec):
		return deploying("Argo CD hasn't taken the newest answer yet"), false
	case a.Operation == "Running" || a.Operation == "Terminating":
		return deploying("it is being synced" + because(a.Message)), false
	case a.Broken:
		return failed("Argo CD can't compare it" + because(a.Message)), false
	case !r.isSource(a.Compared) || a.Revision != r.Revision:
		return deploying("Argo CD hasn't compared the newest commit yet"), false
	case (a.Operation == "Failed" || a.Operation == "Error") && r.isSource(a.Tried):
		return failed("its sync failed" + because(cmp.Or(a.worst(), a.Message))), false
	case a.Sync != "Synced":
		return deploying("it is " + a.Sync), false
	}
	return Progress{}, true
}

// healthProgress returns the progress of a synced environment.
func (a *ApplicationStatus) healthProgress() Progress {
	p := Progress{
		Phase: PhaseDeploying, Reason: config.Printable("it is " + a.Health + because(a.worst())), Resource: a.Unhealthy,
	}
	switch a.Health {
	case "":
		p.Reason = "its health isn't known yet"
	case "Healthy":
		return Progress{Phase: PhaseReady}
	case "Degraded":
		p.Phase = PhaseDegraded
	}
	if a.FailingPod != nil { // Argo CD notices it only after the Deployment's deadline, 10 minutes by default
		p.Phase, p.Resource = PhaseDegraded, a.FailingPod
		p.Reason = config.Printable("its " + a.FailingPod.String())
	}
	return p
}

func (a *ApplicationStatus) worst() string {
	if a.Unhealthy == nil {
		return ""
	}
	return a.Unhealthy.String()
}

// isSource reports whether an Application's source is what the row says. Argo CD leaves empty lists out.
func (r Row) isSource(s ApplicationSource) bool {
	return s.TargetRevision == r.Revision && s.Path == r.Path &&
		reflect.DeepEqual(withLists(s.Kustomize), withLists(r.Kustomize))
}

func withLists(k Kustomize) Kustomize {
	k.Components, k.Images, k.Patches = filled(k.Components), filled(k.Images), filled(k.Patches)
	return k
}
