package flags

import (
	"encoding/csv"
	"errors"
	"slices"
	"strings"

	"github.com/spf13/pflag"
)

// ListVar adds a flag with a list: values with commas between them. The flag may be repeated. It refuses line breaks
// and empty values, because both hide a mistake: pflag's own lists drop everything after the first line.
func ListVar(f *pflag.FlagSet, into *[]string, name, usage string) {
	f.Var(&list{values: into}, name, usage)
}

// list implements pflag.Value and pflag.SliceValue.
type list struct{ values *[]string }

// Set adds the values of one use of the flag. A value with a comma is in double quotes.
func (l *list) Set(text string) error {
	if strings.ContainsAny(text, "\r\n") {
		return errors.New("it has more than one line; write a comma between two values")
	}
	values, err := csv.NewReader(strings.NewReader(text)).Read()
	if err != nil || slices.Contains(values, "") {
		return errors.New("it has an empty value or a wrong quote; write for example a,b")
	}
	*l.values = append(*l.values, values...)
	return nil
}

// Append adds a value.
func (l *list) Append(value string) error { return l.Set(value) }

// Replace replaces all values.
func (l *list) Replace(values []string) error {
	*l.values = slices.Clone(values)
	return nil
}

// GetSlice returns the values.
func (l *list) GetSlice() []string { return *l.values }

// String returns the values for the help. A list has no default.
func (l *list) String() string { return "" }

// Type is the name of the value in the help.
func (l *list) Type() string { return "strings" }
