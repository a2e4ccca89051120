package preview

import "time"

// Phase is the stable word for how far a preview is. Statuses, deployments, metrics and scripts use it.
type Phase string

// The phases. A preview that is asleep or waking has its state as phase.
const (
	PhaseQueued    Phase = "queued"             // it waits for a place, a read or a move, and goes on by itself
	PhaseChecks    Phase = "waiting for checks" // the check that the service waits for isn't green yet
	PhaseDeploying Phase = "deploying"          // Argo CD hasn't synced it yet, or it isn't healthy yet
	PhaseReady     Phase = "ready"              // Argo CD has synced the commit, and all is healthy
	PhaseFailed    Phase = "failed"             // the author must change something, or the sync failed
	PhaseDegraded  Phase = "degraded"           // Argo CD has synced the commit, and a resource is degraded
	PhaseAsleep          = Phase(Asleep)
	PhaseWaking          = Phase(Waking)
	PhaseRemoved   Phase = "removed"
)

// Phases are all phases, in their usual order.
var Phases = []Phase{
	PhaseQueued, PhaseChecks, PhaseDeploying, PhaseReady, PhaseFailed, PhaseDegraded, PhaseAsleep, PhaseWaking,
	PhaseRemoved,
}

// Progress is how far a preview is: one value for the commit status, the deployment, the API and the metrics.
type Progress struct {
	// Phase is one of queued, waiting for checks, deploying, ready, failed, degraded, asleep, waking and removed.
	Phase Phase `json:"phase"`
	// Reason says why it isn't ready; empty if it is.
	Reason string `json:"reason"`
	// Remedy says what the author can do; empty if nothing needs to be done.
	Remedy string `json:"remedy,omitempty"`
	// Since is the time at which the phase began; missing if it is unknown.
	Since *time.Time `json:"since,omitempty"`
	// ExpectedSeconds is how long this phase usually takes; missing if it is unknown, or doesn't end by itself.
	ExpectedSeconds int `json:"expected_seconds,omitempty"`
	// Resource is the resource that failed, or that it waits for; missing if none is known.
	Resource *UnhealthyResource `json:"resource,omitempty"`
}

// IsFailing reports whether the phase doesn't end by itself, and a person must change something.
func (p Progress) IsFailing() bool { return p.Phase == PhaseFailed || p.Phase == PhaseDegraded }

// Same reports whether two values say the same, whenever they began.
func (p Progress) Same(q Progress) bool {
	r, s := p.Resource, q.Resource
	return p.Phase == q.Phase && p.Reason == q.Reason && p.Remedy == q.Remedy &&
		(r == nil) == (s == nil) && (r == nil || *r == *s)
}
