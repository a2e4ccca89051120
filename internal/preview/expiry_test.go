package preview

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/testfixture"
)

// files gives a world other files on its config branch.
func (d *days) files(files map[string]string) *days {
	d.t.Helper()
	files[config.PolicyFile] = d.policy
	d.config = later(d.t, d.config, files, false)
	d.answer()
	return d
}

// by is the rule and outcome of the decision about an environment.
func (d *days) by(name string) string {
	x := d.decided(name)
	return string(x.Outcome) + " by " + string(x.Rule)
}

// Lifetimes of the cases below.
const (
	idleFor1h = "{deleteAfterIdle: 48h, sleep: {idleAfter: 1h}}"
	awake     = "{deleteAfterIdle: 6h}"
)

var expiryCases = []struct {
	name     string
	lifetime string
	play     func(*days)
}{
	{"asleep first, and then gone", idleFor1h, func(d *days) {
		d.pass(48*time.Hour - time.Minute).want("1 asleep").pass(time.Minute).want("")
		x := d.decided("shop-pr-1")
		if x.Outcome != Held || x.Rule != RuleIdle || !x.Since.Equal(d.now) ||
			x.Reason != "it has had no activity since 2026-11-20 12:00 UTC, and lifetime.deleteAfterIdle is 48h" ||
			x.Remedy != "push to it, or previewctl extend shop-pr-1, to bring it back" {
			d.t.Errorf("%+v", x)
		}
	}},
	{"asleep, and Prometheus is away for an hour each night: it can't have been used", idleFor1h, func(d *days) {
		d.pass(2 * time.Hour).want("1 asleep")
		known := d.now
		d.facts = func(f *Facts) {
			f.Activity.Used["preview-shop-pr-1"] = false // as long as some of its metrics are there
			if d.now.Hour() == 3 {
				f.Activity.At = known
			}
			known = f.Activity.At
		}
		d.pass(46*time.Hour - time.Minute).want("1 asleep").pass(time.Minute).want("")
	}},
	{"asleep since a while ago, and earlier activity is unknown", idleFor1h, func(d *days) {
		known := d.now
		d.facts = func(f *Facts) { f.Activity.At = known }
		d.pass(time.Minute).ask(ActionSleep, "shop-pr-1", 0).want("1 asleep")
		d.facts = func(f *Facts) { f.Activity.Used["preview-shop-pr-1"], f.Activity.Window = false, time.Second }
		d.pass(48 * time.Hour).want("1 asleep").pass(time.Minute).want("")
	}},
	{"an expired environment stays away until a person pushes", awake, func(d *days) {
		d.pass(6 * time.Hour).want("").pass(24 * time.Hour).want("")
		d.pulls[0].HeadSHA = testfixture.SHA("fedcba")
		d.pass(time.Minute).want("1 awake").pass(5 * time.Hour).want("1 awake").pass(time.Hour).want("")
	}},
	{"an expired environment stays away until a person extends it", awake, func(d *days) {
		d.pass(6*time.Hour).want("").ask(ActionExtend, "shop-pr-1", 24*time.Hour).want("1 awake")
		d.pass(24*time.Hour - time.Minute).want("1 awake").pass(time.Minute).want("")
	}},
	{"an expired environment stays away after a restart", awake, func(d *days) {
		d.pass(6 * time.Hour).want("")
		d.last.Memory = restarted(d.t, d.last.Memory)
		d.pass(time.Minute).want("")
	}},
	{"an expired environment stays away while its repository can't be read", awake, func(d *days) {
		d.pass(6 * time.Hour).want("")
		d.facts = func(f *Facts) { delete(f.Repositories, "acme/shop") }
		d.pass(time.Minute).facts = nil
		d.pass(time.Minute).want("")
	}},
	{"a push that couldn't be read since may be there", awake, func(d *days) {
		read := d.now
		d.facts = func(f *Facts) {
			repository := f.Repositories["acme/shop"]
			repository.ReadAt = read
			f.Repositories["acme/shop"] = repository
		}
		d.pass(24 * time.Hour).want("1 awake")
		read = d.now
		d.pass(time.Minute).want("")
	}},
	{"labelled again is asked for anew", awake, func(d *days) {
		d.pass(6 * time.Hour).want("")
		d.pulls[0].Labels = nil
		d.pass(time.Minute).pulls[0].Labels = []string{"preview"}
		d.pass(time.Minute).want("1 awake")
	}},
	{"reopened is asked for anew", awake, func(d *days) {
		pulls := d.pass(6 * time.Hour).want("").pulls
		d.pulls = nil
		d.pass(time.Minute).pulls = pulls
		d.pass(time.Minute).want("1 awake")
	}},
	{"with the label it is kept, and with it it comes back", awake, func(d *days) {
		d.pulls[0].Labels = []string{"preview", "Preview-Keep"}
		d.pass(24 * time.Hour).want("1 awake")
		d.pulls[0].Labels = []string{"preview"}
		d.pass(time.Minute).want("")
		d.pulls[0].Labels = []string{"preview", "preview-keep"}
		d.pass(time.Minute).want("1 awake")
	}},
	{"kept by the label it sleeps", idleFor1h, func(d *days) {
		d.pulls[0].Labels = []string{"preview", "preview-keep"}
		d.pass(72 * time.Hour).want("1 asleep")
	}},
	{"extended it stays", awake, func(d *days) {
		d.ask(ActionExtend, "shop-pr-1", 24*time.Hour).pass(24*time.Hour - time.Minute).want("1 awake").pass(time.Minute).want("")
	}},
	{"extended for as long as may be", "{deleteAfterIdle: 6h, maxExtension: 12h}", func(d *days) {
		d.ask(ActionExtend, "shop-pr-1", 0).pass(12*time.Hour - time.Minute).want("1 awake").pass(time.Minute).want("")
	}},
	{"extended again for less, after it was for as long as may be", "{deleteAfterIdle: 6h, maxExtension: 12h}", func(d *days) {
		d.ask(ActionExtend, "shop-pr-1", 0).pass(10*time.Hour).ask(ActionExtend, "shop-pr-1", time.Hour)
		d.pass(6*time.Hour - time.Minute).want("1 awake").pass(time.Minute).want("")
	}},
	{"activity is unknown", awake, func(d *days) {
		d.lost["shop-pr-1"] = true
		d.pass(24 * time.Hour).want("1 awake")
	}},
	{"the clock is unknown", awake, func(d *days) {
		d.facts = func(f *Facts) { f.Skew = nil }
		d.pass(24 * time.Hour).want("1 awake").facts = nil
		d.pass(time.Minute).want("")
	}},
	{"pushes are unknown", awake, func(d *days) {
		d.pulls = nil
		d.facts = func(f *Facts) {
			f.Repositories["acme/shop"] = Repository{ID: shopID, Unread: map[int]string{1: "GitHub is away"}}
		}
		d.pass(24 * time.Hour).want("1 awake")
	}},
	{"a profile's lifetime stands over that of all", awake, func(d *days) {
		d.policy = testfixture.Replace(d.t, d.policy, "run: all", "run: all, lifetime: {deleteAfterIdle: 12h}")
		d.files(map[string]string{}).pulls[0].Labels = []string{"preview:full"}
		d.pass(12*time.Hour - time.Minute).want("1 awake").pass(2 * time.Minute).want("")
	}},

	{"closed it stays for its grace", "{grace: 2h}", func(d *days) {
		d.pulls = nil
		d.pass(time.Minute)
		x := d.decided("shop-pr-1")
		if d.pass(119 * time.Minute).want("1 awake"); x.Rule != RuleGrace || x.ExpiresAt == nil ||
			!x.ExpiresAt.Equal(d.now.Add(time.Minute)) || !x.ExpiresAnyway {
			d.t.Errorf("%+v", x)
		}
		d.pass(time.Minute).want("")
		if got := d.by("shop-pr-1"); got != "gone by closed" {
			d.t.Error(got)
		}
	}},
	{"extended in its grace it stays, and that is said", "{grace: 2h, maxExtension: 12h}", func(d *days) {
		d.pulls = nil
		d.pass(time.Hour).ask(ActionExtend, "shop-pr-1", 10*time.Hour)
		if at := d.decided("shop-pr-1").ExpiresAt; at == nil || !at.Equal(d.now.Add(10*time.Hour)) {
			d.t.Errorf("it ends at %s", at)
		}
		d.pass(10*time.Hour - time.Minute).want("1 awake").pass(time.Minute).want("")
	}},
	{"an environment that was extended before the end has its grace", "{grace: 2h, maxExtension: 12h}", func(d *days) {
		d.ask(ActionExtend, "shop-pr-1", 10*time.Hour).pulls = nil
		d.pass(2 * time.Hour).want("1 awake").pass(time.Minute).want("")
	}},
	{"reopened within its grace it stays, and has it anew", "{grace: 2h}", func(d *days) {
		pulls := d.pulls
		d.pulls = nil
		d.pass(time.Hour).pulls = pulls
		d.pass(time.Minute).pulls = nil
		d.pass(2 * time.Hour).want("1 awake").pass(time.Minute).want("")
	}},
	{"no grace for what a person takes the label from", "{grace: 2h}", func(d *days) {
		d.pulls[0].Labels = nil
		d.pass(time.Minute).want("")
	}},
	{"its grace isn't over by an unreliable clock", "{grace: 2h}", func(d *days) {
		d.facts = func(f *Facts) { f.Skew = nil }
		d.pulls = nil
		d.pass(24 * time.Hour).want("1 awake")
	}},
	{"in its grace it sleeps, and a visit wakes it", "{grace: 3h, sleep: {idleAfter: 1h}}", func(d *days) {
		d.pulls = nil
		d.pass(time.Hour).want("1 asleep").ask(ActionWake, "shop-pr-1", 0).want("1 waking").pass(time.Minute).want("1 awake")
	}},
	{"the last of several has the grace of all", "{grace: 2h}", func(d *days) {
		d.pulls = []PullRequest{pull(1, withLabels("preview-with:both")), pull(2, withLabels("preview-with:both"), changing("web/a"))}
		d.pass(time.Minute).want("both awake").pulls = d.pulls[1:]
		d.pass(24 * time.Hour).want("both awake").pulls = nil
		d.pass(2 * time.Hour).want("both awake").pass(time.Minute).want("")
	}},

	{"adopted long after it began, it isn't over when its pull request is closed", "{expireAfter: 24h}", func(d *days) {
		d.used["shop-pr-1"] = true
		d.pass(48 * time.Hour).files(map[string]string{"overlays/shop-pr-1/environment.yaml": testfixture.EnvironmentYAML("pullRequest: " +
			"acme/shop#1\nadopted: true\nprofile: full\n")})
		d.pass(time.Hour).want("1 awake").pulls = nil
		end := d.now.Add(24*time.Hour + time.Minute)
		d.pass(24 * time.Hour).want("1 awake")
		if at, row := d.decided("shop-pr-1").ExpiresAt,
			d.last.Rows[0].ExpiresAt; at == nil || !at.Equal(end) || row != end.Format(time.RFC3339) {
			d.t.Errorf("it ends at %s, and by its row at %s", at, row)
		}
		d.pass(time.Minute).want("")
	}},
	{"a file gives a pull request's environment an end", awake, func(d *days) {
		d.files(map[string]string{"overlays/shop-pr-1/environment.yaml": testfixture.EnvironmentYAML("pullRequest: acme/shop#1\nlifetime: " +
			"{expires: 2026-11-20T13:00:00Z}\n")})
		d.pass(59 * time.Minute).want("1 awake").pass(time.Minute).want("")
	}},
	{"its end is written: a push doesn't move it, and to extend it brings it back", awake, func(d *days) {
		d.files(map[string]string{"overlays/shop-pr-1/environment.yaml": testfixture.EnvironmentYAML("pullRequest: acme/shop#1\nlifetime: " +
			"{expires: 2026-11-20T13:00:00Z}\n")})
		d.pass(time.Hour).want("")
		const remedy = "previewctl extend shop-pr-1, or write a later lifetime.expires into its file, to bring it back"
		for _, head := range []string{"fedcba", "c0ffee"} {
			if x := d.decided("shop-pr-1"); x.Rule != RuleExpired || x.Remedy != remedy {
				d.t.Errorf("%s: %s", x.Rule, x.Remedy)
			}
			d.pulls[0].HeadSHA = testfixture.SHA(head)
			d.pass(time.Minute).want("")
		}
		d.ask(ActionExtend, "shop-pr-1", time.Hour).want("1 awake").pass(time.Hour).want("")
	}},
	{"a slot's claim is over at its end, by a clock that is right, and that is said before", awake, func(d *days) {
		d.policy += slotsOn
		claimed := testfixture.SlotsYAML("slots: {ivysaur: {holders: [alice], until: 2026-11-20T15:00:00Z}}\n")
		d.files(map[string]string{config.SlotsFile: claimed}).want("ivysaur awake")
		end := noon.Add(3 * time.Hour)
		if at := d.decided("ivysaur").ExpiresAt; at == nil || !at.Equal(end) {
			d.t.Errorf("it ends at %s", at)
		}
		for name, wrong := range map[string]*time.Duration{"unknown": nil, "ahead": new(-9 * time.Hour)} {
			d.facts = func(f *Facts) { f.Skew = wrong }
			if d.pass(5 * time.Hour); d.states() != "ivysaur awake" {
				d.t.Errorf("by a clock that is %s: %q", name, d.states())
			}
			d.last.Memory = restarted(d.t, d.last.Memory)
		}
		d.facts = nil
		d.pass(time.Minute).want("1 awake")
	}},
	{"a slot that others wait for goes on", awake, func(d *days) {
		d.policy += slotsOn
		claimed := testfixture.SlotsYAML("slots: {ivysaur: {holders: [alice], until: 2026-11-20T15:00:00Z}}\nqueue: [{holders: [bob]}]\n")
		d.files(map[string]string{config.SlotsFile: claimed}).pass(time.Minute).want("ivysaur awake")
		if at := d.decided("ivysaur").ExpiresAt; at == nil || !at.Equal(noon.Add(6*time.Hour)) {
			d.t.Errorf("it ends at %s", at)
		}
	}},
	{"of a slot its contents go, and its claim stays", awake, func(d *days) {
		d.policy += "slots: on\n"
		ivysaur := testfixture.SlotsYAML("slots: {ivysaur: {holders: [alice]}}\n")
		d.files(map[string]string{config.SlotsFile: ivysaur}).want("ivysaur awake").pass(6 * time.Hour).want("")
		want := []string{"ivysaur: held by idle", "ivysaur: held by idle"}
		if diff := cmp.Diff(want, about(d.last, "ivysaur")); diff != "" {
			d.t.Errorf("decisions (-want +got):\n%s", diff)
		}
		d.pulls[0].HeadSHA = testfixture.SHA("fedcba")
		d.pass(time.Minute).want("ivysaur awake").pass(6 * time.Hour).want("")
		d.files(map[string]string{config.SlotsFile: testfixture.SlotsYAML("slots: {ivysaur: {holders: [alice, bob]}}\n")}).want("ivysaur awake")
	}},
}

