package main

import (
	"flag"
	"fmt"
	"time"

	"github.com/previewset/previewset/generator"
	"github.com/previewset/previewset/internal/jira"
)

// jiraSettings are the settings of links in Jira.
type jiraSettings struct{ url, user, tokenFile string }

func (s *jiraSettings) addFlags(f *flag.FlagSet) {
	f.StringVar(&s.url, "jira-url", "",
		"`URL` of Jira, such as https://acme.atlassian.net; issues then show a link to their previews (default none)")
	f.StringVar(&s.user, "jira-user", "",
		"e-mail `address` of the account in Jira Cloud; without it the token is a personal access token of Jira Data Center")
	f.StringVar(&s.tokenFile, "jira-token-file", "", "`file` with the API token of that account")
}

// check calls add for each possible mistake.
func (s *jiraSettings) check(add func(bad bool, text string)) {
	isOn := *s != jiraSettings{}
	add(isOn && (s.url == "" || s.tokenFile == ""), "links in Jira need --jira-url and --jira-token-file")
}

// apply adds Jira to the options, if there is one.
func (s *jiraSettings) apply(o *generator.Options) error {
	token, err := optional("--jira-token-file", s.tokenFile)
	if err != nil || s.url == "" {
		return err
	}
	client, err := jira.New(jira.Options{URL: s.url, User: s.user, Token: token.Value, Now: time.Now})
	if err != nil {
		return fmt.Errorf("--jira-url: %w", err)
	}
	o.Jira = client
	return nil
}
