package cluster

import (
	"encoding/json"
	"testing"
)

func TestFailureOfAContainer(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ status, want string }{
		"it runs":   {`{"name":"web","state":{"running":{}}}`, ""},
		"it starts": {`{"name":"web","state":{"waiting":{"reason":"ContainerCreating"}}}`, ""},
		"it crashes": {
			`{"name":"web","state":{"waiting":{"reason":"CrashLoopBackOff","message":"back-off 40s"}},
				"lastState":{"terminated":{"reason":"OOMKilled","exitCode":137}}}`,
			"container web is in CrashLoopBackOff: it ended with exit code 137 (OOMKilled)",
		},
		"its image is missing": {
			`{"name":"web","state":{"waiting":{"reason":"ImagePullBackOff","message":"no such image"}}}`,
			"container web is in ImagePullBackOff: no such image",
		},
		"it ran before": {
			`{"name":"web","state":{"running":{}},"lastState":{"terminated":{"reason":"Error","exitCode":1}}}`, "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var s containerStatus
			if err := json.Unmarshal([]byte(tt.status), &s); err != nil {
				t.Fatal(err)
			}
			if got := s.failure(); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}
