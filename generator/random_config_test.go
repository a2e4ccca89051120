package generator_test

func (p *play) configChanges() {
	s := &p.settings
	switch p.IntN(10) {
	case 0:
		p.tell("the config branch is broken")
		p.push("nonsense: [\n", nil, false)
	case 1:
		p.tell("the config branch is emptied")
		p.push("", nil, p.IntN(2) == 0)
	case 2:
		p.tell("the config branch is gone")
		if !p.removed {
			p.branch.remove()
			p.hub.Repository("acme/previews").DeleteBranch("main")
		}
		p.removed = true
	case 3:
		c := pick(p, p.branch.commits...)
		if c.settings != nil {
			p.namesIts(c.settings.without)
		}
		p.tell("the config branch is force-pushed to an older commit: %+v", c.settings)
		p.branch.set(c.hash)
		p.removed = false
		p.hub.Repository("acme/previews").SetBranch("main", c.hash.String())
	case 4:
		s.label = pick(p, both...)
		p.tell("the config branch is force-pushed to an unrelated commit: %+v", *s)
		p.push(s.policy(), s, true)
	default:
		switch p.IntN(5) {
		case 0, 1:
			s.label = pick(p, both...)
		case 2, 3:
			s.without = pick(p, "", "acme/shop", "acme/mailer")
		default:
			s.atOnce = pick(p, 0, 2, 2)
		}
		p.tell("the config branch says %+v", *s)
		p.push(s.policy(), s, false)
	}
}

// push writes a commit to the config branch. Settings are nil where nobody can use it.
func (p *play) push(policy string, s *settings, orphan bool) {
	p.t.Helper()
	if s != nil {
		c := *s
		s = &c
		p.namesIts(s.without)
	}
	p.branch.write(policy, s, orphan)
	p.removed = false
	p.hub.Repository("acme/previews").SetBranch("main", p.branch.commits[len(p.branch.commits)-1].hash.String())
}

// namesIts gives a repository its name back before configuration names it no more: see mayBeWithout.
func (p *play) namesIts(key string) {
	for _, l := range p.places {
		if l.key == key && l.heir != nil {
			p.comesHome(l)
		}
	}
}
