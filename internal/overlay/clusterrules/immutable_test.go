package clusterrules_test

import (
	"strings"
	"testing"

	"github.com/previewset/previewset/internal/overlay/clusterrules"
	"github.com/previewset/previewset/internal/overlay/manifest"
)

func TestProblemsFindChangingFields(t *testing.T) {
	t.Parallel()
	const (
		statefulSet = `{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: db NAME}, spec: {serviceName: db,
  selector: {matchLabels: {app: db}}, template: {metadata: {labels: {app: db, commit: c0ffee1}}, spec: {
    securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}, containers: [{name: a,
      image: "a:c0ffee1", securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}}]}},
  volumeClaimTemplates: [{metadata: {name: data LABELS}}]}}`
		job = `{apiVersion: batch/v1, kind: Job, metadata: {name: migrate ANNOTATIONS}, spec: {template: {spec: {
  securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}, restartPolicy: Never,
  containers: [{name: a, image: a, args: [VALUE], securityContext: {allowPrivilegeEscalation: false,
    capabilities: {drop: [ALL]}}}]}}}}`
		claim = `{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: data-VALUE}, spec: {
  accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}}`
		service = `{apiVersion: v1, kind: Service, metadata: {name: db}, spec: {clusterIP: VALUE, ports: [{port: 80}]}}`
	)
	in := func(text string, pairs ...string) string {
		return strings.NewReplacer(append(pairs, " NAME", "", " LABELS", "", " ANNOTATIONS", "")...).Replace(text)
	}
	for _, tt := range []struct{ name, object, want string }{
		{"a commit in the template of a StatefulSet", in(statefulSet), ""},
		{
			"a commit in a volume claim template", in(statefulSet, " LABELS", ", labels: {c: c0ffee1}"),
			"StatefulSet db: spec.volumeClaimTemplates: ",
		},
		{"a commit in the name of a StatefulSet", in(statefulSet, " NAME", "-c0ffee1"), "metadata.name: contains the commit"},
		{"a Job without the commit", in(job, "VALUE", "a"), ""},
		{"a Job with the commit", in(job, "VALUE", "--version=c0ffee123"), "Job migrate: spec.template: changes with every commit (it contains"},
		{"a hook with the commit", in(job, "VALUE", "c0ffee1", " ANNOTATIONS", ", annotations: {argocd.argoproj.io/hook: Sync}"), ""},
		{"a claim with the commit", in(claim, "VALUE", "c0ffee1"), "metadata.name: contains the commit"},
		{"a claim without the commit", in(claim, "VALUE", "a"), ""},
		{"a headless Service", in(service, "VALUE", "None"), ""},
		{"a Service with a fixed address", in(service, "VALUE", "10.0.0.7"), "Service db: spec.clusterIP: has the fixed address 10.0.0.7"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := clusterrules.NewBuild([]manifest.Object{parse(t, tt.object)})
			b.Commit = "c0ffee1"
			wantProblem(t, b.Problems(), tt.want)
		})
	}
}

func TestProblemsFindSharedNames(t *testing.T) {
	t.Parallel()
	const (
		queue  = "{apiVersion: sqs.services.k8s.aws/v1alpha1, kind: Queue, metadata: {name: a}, "
		bucket = "{apiVersion: storage.cnrm.cloud.google.com/v1beta1, kind: StorageBucket, "
		claim  = "{apiVersion: objectbucket.io/v1alpha1, kind: ObjectBucketClaim, metadata: {name: a}, "
		topic  = "{apiVersion: kafka.strimzi.io/v1, kind: KafkaTopic, metadata: {name: a}, "
		custom = "{apiVersion: acme.test/v1, kind: Bucket, "
	)
	for _, tt := range []struct{ name, object, want string }{
		{
			"a queue with a fixed name", queue + "spec: {queueName: orders}}",
			`Queue a: spec.queueName: creates "orders" outside of the namespace`,
		},
		{"a queue with the environment's name", queue + "spec: {queueName: orders-team-7}}", ""},
		{
			"a bucket with the name of its object", bucket + "metadata: {name: uploads}}",
			`StorageBucket uploads: metadata.name: creates "uploads"`,
		},
		{
			"an annotation of Crossplane", custom + "metadata: {name: a, annotations: {crossplane.io/external-name: b}}}",
			`metadata.annotations[crossplane.io/external-name]: creates "b"`,
		},
		{"a generated name", claim + "spec: {generateBucketName: a}}", ""},
		{"a kind that stays in the cluster", topic + "spec: {topicName: b}}", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := clusterrules.NewBuild([]manifest.Object{parse(t, tt.object)})
			wantProblem(t, b.Problems(), "") // an overlay that exists once
			b.Environment = "team-7"
			wantProblem(t, b.Problems(), tt.want)
		})
	}
}
