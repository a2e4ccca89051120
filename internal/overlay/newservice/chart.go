package newservice

// chartFile names the chart of a service, in its run folder.
const chartFile = "chart.yaml"

// Chart is the Helm chart from which a service's manifests were rendered.
type Chart struct {
	// Source is a folder, oci://registry/chart or https://repository/chart.
	Source string `json:"source"`
	// Version is the chart's version. Digest is that of its archive, or of its folder's files.
	Version string `json:"version"`
	Digest  string `json:"digest"`
	// Name is the service's name in the chart, where previewctl service rename gave it another one.
	Name string `json:"name,omitempty"`
	// Values are the user's values.
	Values map[string]any `json:"values,omitempty"`
	// Image and Port are the choices of the user where the manifests are ambiguous.
	Image string `json:"image,omitempty"`
	Port  int    `json:"port,omitempty"`
	// Migrate is the command for migrations.
	Migrate []string `json:"migrate,omitempty"`
}
