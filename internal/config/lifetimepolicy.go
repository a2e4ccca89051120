package config

// Lifetime says when an environment sleeps and when it expires. In a profile, a missing setting is the one of the
// policy. In the policy, a missing setting without a default is off.
type Lifetime struct {
	// DeleteAfterIdle is the time without activity after which environments of pull requests and slots are removed.
	DeleteAfterIdle *Duration `yaml:"deleteAfterIdle"`
	// ExpireAfter is the time after its creation at which an environment from a file is removed. `expires` overrides it.
	ExpireAfter *Duration `yaml:"expireAfter"`
	// MaxExtension is the longest extension by previewctl extend, from now. Default: 336h.
	MaxExtension *Duration `yaml:"maxExtension"`
	// Grace is the time between closing a pull request and removing its environment. Default: 0.
	Grace *Duration `yaml:"grace"`
	// Sleep says when an environment falls asleep.
	Sleep *Sleep `yaml:"sleep"`
	// Start is the first state of an environment: awake, or asleep (no Pods until the first visit, a requested review of its
	// pull request, or previewctl wake). Default: awake.
	Start string `yaml:"start" enum:"awake,asleep"`
}

// StartAsleep is the value of lifetime.start with which an environment has no Pods until its first use.
const StartAsleep = "asleep"

// Sleep says when an environment falls asleep: no Pods, but all volumes, Secrets and ConfigMaps.
type Sleep struct {
	// IdleAfter is the time without activity after which an environment falls asleep.
	IdleAfter *Duration `yaml:"idleAfter"`
	// MaxAwake is the longest time awake since the last push or waking. It limits environments that a monitor keeps awake.
	MaxAwake *Duration `yaml:"maxAwake"`
	// WorkingHours are hours with their own idleAfter.
	WorkingHours *WorkingHours `yaml:"workingHours"`
}

// WorkingHours are hours with their own idleAfter. Hours that end before they begin end on the next day.
type WorkingHours struct {
	// Days are the days on which the hours begin: mon, tue, wed, thu, fri, sat, sun.
	Days []string `yaml:"days" jsonschema:"enum=mon,enum=tue,enum=wed,enum=thu,enum=fri,enum=sat,enum=sun"`
	// From is the beginning, from "00:00" to "24:00".
	From string `yaml:"from" jsonschema:"example=08:00"`
	// To is the end, from "00:00" to "24:00".
	To string `yaml:"to" jsonschema:"example=19:00"`
	// Timezone is an IANA time zone.
	Timezone string `yaml:"timezone" jsonschema:"example=Europe/Berlin"`
	// IdleAfter is the idleAfter within these hours. Default: sleep.idleAfter.
	IdleAfter *Duration `yaml:"idleAfter"`
	// AsleepOutside reports whether environments sleep outside of these hours, unless they are in use. Default: false.
	AsleepOutside bool `yaml:"asleepOutside"`
}
