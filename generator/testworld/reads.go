package testworld

// TakeReads returns the reads since the last call: of the config branch, acme/shop and acme/gateway.
func (w *World) TakeReads() [3]int {
	defer w.lock()()
	n := [3]int{w.ConfigReads, w.RepositoryReads["acme/shop"], w.RepositoryReads["acme/gateway"]}
	w.ConfigReads = 0
	clear(w.RepositoryReads)
	return n
}

// Reads returns the numbers of reads of the config branch and of acme/shop.
// Read implements sources.ConfigBranch.
func (w *World) Reads() (branches, shop int) {
	defer w.lock()()
	return w.ConfigReads, w.RepositoryReads["acme/shop"]
}
