package flags

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/pflag"
)

func TestListRefusesWhatWouldBeDropped(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		args []string
		want []string // nil is refused
	}{
		{"one value", []string{"--names=alice"}, []string{"alice"}},
		{"several values and flags", []string{"--names=alice,bob", "--names=carol"}, []string{"alice", "bob", "carol"}},
		{"a comma in quotes", []string{`--names="a,b",c`}, []string{"a,b", "c"}},
		{"an empty text", []string{"--names="}, nil},
		{"an empty first value", []string{"--names=,bob"}, nil},
		{"an empty last value", []string{"--names=alice,"}, nil},
		{"an empty value in the middle", []string{"--names=alice,,bob"}, nil},
		{"a line break", []string{"--names=alice\nbob"}, nil},
		{"a carriage return", []string{"--names=alice\r\nbob"}, nil},
		{"an open quote", []string{`--names="alice`}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var got []string
			f := pflag.NewFlagSet("test", pflag.ContinueOnError)
			ListVar(f, &got, "names", "")
			err := f.Parse(tt.args)
			if (err != nil) != (tt.want == nil) {
				t.Fatalf("error %v, values %q", err, got)
			}
			if diff := cmp.Diff(tt.want, got); err == nil && diff != "" {
				t.Error(diff)
			}
		})
	}
}
