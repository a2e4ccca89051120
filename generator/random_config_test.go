package generator_test

func (sim events) changeConfig() {
	s := &sim.settings
	switch sim.IntN(10) {
	case 0:
		sim.logf("the config branch becomes invalid")
		sim.pushConfig("nonsense: [\n", nil, false)
	case 1:
		if sim.IntN(2) == 0 {
			sim.pushStructure()
			return
		}
		sim.logf("the config branch is emptied")
		sim.pushConfig("", nil, sim.IntN(2) == 0)
	case 2:
		sim.logf("the config branch is deleted")
		if !sim.configRemoved {
			sim.config.remove()
			sim.hub.Repository("acme/previews").DeleteBranch("main")
		}
		sim.configRemoved = true
	case 3:
		c := pick(sim.simulation, sim.config.commits...)
		if c.settings != nil {
			sim.restoreNameOf(c.settings.unconfigured)
		}
		sim.logf("the config branch is force-pushed to an older commit: %+v", c.settings)
		sim.config.set(c.hash)
		sim.configRemoved = false
		sim.hub.Repository("acme/previews").SetBranch("main", c.hash.String())
	case 4:
		s.label = pick(sim.simulation, bothLabels...)
		sim.logf("the config branch is force-pushed to an unrelated commit: %+v", *s)
		sim.pushConfig(s.policy(), s, true)
	default:
		switch sim.IntN(5) {
		case 0, 1:
			s.label = pick(sim.simulation, bothLabels...)
		case 2, 3:
			s.unconfigured = pick(sim.simulation, "", "acme/shop", "acme/mailer")
		default:
			s.deletionsAtOnce = pick(sim.simulation, 0, 2, 2)
		}
		sim.logf("a valid configuration is pushed: %+v", *s)
		sim.pushConfig(s.policy(), s, false)
	}
}

// pushConfig pushes a commit to the config branch. Settings are nil if the policy is invalid.
func (sim events) pushConfig(policy string, s *settings, orphan bool) {
	sim.t.Helper()
	if s != nil {
		c := *s
		s = &c
		sim.restoreNameOf(s.unconfigured)
	}
	sim.config.write(policy, s, orphan)
	sim.announceHead()
}

// announceHead tells GitHub about a push to the config branch.
func (sim events) announceHead() {
	sim.configRemoved = false
	sim.hub.Repository("acme/previews").SetBranch("main", sim.config.commits[len(sim.config.commits)-1].hash.String())
}

// restoreNameOf gives a repository its name back before the configuration drops it. See mayBeUnconfigured.
func (sim events) restoreNameOf(key string) {
	for _, l := range sim.repositories {
		if l.key == key && l.namesake != nil {
			sim.restoreName(l)
		}
	}
}
