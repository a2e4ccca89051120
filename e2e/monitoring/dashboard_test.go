package monitoring

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"
)

type dashboard struct {
	SchemaVersion int
	Templating    struct {
		List []struct{ Name, Type, Query any }
	}
	Panels []panel
}

type panel struct {
	ID                       int
	Type, Title, Description string
	Datasource               datasource
	GridPos                  area
	FieldConfig              struct{ Defaults struct{ Unit string } }
	Targets                  []struct {
		Datasource datasource
		Expr       string
	}
}

type datasource struct{ Type, UID string }

// area is a panel's place in a grid of 24 columns.
type area struct{ X, Y, W, H int }

func (a area) overlaps(b area) bool {
	return a.X < b.X+b.W && b.X < a.X+a.W && a.Y < b.Y+b.H && b.Y < a.Y+a.H
}

func theDashboard(t *testing.T) dashboard {
	t.Helper()
	var d dashboard
	if err := json.Unmarshal(read(t, "dashboard.json"), &d); err != nil {
		t.Fatal(err)
	}
	if len(d.graphs()) < 20 {
		t.Fatalf("only %d panels were found", len(d.graphs()))
	}
	return d
}

// graphs returns the panels without the rows.
func (d dashboard) graphs() (all []panel) {
	for _, p := range d.Panels {
		if p.Type != "row" {
			all = append(all, p)
		}
	}
	return all
}

var uids = regexp.MustCompile(`"uid": *"([^"]*)"`)

// Any Grafana can import the dashboard: it has no identifier of one Grafana.
func TestDashboardHasNoFixedDataSource(t *testing.T) {
	t.Parallel()
	d := theDashboard(t)
	if d.SchemaVersion < 39 {
		t.Errorf("it has schemaVersion %d", d.SchemaVersion)
	}
	for _, uid := range uids.FindAllStringSubmatch(string(read(t, "dashboard.json")), -1) {
		if uid[1] != "${datasource}" {
			t.Errorf("it has the uid %s", uid[1])
		}
	}
	if v := d.Templating.List; len(v) == 0 || v[0].Name != "datasource" || v[0].Type != "datasource" || v[0].Query != "prometheus" {
		t.Errorf("its variables are %v", v)
	}
	chosen := datasource{"prometheus", "${datasource}"}
	for _, p := range d.graphs() {
		for _, target := range p.Targets {
			if p.Datasource != chosen || target.Datasource != chosen {
				t.Errorf("%s has the data sources %v, %v", p.Title, p.Datasource, target.Datasource)
			}
		}
	}
}

func TestPanelsHaveTitleDescriptionAndUnit(t *testing.T) {
	t.Parallel()
	titles := map[string]bool{}
	for _, p := range theDashboard(t).graphs() {
		if titles[p.Title] || p.Title == "" || !strings.HasSuffix(p.Description, ".") ||
			p.FieldConfig.Defaults.Unit == "" || len(p.Targets) == 0 {
			t.Errorf("panel %d lacks title, description, unit or expression, or its title is there twice: %+v", p.ID, p)
		}
		titles[p.Title] = true
	}
}

func TestPanelsDontOverlap(t *testing.T) {
	t.Parallel()
	panels := theDashboard(t).Panels
	for i, p := range panels {
		if p.ID <= 0 || p.GridPos.W < 1 || p.GridPos.H < 1 || p.GridPos.X < 0 || p.GridPos.X+p.GridPos.W > 24 {
			t.Errorf("%s has id %d and is at %+v", p.Title, p.ID, p.GridPos)
		}
		for _, other := range panels[:i] {
			if p.ID == other.ID || p.GridPos.overlaps(other.GridPos) {
				t.Errorf("%s (%d) and %s (%d) are at %+v and %+v", p.Title, p.ID, other.Title, other.ID, p.GridPos, other.GridPos)
			}
		}
	}
}

// variables are Grafana's variables and their values.
var variables = strings.NewReplacer("$job", ".+", "$__rate_interval", "1m", "$__range", "5m")

// expressions returns the queries of all panels, with the panel's title.
func (d dashboard) expressions() map[string]string {
	all := map[string]string{}
	for _, p := range d.graphs() {
		for _, target := range p.Targets {
			all[variables.Replace(target.Expr)] = p.Title
		}
	}
	return all
}

// above0 returns the queries of these panels with the condition that they are above 0.
func (d dashboard) above0(t *testing.T, titles ...string) (all []string) {
	t.Helper()
	for expression, title := range d.expressions() {
		if slices.Contains(titles, title) {
			all = append(all, "("+expression+") > 0")
		}
	}
	if len(all) != len(titles) {
		t.Errorf("%d panels have the titles %q", len(all), titles)
	}
	return all
}

// metric finds the names of metrics in an expression: those of the generator and of its process, and up.
var metric = regexp.MustCompile(`\b(?:previewset|process|go|promhttp)_\w+|\bup\b`)
