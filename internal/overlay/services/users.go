package services

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	yamlv3 "go.yaml.in/yaml/v3"

	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/overlay/yamldoc"
)

// environment is the part of an environment file that names services. It is read even if other parts of the file are
// invalid.
type environment struct {
	Services    map[string]map[string]any `yaml:"services"`
	Links       map[string]any            `yaml:"links"`
	Handover    []string                  `yaml:"handover"`
	PullRequest string                    `yaml:"pullRequest"`
}

func environmentFile(name string) string {
	return path.Join(overlaysFolder, name, config.EnvironmentFile)
}

// users returns the services, profiles and environments that name the service.
func (c *change) users() (config.Problems, error) {
	content, err := c.Tree.Read(policyFile)
	if err != nil {
		return nil, err
	}
	nodes, err := yamldoc.All(content)
	if err != nil {
		return nil, err
	}
	var users config.Problems
	add := func(message, remedy string, steps ...any) {
		users = append(users, config.Problem{
			File: policyFile, Line: yamldoc.Line(nodes[0], steps...), Path: yamldoc.Path(steps...),
			Message: message, Remedy: remedy,
		})
	}
	name := c.service.Name
	for _, s := range c.Policy.Services {
		if i := slices.Index(s.Calls, name); i >= 0 && s.Name != name {
			add("service "+s.Name+" calls it", "remove it from the list", "services", s.Name, "calls", i)
		}
	}
	for _, p := range slices.Sorted(maps.Keys(c.Policy.Profiles)) {
		if i := slices.Index(c.Policy.Profiles[p].Run.Services, name); i >= 0 {
			add("profile "+p+" runs it", "remove it from the list", "profiles", p, "run", i)
		}
	}
	inEnvironments, err := c.environmentUsers()
	return append(users, inEnvironments...), err
}

func (c *change) environmentUsers() (config.Problems, error) {
	var users config.Problems
	for _, name := range c.Environments {
		file := environmentFile(name)
		content, err := c.Tree.Read(file)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		var e environment
		if err := yamlv3.Unmarshal(content, &e); err != nil {
			return nil, fmt.Errorf("read %s: %w\ncorrect it first: previewctl edit %s", file, err, name)
		}
		users = append(users, c.usersIn(name, e)...)
	}
	return users, nil
}

func (c *change) usersIn(name string, e environment) config.Problems {
	var users config.Problems
	s := c.service.Name
	add := func(path, message, remedy string) {
		users = append(users, config.Problem{File: environmentFile(name), Path: path, Message: message, Remedy: remedy})
	}
	keys, isNamed := e.Services[s]
	if _, hasEnv := keys["env"]; hasEnv {
		add("services."+s+".env", "environment "+name+" sets its variables", "previewctl edit "+name+", and remove them")
	} else if isNamed {
		add("services."+s, "environment "+name+" runs it", "previewctl set "+name+" --service "+s+"=default")
	}
	if _, ok := e.Links[s]; ok {
		add("links."+s, "environment "+name+" links it", "previewctl set "+name+" --link "+s+"=default")
	}
	if slices.Contains(e.Handover, s) {
		add("handover", "environment "+name+" hands it over", "previewctl handover "+name+" "+s+" --back")
	}
	if repository, _, ok := config.ParsePullRequest(e.PullRequest); ok && c.isOnlyOneIn(repository) {
		add("pullRequest", "no other service is in repository "+repository, "previewctl delete "+name)
	}
	return users
}

// isOnlyOneIn reports whether the service is the only one in a repository.
func (c *change) isOnlyOneIn(repository string) bool {
	return strings.EqualFold(c.service.Repository, repository) && !slices.ContainsFunc(c.Policy.Services,
		func(s config.Service) bool {
			return s.Name != c.service.Name && strings.EqualFold(s.Repository, repository)
		})
}
