package main

const (
	refresh  = "generator/sources.go"
	publish  = "generator/publish.go"
	memory   = "generator/memory.go"
	pages    = "internal/github/pages.go"
	missing  = "internal/github/missing.go"
	decide   = "internal/preview/decide.go"
	identity = "internal/preview/identity.go"
	activity = "internal/preview/activity.go"
	sleep    = "internal/preview/sleep.go"
)

// keepUnheard is where what nobody speaks for stays.
const keepUnheard = "\t\t\tr.haunt(in, r.unheard(in))\n"

// guards are all that keep environments from vanishing. Where two stand one behind the other, both are taken out.
var guards = []guard{
	{"a failed read leaves a repository's last facts", service, []edit{
		{refresh, "\t\t\t\tg.fail(name, err)\n\t\t\tdefault:", "\t\t\t\tg.fail(name, err)\n\t\t\t\tg.state.facts.Repositories[name] = r\n\t\t\tdefault:"},
	}},
	{"a page that can't be read is an error", service, []edit{
		{pages, `return false, fmt.Errorf("%s, page %d: %w", l.what, i+1, err)`, `return false, nil`},
	}},
	{"an answer without a list is an error", service, []edit{
		{pages, "if found == nil {", "if false {"},
	}},
	{"a full page has another one behind it, whatever the links say", service, []edit{
		{pages, "return p.next || (len(p.items) >= perPage && news)", "return p.next && news == news"},
	}},
	{"a pull request that the list lacks is read directly", service, []edit{
		{missing, "missing := r.missing(byNumber, live)", "missing := r.missing(byNumber, live)[:0]"},
	}},
	{"the same after a restart", service, []edit{
		{missing, "range live(r.entry.id) {", "range live(r.entry.id)[:0] {"},
	}},
	{"one that can't be read directly counts as open", service, []edit{
		{missing, "\t\treturn last, true\n", "\t\treturn last, false\n"},
	}},
	{"the same after a restart, when nobody knows how it was", service, []edit{
		{identity, "Unread[in.member.Number]; ok && !r.confirmed(name) {", "Unread[in.member.Number]; ok && false {"},
	}},
	{"no answer before everything was read", service, []edit{
		{publish, `why = append(why, fmt.Sprintf("%s was never read: %s", name, message(err)))`, `_ = fmt.Sprint(err)`},
	}},
	{"memory is kept before what it belongs to is served", service, []edit{
		{publish, "\t\tg.opts.Logger.Error(\"snapshot can't be served\", \"error\", err)\n\t\treturn err\n", "\t\tg.opts.Logger.Error(\"snapshot can't be served\", \"error\", err)\n"},
	}},
	{"memory is read at the start", service, []edit{
		{memory, "if err == nil && content != nil {\n\t\tvar", "if err == nil && content != nil && false {\n\t\tvar"},
	}},
	{"an unknown activity is activity", service, []edit{
		{activity, "\tl.measured = r.measured && ok\n", "\tl.measured = ok || !ok\n"},
		{"internal/preview/sleep.go", "!at.After(r.facts.Activity.At)", "!at.After(r.now)"},
	}},
	{"corrupt memory isn't empty memory", service, []edit{
		{memory, "= decodeMemory(content); err == nil {", "= decodeMemory(content); true {"},
	}},
	{"lost memory is recovered from Applications", service, []edit{
		{memory, "found, err := g.opts.Cluster.Recover(ctx)\n", "found, err := preview.Recovered{}, error(nil)\n"},
	}},
	{"a name that is another repository's now says nothing of the first one", service, []edit{
		{"internal/github/pulls.go", "if e.id != 0 && e.id != found.ID {", "if false {"},
		{identity, "return a == b || a == 0 || b == 0", "return true"},
	}},
	{"what nobody speaks for stays: repositories that can't be read", service, []edit{
		{identity, keepUnheard, "\t\t\tif _, ok := r.repoByLower[in.member.Repository]; !ok {\n" + keepUnheard + "\t\t\t}\n"},
	}},
	{"what nobody speaks for stays: repositories taken out of the configuration", service, []edit{
		{identity, keepUnheard, "\t\t\tif _, ok := r.repoByLower[in.member.Repository]; ok {\n" + keepUnheard + "\t\t\t}\n"},
	}},
	{"another label in the configuration takes nothing away", service, []edit{
		{decide, "case c.stillLabelled():", "case false:"},
	}},
	{"no more lose their label at once than people take off", service, []edit{
		{"internal/preview/limit.go", "return n > r.deletionsAtOnce()", "return false"},
	}},
	{"what was withheld once stays so", service, []edit{
		{decide, "was.Braked = before || r.brake", "was.Braked = r.brake"},
	}},
	{"a clock that jumps lets no more go", service, []edit{
		{"internal/preview/memory.go", "t.Add(jumped - min(max(jumped, 0), brakeStep))", "t"},
	}},
	{"what keeps new ones out ends no live one", service, []edit{
		{decide, "case w.was != nil && !h.over:", "case w.was != nil && !h.over && h.withheld:"},
	}},
	{"invalid configuration leaves the last good one in force", service, []edit{
		{refresh, "\tif s.triedErr != nil {\n", "\tif s.triedErr != nil {\n\t\ts.config = nil\n"},
	}},
	{"so does a config branch that can't be read", service, []edit{
		{refresh, "\t\tg.configFailed(err)\n\t\treturn\n", "\t\tg.configFailed(err)\n\t\tg.state.config, g.state.tried = nil, \"\"\n\t\treturn\n"},
	}},
	{"a commit that changes nothing of an environment leaves it alone", service, []edit{
		{"internal/preview/config.go", "if prev != nil && prev.pins[name].trees == trees {", "if false {"},
	}},
	{"rows are in order", service, []edit{
		{"internal/preview/depart.go", "range slices.Sorted(maps.Keys(s.Memory.Environments))", "range slices.Collect(maps.Keys(s.Memory.Environments))"},
	}},
	{"nothing moves to another namespace", domain, []edit{
		{decide, "if w.was == nil || w.was.Row.Namespace == e.Row.Namespace || r.confirmed(w.name) {", "if e != nil {"},
	}},
	{"what runs in an environment goes on running", domain, []edit{
		{decide, "set = w.was.grown(set, r.Policy.Services)", "_ = set"},
	}},
	{"no commit of a fork runs without approval", domain, []edit{
		{decide, "cmp.Or(c.approval(), c.unknownPerson(), r.slotless(c))", "cmp.Or(c.unknownPerson(), r.slotless(c))"},
	}},
	{"no commit runs that isn't ready", domain, []edit{
		{decide, "if seen && green {", "if seen || green {"},
	}},
	{"no more are made than limits allow", domain, []edit{
		{"internal/preview/over.go", "\treturn r.limited(w)\n", "\treturn nil\n"},
	}},
	{"asleep: what nobody knows is used", lives, []edit{
		{activity, "\tcase !l.measured && l.state != Asleep:\n\t\tl.Active = latest(l.Active, r.now.UTC())\n", ""},
	}},
	{"asleep: a namespace that wasn't measured isn't idle", lives, []edit{
		{activity, "l.measured = r.measured && ok", "l.measured = r.measured && (ok || true)"},
	}},
	{"asleep: an old measurement says nothing", lives, []edit{
		{activity, "age < 0 || age > measuredFor", "false"},
		{activity, "age := r.now.Sub(m.At); m.At", "m.At"},
	}},
	{"asleep: a gap between two measurements counts as use", lives, []edit{
		{activity, "l.Active = latest(l.Active, r.gap)", "_ = r.gap"},
	}},
	{"asleep: nothing follows from a clock that isn't GitHub's", lives, []edit{
		{activity, "r.facts.Skew != nil && r.facts.Skew.Abs() <= clockStep && (", "("},
	}},
	{"asleep: nothing follows from a clock that jumped just now", lives, []edit{
		{activity, "(jumped.IsZero() || r.now.Sub(jumped) > clockStep)", "(true || jumped.IsZero())"},
	}},
	{"asleep: nothing becomes older by a clock that jumps", lives, []edit{
		{"internal/preview/memory.go", "!m.At.IsZero() && (jumped < 0 || jumped > clockStep) {", "jumped < 0 && jumped > 0 {"},
	}},
	{"asleep: what its file keeps awake stays so", lives, []edit{
		{sleep, "return l.file.Lifetime.KeepAwake || len(l.file.Handover) > 0", "return false"},
	}},
	{"asleep: what somebody keeps awake stays so", lives, []edit{
		{sleep, "case l.state == Asleep || l.staysAwake() || l.held().After(r.now):", "case l.state == Asleep || l.staysAwake():"},
		{sleep, "!l.staysAwake() && !l.held().After(r.now) &&", "!l.staysAwake() &&"},
	}},
	{"asleep: what an awake environment leads to stays so", lives, []edit{
		{sleep, "from.state != Asleep && why[from] == \"\" && r.isLive(from)", "from.state != Asleep && why[from] != \"\" && from == l"},
		{sleep, "\t\t!slices.ContainsFunc(l.linkers, func(from *living) bool { return from.state != Asleep && r.isLive(from) })\n", "\t\tl.linkers != nil == (l.linkers != nil)\n"},
	}},
	{"asleep: grace is over by a clock that is known", lives, []edit{
		{"internal/preview/over.go", "if r.agrees() && !end.After(r.now) {", "if !end.After(r.now) {"},
	}},
}
