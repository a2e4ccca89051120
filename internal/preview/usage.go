package preview

// Usage is what environments did and cost in a length of time, by environment, owner, repository or profile.
type Usage struct {
	// Rows are sorted by name.
	Rows []UsageRow `json:"rows"`
	// Problem says which data is missing; empty if all is known.
	Problem string `json:"problem,omitempty"`
}

// UsageBy are what usage can be added up by.
func UsageBy() []string { return []string{"environment", "owner", "repository", "profile"} }

// UsageRow is of all environments of one name, owner, repository or profile.
type UsageRow struct {
	// Name is the name of the environment, owner, repository or profile.
	Name string `json:"name"`
	// AwakeHours are the hours awake or waking.
	AwakeHours float64 `json:"awake_hours"`
	// AsleepHours are the hours asleep.
	AsleepHours float64 `json:"asleep_hours"`
	// CPUCoreHours are the requested cores, times hours awake.
	CPUCoreHours float64 `json:"cpu_core_hours"`
	// MemoryGiBHours are the requested GiB of memory, times hours awake.
	MemoryGiBHours float64 `json:"memory_gib_hours"`
	// SavedCPUCoreHours are the requested cores, times hours asleep.
	SavedCPUCoreHours float64 `json:"saved_cpu_core_hours"`
	// SavedMemoryGiBHours are the requested GiB of memory, times hours asleep.
	SavedMemoryGiBHours float64 `json:"saved_memory_gib_hours"`
}

// Workload is a Deployment or StatefulSet, as it is in the cluster.
type Workload struct {
	Namespace string `json:"-"`
	// Kind is Deployment or StatefulSet.
	Kind string `json:"kind"`
	// Name is the workload's name.
	Name string `json:"name"`
	// Replicas is the desired number of Pods.
	Replicas int `json:"replicas"`
	// Ready is the number of ready Pods.
	Ready int `json:"ready"`
	// CPU is the request of each replica in thousandths of a core.
	CPU int64 `json:"cpu_millicores"`
	// Memory is the request of each replica in bytes.
	Memory int64 `json:"memory_bytes"`
}
