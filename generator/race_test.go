//go:build race

package generator_test

// defaultSequences is small, because the race detector makes each sequence about five times slower. `make unit` runs the
// others without it.
const defaultSequences = 40
