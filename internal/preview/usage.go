package preview

// Usage is what environments did and cost in a length of time, by environment, owner, repository or profile.
type Usage struct {
	// Rows are sorted by name.
	Rows []UsageRow `json:"rows"`
	// Problem is what the rows lack; empty where they are whole.
	Problem string `json:"problem,omitempty"`
}

// UsageBy are what usage can be added up by.
func UsageBy() []string { return []string{"environment", "owner", "repository", "profile"} }

// UsageRow is of all environments of one name, owner, repository or profile.
type UsageRow struct {
	Name        string  `json:"name"`
	AwakeHours  float64 `json:"awake_hours"` // waking counts as awake
	AsleepHours float64 `json:"asleep_hours"`
	// What their workloads requested while they were awake.
	CPUCoreHours   float64 `json:"cpu_core_hours"`
	MemoryGiBHours float64 `json:"memory_gib_hours"`
	// What they would have requested besides, hadn't they slept.
	SavedCPUCoreHours   float64 `json:"saved_cpu_core_hours"`
	SavedMemoryGiBHours float64 `json:"saved_memory_gib_hours"`
}

// Workload is a Deployment or StatefulSet, as it is in the cluster.
type Workload struct {
	Namespace string `json:"-"`
	Kind      string `json:"kind"`
	Name      string `json:"name"`
	// Replicas are how many it is to have, Ready how many serve.
	Replicas int `json:"replicas"`
	Ready    int `json:"ready"`
	// CPU and Memory are what each replica requests, in thousandths of a core and bytes.
	CPU    int64 `json:"cpu_millicores"`
	Memory int64 `json:"memory_bytes"`
}
