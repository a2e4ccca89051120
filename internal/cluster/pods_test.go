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
		"it runs between two crashes": {
			`{"name":"web","restartCount":3,"state":{"running":{}},"lastState":{"terminated":{"reason":"Error","exitCode":1}}}`,
			"container web is in CrashLoopBackOff: it ended with exit code 1 (Error)",
		},
		"it is ready after crashes": {
			`{"name":"web","ready":true,"restartCount":3,"state":{"running":{}},
				"lastState":{"terminated":{"reason":"Error","exitCode":1}}}`, "",
		},
		"a task that ended well runs again": {
			`{"name":"web","restartCount":3,"state":{"running":{}},"lastState":{"terminated":{"reason":"Completed","exitCode":0}}}`, "",
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
