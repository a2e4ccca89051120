// Package attack tries what a person must not be able to do. Each attack is a row of a table: what, the input, and the
// expected refusal.
//
// The admission tables run on a real API server with the policies of appsets/admission, without controllers and without
// Argo CD. Each row is also checked by the rules of `previewctl check`, which must refuse it in the same words.
package attack

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"
	"sigs.k8s.io/yaml"

	"github.com/previewset/previewset"
	"github.com/previewset/previewset/e2e/cluster"
	"github.com/previewset/previewset/e2e/process"
	"github.com/previewset/previewset/e2e/toolchain"
	"github.com/previewset/previewset/internal/overlay/admission"
	"github.com/previewset/previewset/internal/overlay/manifest"
)

// api is set before the first test.
var api *server

func TestMain(m *testing.M) {
	ctx, stop := process.OnInterrupt()
	code := run(ctx, m)
	stop()
	os.Exit(code)
}

func run(ctx context.Context, m *testing.M) int {
	rest.SetDefaultWarningHandler(rest.NoWarnings{})
	folder, err := os.MkdirTemp("", "previewset-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(folder) }()
	group := process.NewGroup(folder)
	defer group.Close()
	if api, err = startServer(ctx, group, folder); err != nil {
		fmt.Fprintln(os.Stderr, err)
		group.WriteLogs(os.Stderr, 10)
		return 1
	}
	return process.RunTests(ctx, m)
}

// server is the API server with the policies of the example repository, and the same rules in Go.
type server struct {
	*cluster.Cluster
	mapper *restmapper.DeferredDiscoveryRESTMapper
	rules  *admission.Rules
}

func startServer(ctx context.Context, group *process.Group, folder string) (*server, error) {
	tools, err := toolchain.Open(ctx)
	if err != nil {
		return nil, err
	}
	if err = tools.Build(ctx, os.Stderr, cluster.APIPrograms()...); err != nil {
		return nil, err
	}
	c, err := cluster.StartAPI(ctx, tools, group, folder)
	if err != nil {
		return nil, err
	}
	s := &server{Cluster: c, mapper: mapperFor(c.Client.Discovery())}
	for _, text := range []string{namespaceText("argocd"), defaultClass, foreignClass, httpRoutes, externalSecrets, buckets} {
		if err := s.create(ctx, "", text); err != nil {
			return nil, err
		}
	}
	if err := s.installPolicies(ctx); err != nil {
		return nil, err
	}
	if err := s.makeNamespace(ctx, direct, guardrails()...); err != nil {
		return nil, err
	}
	return s, s.waitForPolicies(ctx)
}

// waitForPolicies waits until each policy refuses the first attempt that it should refuse. New policies and kinds take
// a second to come into force.
func (s *server) waitForPolicies(ctx context.Context) error {
	seen := map[string]bool{}
	for _, a := range attempts() {
		if seen[a.refused[0]] {
			continue
		}
		seen[a.refused[0]] = true
		err := process.Poll(ctx, time.Minute, func(ctx context.Context) error {
			s.mapper.Reset()
			forbidden := strings.Replace(a.allowed, a.old, a.forbidden, 1)
			if err := s.tryWrite(ctx, forbidden); !apierrors.IsForbidden(err) {
				return fmt.Errorf("%s: the answer is %w", a.name, err)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func mapperFor(d discovery.DiscoveryInterface) *restmapper.DeferredDiscoveryRESTMapper {
	return restmapper.NewDeferredDiscoveryRESTMapper(memory.NewMemCacheClient(d))
}

// rancher is the account of a controller that the settings allow.
const rancher = "system:serviceaccount:cattle-system:rancher"

// installPolicies applies all files of appsets/admission.
func (s *server) installPolicies(ctx context.Context) error {
	var settings admission.Settings
	files, err := fs.Glob(previewset.Example, "appsets/admission/*.yaml")
	if err != nil {
		return err
	}
	for _, file := range files {
		content, err := fs.ReadFile(previewset.Example, file)
		if err != nil {
			return err
		}
		text := strings.Replace(string(content), `controllers: ""`, "controllers: "+rancher, 1)
		text = strings.Replace(text, `snapshots: ""`, "snapshots: other shop-1", 1)
		text = strings.Replace(text, `secretStores: ""`, "secretStores: previews", 1)
		text = strings.Replace(text, `cloudNames: ""`, "cloudNames: acme-up-{{environment}}-x", 1)
		text = strings.Replace(text, `annotations: ""`, "annotations: crossplane.io/external-name", 1)
		for document := range strings.SplitSeq(text, "\n---\n") {
			if err := s.create(ctx, "argocd", document); err != nil {
				return fmt.Errorf("%s: %w", file, err)
			}
			var o manifest.Object
			if err := yaml.Unmarshal([]byte(document), &o.Fields); err != nil {
				return err
			}
			settings.AddConfigMap(file, o)
		}
	}
	s.rules = admission.NewRules(&settings, "preview-")
	return nil
}