func TestExpiry(t *testing.T) {
	t.Parallel()
	for _, tt := range expiryCases {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := newDays(t, lifetimes(tt.lifetime), pull(1)).want("1 awake")
			tt.play(d)
		})
	}
}

const jakubFile = "overlays/jakub/environment.yaml"

var expiryOfNamedEnvironmentsCases = []struct {
	name     string
	lifetime string
	play     func(*days)
}{
	{"it isn't over for being idle", awake, func(d *days) {
		d.files(map[string]string{jakubFile: testfixture.EnvironmentYAML("profile: full\n")}).pass(24 * time.Hour).want("jakub awake")
	}},
	{"it is over at its end, until a person writes another one", awake, func(d *days) {
		d.files(map[string]string{jakubFile: testfixture.EnvironmentYAML("profile: full\nlifetime: {expires: 2026-11-21T18:00:00Z}\n")})
		if row := d.last.Rows[0]; row.ExpiresAt != "2026-11-21T18:00:00Z" || !d.decided("jakub").ExpiresAnyway {
			d.t.Errorf("expires at %q, decided %+v", row.ExpiresAt, d.decided("jakub"))
		}
		d.used["jakub"] = true
		d.pass(30*time.Hour - time.Minute).want("jakub awake").pass(time.Minute).want("")
		if x := d.decided("jakub"); x.Rule != RuleExpired || x.Reason != "it expired at 2026-11-21 18:00 UTC" {
			d.t.Errorf("%+v", x)
		}
		d.pass(24 * time.Hour).want("")
		d.files(map[string]string{jakubFile: testfixture.EnvironmentYAML("profile: full\npurpose: more\nlifetime: {expires: " +
			"2026-11-21T18:00:00Z}\n")}).want("")
		d.files(map[string]string{jakubFile: testfixture.EnvironmentYAML("profile: full\nlifetime: {expires: " +
			"2026-12-24T18:00:00Z}\n")}).want("jakub awake")
	}},
	{"a person may have written another end that couldn't be read", awake, func(d *days) {
		d.files(map[string]string{jakubFile: testfixture.EnvironmentYAML("profile: full\nlifetime: {expires: 2026-11-21T18:00:00Z}\n")})
		read := d.now.Add(30*time.Hour - time.Second)
		d.facts = func(f *Facts) { f.ConfigReadAt = read }
		d.pass(48 * time.Hour).want("jakub awake")
		read = d.now
		d.pass(time.Minute).want("")
	}},
	{"a person wrote another end that can't be read", awake, func(d *days) {
		d.files(map[string]string{jakubFile: testfixture.EnvironmentYAML("profile: full\nlifetime: {expires: 2026-11-21T18:00:00Z}\n")})
		d.files(map[string]string{jakubFile: testfixture.EnvironmentYAML("profile: full\nlifetime: {expires: " +
			"2026-12-21T18:00:00}\n")}).pass(48 * time.Hour).want("jakub awake")
		d.files(map[string]string{jakubFile: testfixture.EnvironmentYAML("profile: full\nlifetime: {expires: 2026-11-21T18:00:00Z}\n")}).want("")
	}},
	{"at its end it is extended", awake, func(d *days) {
		d.files(map[string]string{jakubFile: testfixture.EnvironmentYAML("profile: full\nlifetime: {expires: 2026-11-21T18:00:00Z}\n")})
		d.pass(30*time.Hour).want("").ask(ActionExtend, "jakub",
			time.Hour).want("jakub awake").pass(59 * time.Minute).want("jakub awake").pass(time.Minute).want("")
	}},
	{"without an end it has that of all", "{expireAfter: 24h}", func(d *days) {
		d.files(map[string]string{jakubFile: testfixture.EnvironmentYAML("profile: full\n")})
		rows := d.last.Rows
		if rows[0].ExpiresAt != "2026-11-21T12:00:00Z" {
			d.t.Errorf("expires at %q", rows[0].ExpiresAt)
		}
		d.pass(24*time.Hour - time.Minute).want("jakub awake")
		if diff := cmp.Diff(rows, d.last.Rows); diff != "" {
			d.t.Errorf("rows (-before +after):\n%s", diff)
		}
		d.pass(time.Minute).want("")
		d.files(map[string]string{jakubFile: testfixture.EnvironmentYAML("profile: full\npurpose: more\n")}).want("jakub awake")
	}},
	{"what it chose was pushed to", "{expireAfter: 24h}", func(d *days) {
		d.files(map[string]string{jakubFile: testfixture.EnvironmentYAML("services: {gateway: {branch: main}}\n")}).pass(24 * time.Hour).want("")
		d.facts = func(f *Facts) { f.Repositories["acme/gateway"].Branches["main"] = testfixture.SHA("fedcba") }
		d.pass(time.Minute).want("jakub awake")
	}},
	{"its end is unknown while the clock is", "{expireAfter: 24h}", func(d *days) {
		d.facts = func(f *Facts) { f.Skew = nil }
		d.files(map[string]string{jakubFile: testfixture.EnvironmentYAML("profile: full\n")}).pass(48 * time.Hour).want("jakub awake")
		if row := d.last.Rows[0]; row.ExpiresAt != "" {
			d.t.Errorf("expires at %q", row.ExpiresAt)
		}
		d.facts = nil
		d.pass(24 * time.Hour).want("jakub awake").pass(time.Minute).want("")
	}},
	{"an end that was over before it began", awake, func(d *days) {
		d.files(map[string]string{jakubFile: testfixture.EnvironmentYAML("profile: full\nlifetime: {expires: 2026-11-19T18:00:00Z}\n")}).want("")
		if got := d.by("jakub"); got != "held by expired" {
			d.t.Error(got)
		}
		d.facts = func(f *Facts) { f.Skew = nil }
		d.pass(time.Minute).want("").ask(ActionExtend, "jakub", time.Hour).want("jakub awake")
	}},
}

func TestExpiryOfNamedEnvironments(t *testing.T) {
	t.Parallel()
	for _, tt := range expiryOfNamedEnvironmentsCases {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.play(newDays(t, lifetimes(tt.lifetime)))
		})
	}
}
