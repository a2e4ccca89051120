package attack

import _ "embed" // for the schema

// buckets is the CustomResourceDefinition of Crossplane's Bucket, with a part of its schema.
//
//go:embed testdata/buckets.yaml
var buckets string

// bucket has a name of the environment in the namespace of direct writers.
const bucket = `{apiVersion: s3.aws.m.upbound.io/v1beta1, kind: Bucket, metadata: {name: a, annotations: {
  crossplane.io/external-name: acme-up-direct-abcde-x}}, spec: {forProvider: {region: b, bucket: acme-up-direct-abcde-x}}}`

func cloudAttempts() []attempt {
	return family("previewset-cloud", "Bucket a", bucket,
		change{"another environment's bucket", "name: acme-up-direct", "name: acme-up-other", `creates "acme-up-other-abcde-x"`},
		change{"production's bucket", "bucket: acme-up-direct-abcde-x", "bucket: prod", `creates "prod"`},
		change{
			"the bucket of an environment with a longer name", "bucket: acme-up-direct-", "bucket: acme-up-direct-2-",
			`creates "acme-up-direct-2-abcde-x"`,
		},
		change{"a name without its generation", "bucket: acme-up-direct-abcde", "bucket: acme-up-direct", `creates "acme-up-direct-x"`},
		change{"a second name", "spec: {", "spec: {name: other, ", `creates "other"`})
}
