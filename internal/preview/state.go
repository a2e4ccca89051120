package preview

// keepsAwake is the label or annotation by which a workload goes on while its environment sleeps.
const keepsAwake = "previewset.dev/keep-awake"

// state adds what keeps an environment from running, or from being reached. A patch whose target matches nothing is nothing
// to Kustomize, so these are the same for every environment. They are patches of the row, which come after the overlay's own.
//
// A Job is left alone. One that is done holds nothing, one that runs ends by itself, and to stop it halfway (a migration)
// would leave behind half of what it does. An autoscaler is off while its target has no replicas.
func (k *composer) state() {
	if k.plan.State == Asleep {
		sleeps := func(kind, patch string) {
			target := Target{Kind: kind, LabelSelector: keepsAwake + "!=true", AnnotationSelector: keepsAwake + "!=true"}
			k.k.Patches = append(k.k.Patches, Patch{Patch: patch, Target: target})
		}
		sleeps("Deployment", `[{"op":"add","path":"/spec/replicas","value":0}]`)
		sleeps("StatefulSet", `[{"op":"add","path":"/spec/replicas","value":0}]`)
		sleeps("CronJob", `[{"op":"add","path":"/spec/suspend","value":true}]`)
	}
	if k.plan.State == Asleep || k.plan.State == Waking {
		k.withoutRoute("Ingress", "networking.k8s.io/v1")
		k.withoutRoute("HTTPRoute", "gateway.networking.k8s.io/v1")
	}
}

// withoutRoute takes away the public routes of a kind, whatever version they are of and however they are called. The
// wildcard route of appsets/ has the hosts then.
func (k *composer) withoutRoute(kind, apiVersion string) {
	patch := `{"$patch":"delete","apiVersion":"` + apiVersion + `","kind":"` + kind + `","metadata":{"name":"any"}}`
	k.k.Patches = append(k.k.Patches, Patch{Patch: patch, Target: Target{Kind: kind, LabelSelector: "previewset.dev/public"}})
}
