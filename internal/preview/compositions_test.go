package preview

import (
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/internal/config"
)

// workIsSavedOnly: the compositions of the last snapshot are equal to new ones.
func (p *play) workIsSavedOnly(m Memory) {
	p.takenOver += same(m.compositions.plain, p.last.Memory.compositions.plain)
	p.linkedTakenOver += same(m.compositions.linked, p.last.Memory.compositions.linked)
	m.compositions = compositions{}
	without := Resolve(p.config, p.facts, m, p.now)
	if compact(without) != compact(p.last) {
		p.fail("the answer is another than without the last one's compositions (-without +with):\n%s", cmp.Diff(without, p.last, saved))
	}
}

func same(was, is map[string]*composition) (n int) {
	for name := range is {
		if was[name] == is[name] {
			n++
		}
	}
	return n
}

// Whatever of the ingredients changes, they are no more equal: the row would go on saying the old.
func TestIngredientsCompareEveryField(t *testing.T) {
	t.Parallel()
	full := func() *ingredients {
		return &ingredients{
			plan: Plan{
				Name: "x", Owner: "x", Profile: "x", Dataset: "x", Components: []string{"x"}, Run: map[string]config.ServiceRef{"x": {SHA: "x"}},
				Links: map[string]string{"x": "x"}, From: map[string][]string{"x": {"x"}}, State: "x", Secrets: "x", Generation: "x",
				Reset: map[string]time.Time{"x": noon}, Env: map[string]map[string]string{"x": {"x": "x"}}, Editors: []string{"x"},
				Redeployed: noon,
			},
			source: "x", purpose: "x", person: "x", isLease: true, expires: noon, handover: []string{"x"}, members: []Member{{Number: 1}},
			single: pullRequestFacts{1, 1, "x", "x", "x", "x", "x", "x", "x"}, labels: []string{"x"},
		}
	}
	if !full().equal(full()) {
		t.Error("a copy isn't equal")
	}
	fields := 0
	var change func(path string, v reflect.Value)
	in := full()
	change = func(path string, v reflect.Value) {
		if v.Kind() == reflect.Struct && v.Type() != reflect.TypeFor[time.Time]() {
			for f, field := range v.Fields() {
				change(path+"."+f.Name, field)
			}
			return
		}
		fields++
		if v.IsZero() {
			t.Errorf("%s has no value to change", path)
		}
		was := reflect.ValueOf(in).Elem().Interface()
		settable(v).SetZero()
		if full().equal(in) || in.equal(full()) {
			t.Errorf("%s is another, and they count as equal", path)
		}
		*in = was.(ingredients)
	}
	change("ingredients", reflect.ValueOf(in).Elem())
	if fields < 20 {
		t.Errorf("only %d fields were tried", fields)
	}
	for name, edit := range map[string]func(*ingredients){
		"another commit runs":      func(in *ingredients) { in.plan.Run["x"] = config.ServiceRef{SHA: "y"} },
		"another link":             func(in *ingredients) { in.plan.Links["x"] = "y" },
		"another links here":       func(in *ingredients) { in.plan.From["x"] = []string{"y"} },
		"another end":              func(in *ingredients) { in.expires = noon.Add(time.Second) },
		"another reset":            func(in *ingredients) { in.plan.Reset["x"] = noon.Add(time.Second) },
		"another variable":         func(in *ingredients) { in.plan.Env["x"]["x"] = "y" },
		"another label":            func(in *ingredients) { in.labels = []string{"y"} },
		"another member":           func(in *ingredients) { in.members[0].Label = "y" },
		"another component":        func(in *ingredients) { in.plan.Components[0] = "y" },
		"another service is given": func(in *ingredients) { in.handover[0] = "y" },
	} {
		in := full()
		if edit(in); in.equal(full()) {
			t.Errorf("%s, and they count as equal", name)
		}
	}
}

// settable lets a field be set that isn't exported.
func settable(v reflect.Value) reflect.Value {
	return reflect.NewAt(v.Type(), v.Addr().UnsafePointer()).Elem()
}
