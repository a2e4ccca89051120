package config

// validator checks decoded files against the rest of the configuration, and adds each mistake to its decoder.
type validator struct {
	*decoder
	cfg *Config
}
