//go:build !race

package generator_test

const defaultSequences = 200
