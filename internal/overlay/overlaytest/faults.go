package overlaytest

import "strings"

// Fault is one change that makes an allowed object one that the cluster refuses. The unit tests of clusterrules expect
// a problem for it, and the end-to-end tests a refusal of the API server.
type Fault struct {
	Name string
	// Allowed is an object that the cluster accepts.
	Allowed string
	// Old is a part of Allowed, and New its replacement.
	Old, New string
	// Says are words of the problem and of the API server's refusal.
	Says []string
	// OnlyPods is true where the API server accepts the object and refuses its Pods.
	OnlyPods bool
}

// FaultNamespace is a namespace that allows the objects of all faults. Its quota and limits refuse some changes.
const FaultNamespace = `{apiVersion: v1, kind: Namespace, metadata: {name: faults,
  labels: {pod-security.kubernetes.io/enforce: restricted}}}`

// FaultQuota and FaultLimits are the ResourceQuota and the LimitRange of FaultNamespace.
const (
	FaultQuota = `{apiVersion: v1, kind: ResourceQuota, metadata: {name: guardrails}, spec: {hard: {pods: "5",
  requests.cpu: 850m, limits.memory: 1200Mi, persistentvolumeclaims: "2", requests.storage: 2Gi,
  services.nodeports: "0"}}}`
	FaultLimits = `{apiVersion: v1, kind: LimitRange, metadata: {name: guardrails}, spec: {limits: [{type: Container,
  defaultRequest: {cpu: 25m}, default: {memory: 256Mi}, max: {cpu: 800m, memory: 1Gi}, min: {memory: 8Mi}},
  {type: PersistentVolumeClaim, max: {storage: 1Gi}}]}}`
)

// The objects that faults change.
const (
	deployment = `{apiVersion: apps/v1, kind: Deployment, metadata: {name: a, labels: {app: a}}, spec: {replicas: 1,
  selector: {matchLabels: {app: a}}, template: {metadata: {labels: {app: a}}, spec: {
    securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}, restartPolicy: Always,
    initContainers: [{name: i, image: b, securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}}],
    containers: [{name: a, image: a, env: [{name: A, value: b}], ports: [{name: http, containerPort: 8080}],
      volumeMounts: [{name: v, mountPath: /v}], resources: {limits: {cpu: 500m}, requests: {cpu: 100m}},
      readinessProbe: {httpGet: {port: http}},
      securityContext: {runAsUser: 7, allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}}],
    volumes: [{name: v, emptyDir: {}}]}}}}`
	podTemplate = `template: {metadata: {labels: {app: a}}, spec: {restartPolicy: RESTART,
    securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}},
    containers: [{name: a, image: a, securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}}]}}`
	service = `{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {selector: {app: a},
  ports: [{name: http, port: 80, targetPort: http}, {name: admin, port: 81}]}}`
	ingress = `{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: a}, spec: {rules: [{host: a.example.dev,
  http: {paths: [{path: /a, pathType: Prefix, backend: {service: {name: a, port: {number: 80}}}}]}}]}}`
	claim = `{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: a}, spec: {accessModes: [ReadWriteOnce],
  resources: {requests: {storage: 1Gi}}}}`
	autoscaler = `{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: {name: a}, spec: {minReplicas: 1,
  maxReplicas: 2, scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: a}}}`
	configMap = `{apiVersion: v1, kind: ConfigMap, metadata: {name: a, labels: {app: a}}, data: {a: b}}`
)

// Faults returns all faults.
func Faults() (all []Fault) {
	for _, list := range [][]Fault{
		fieldFaults(), workloadFaults(), jobFaults(), containerFaults(), podSecurityFaults(), limitFaults(), otherFaults(),
	} {
		all = append(all, list...)
	}
	return all
}

// of returns faults that change one object.
func of(allowed string, faults ...Fault) []Fault {
	for i := range faults {
		faults[i].Allowed = allowed
	}
	return faults
}

func fieldFaults() []Fault {
	return append(of(
		deployment,
		Fault{
			Name: "an unknown field", Old: "replicas: 1", New: "replica: 1", Says: []string{`unknown field "spec.replica"`},
		},
		Fault{
			Name: "an unknown field of a container", Old: "image: a,", New: "image: a, imagePullpolicy: Always,",
			Says: []string{`unknown field "spec.template.spec.containers[0].imagePullpolicy"`},
		},
		Fault{
			Name: "a text for a number", Old: "replicas: 1", New: "replicas: '1'", Says: []string{"spec.replicas", "int32"},
		},
		Fault{
			Name: "a number for a text", Old: "value: b", New: "value: 1",
			Says: []string{"cannot unmarshal number", "env.value"},
		},
		Fault{
			Name: "a mapping for a list", Old: "volumes: [{name: v, emptyDir: {}}]", New: "volumes: {}",
			Says: []string{"volumes"},
		},
		Fault{
			Name: "a quantity with an unknown unit", Old: "cpu: 500m", New: "cpu: 500mb",
			Says: []string{"quantities must match"},
		},
	), of(
		configMap,
		Fault{Name: "a number in a ConfigMap", Old: "data: {a: b}", New: "data: {a: 1}", Says: []string{"ConfigMap.data"}},
		Fault{Name: "an invalid key of a ConfigMap", Old: "data: {a: b}", New: "data: {a/b: c}", Says: []string{"data[a/b]"}},
		Fault{Name: "an invalid name", Old: "name: a,", New: "name: A_b,", Says: []string{"metadata.name"}},
		Fault{Name: "an invalid label", Old: "app: a", New: "app: a b", Says: []string{"metadata.labels"}},
	)...)
}

// withPods returns an object whose Pods have a restart policy.
func withPods(header, restartPolicy, end string) string {
	return header + strings.ReplaceAll(podTemplate, "RESTART", restartPolicy) + end
}

func workloadFaults() []Fault {
	const matches = "`selector` does not match template `labels`"
	statefulSet := withPods("{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: a}, spec: {serviceName: a, "+
		"selector: {matchLabels: {app: a}}, ", "Always", "}}")
	faults := of(
		deployment,
		Fault{
			Name: "no selector", Old: "selector: {matchLabels: {app: a}},", Says: []string{"spec.selector: Required value"},
		},
		Fault{
			Name: "a selector of others", Old: "matchLabels: {app: a}", New: "matchLabels: {app: b}", Says: []string{matches},
		},
		Fault{
			Name: "an empty selector", Old: "matchLabels: {app: a}", New: "matchLabels: {}", Says: []string{"spec.selector"},
		},
		Fault{
			Name: "a Deployment that ends", Old: "restartPolicy: Always", New: "restartPolicy: Never",
			Says: []string{"restartPolicy", "Unsupported value"},
		},
	)
	return append(faults, of(
		statefulSet,
		Fault{
			Name: "a StatefulSet's selector of others", Old: "matchLabels: {app: a}", New: "matchLabels: {app: b}",
			Says: []string{matches},
		},
	)...)
}

func jobFaults() []Fault {
	job := withPods("{apiVersion: batch/v1, kind: Job, metadata: {name: a}, spec: {", "Never", "}}")
	cronJob := withPods(
		"{apiVersion: batch/v1, kind: CronJob, metadata: {name: a}, spec: {schedule: '@daily', jobTemplate: {spec: {",
		"Never", "}}}}",
	)
	faults := of(
		job,
		Fault{
			Name: "a Job that runs on", Old: "restartPolicy: Never", New: "restartPolicy: Always",
			Says: []string{"restartPolicy", "Required value: valid values"},
		},
		Fault{
			Name: "a Job without a restart policy", Old: "restartPolicy: Never,",
			Says: []string{"restartPolicy: Required value"},
		},
		Fault{Name: "a Job as root", Old: "runAsNonRoot: true, ", Says: []string{"runAsNonRoot != true"}, OnlyPods: true},
	)
	return append(faults, of(
		cronJob,
		Fault{
			Name: "a CronJob without a schedule", Old: "schedule: '@daily', ", Says: []string{"spec.schedule: Required value"},
		},
		Fault{
			Name: "a CronJob that runs on", Old: "restartPolicy: Never", New: "restartPolicy: Always",
			Says: []string{"restartPolicy", "Required value: valid values"},
		},
		Fault{
			Name: "a CronJob without a seccomp profile", Old: ", seccompProfile: {type: RuntimeDefault}",
			Says: []string{"seccompProfile"}, OnlyPods: true,
		},
	)...)
}

func containerFaults() []Fault {
	const containers = "spec.template.spec.containers[0]."
	return of(
		deployment,
		Fault{
			Name: "a container without an image", Old: "{name: a, image: a,", New: "{name: a,",
			Says: []string{containers + "image: Required value"},
		},
		Fault{
			Name: "a container without a name", Old: "{name: a, image: a,", New: "{image: a,",
			Says: []string{containers + "name: Required value"},
		},
		Fault{Name: "a container's name twice", Old: "name: i,", New: "name: a,", Says: []string{"Duplicate value"}},
		Fault{
			Name: "a mount of no volume", Old: "name: v, mountPath", New: "name: w, mountPath",
			Says: []string{containers + "volumeMounts[0].name: Not found"},
		},
		Fault{
			Name: "a mount without a path", Old: ", mountPath: /v",
			Says: []string{containers + "volumeMounts[0].mountPath: Required value"},
		},
		Fault{
			Name: "a port above the range", Old: "containerPort: 8080", New: "containerPort: 80800",
			Says: []string{containers + "ports[0].containerPort"},
		},
		Fault{
			Name: "a long name of a port", Old: "name: http,", New: "name: hypertext-transfer,",
			Says: []string{containers + "ports[0].name"},
		},
		Fault{
			Name: "a variable without a name", Old: "name: A, ", Says: []string{containers + "env[0].name: Required value"},
		},
		Fault{
			Name: "a request above the limit", Old: "requests: {cpu: 100m}", New: "requests: {cpu: 600m}",
			Says: []string{"must be less than or equal to cpu limit"},
		},
		Fault{
			Name: "a probe of nothing", Old: "readinessProbe: {httpGet: {port: http}}",
			New: "readinessProbe: {periodSeconds: 5}", Says: []string{"must specify a handler type"},
		},
	)
}

func podSecurityFaults() []Fault {
	faults := of(
		deployment,
		Fault{Name: "a Deployment as root", Old: "runAsNonRoot: true, ", Says: []string{"runAsNonRoot != true"}},
		Fault{Name: "user 0", Old: "runAsUser: 7", New: "runAsUser: 0", Says: []string{"runAsUser=0"}},
		Fault{Name: "no seccomp profile", Old: ", seccompProfile: {type: RuntimeDefault}", Says: []string{"seccompProfile"}},
		Fault{
			Name: "an unconfined seccomp profile", Old: "type: RuntimeDefault", New: "type: Unconfined",
			Says: []string{"seccompProfile"},
		},
		Fault{
			Name: "an init container with capabilities",
			Old:  "image: b, securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}",
			New:  "image: b, securityContext: {allowPrivilegeEscalation: false}",
			Says: []string{"unrestricted capabilities", `container "i"`},
		},
		Fault{
			Name: "an added capability", Old: "runAsUser: 7, allowPrivilegeEscalation: false, capabilities: {",
			New:  "runAsUser: 7, allowPrivilegeEscalation: false, capabilities: {add: [NET_ADMIN], ",
			Says: []string{"NET_ADMIN"},
		},
		Fault{
			Name: "more privileges", Old: "runAsUser: 7, allowPrivilegeEscalation: false",
			New: "runAsUser: 7, allowPrivilegeEscalation: true", Says: []string{"allowPrivilegeEscalation != false"},
		},
		Fault{
			Name: "all privileges", Old: "runAsUser: 7, allowPrivilegeEscalation: false", New: "runAsUser: 7, privileged: true",
			Says: []string{"privileged"},
		},
		Fault{
			Name: "the host's network", Old: "restartPolicy: Always,", New: "restartPolicy: Always, hostNetwork: true,",
			Says: []string{"host namespaces"},
		},
		Fault{
			Name: "the host's processes", Old: "restartPolicy: Always,", New: "restartPolicy: Always, hostPID: true,",
			Says: []string{"host namespaces"},
		},
		Fault{
			Name: "a path of the host", Old: "emptyDir: {}", New: "hostPath: {path: /}",
			Says: []string{"restricted volume types"},
		},
		Fault{
			Name: "a port of the host", Old: "containerPort: 8080", New: "containerPort: 8080, hostPort: 8080",
			Says: []string{"hostPort"},
		},
		Fault{
			Name: "an unsafe sysctl", Old: "runAsNonRoot: true",
			New: "runAsNonRoot: true, sysctls: [{name: kernel.msgmax, value: '1'}]", Says: []string{"forbidden sysctls"},
		},
	)
	for i := range faults {
		faults[i].OnlyPods = true
	}
	return faults
}

func limitFaults() []Fault {
	const (
		first  = "    containers: ["
		second = "{name: c, image: c, securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}, "
	)
	faults := of(
		deployment,
		Fault{
			Name: "a limit above the maximum", Old: "limits: {cpu: 500m}", New: "limits: {cpu: 900m}",
			Says: []string{"maximum cpu usage per Container is 800m, but limit is 900m"},
		},
		Fault{
			Name: "a request below the minimum", Old: "{cpu: 100m}", New: "{cpu: 100m, memory: 4Mi}",
			Says: []string{"minimum memory usage per Container is 8Mi, but request is 4Mi"},
		},
		Fault{
			Name: "more CPU than the quota", Old: first, New: first + second + "resources: {limits: {cpu: 800m}}}, ",
			Says: []string{"guardrails", "requests.cpu", "850m"},
		},
		Fault{
			Name: "more memory than the quota", Old: first, New: first + second + "resources: {limits: {memory: 1Gi}}}, ",
			Says: []string{"guardrails", "limits.memory", "1200Mi"},
		},
	)
	for i := range faults {
		faults[i].OnlyPods = true
	}
	return append(faults, of(
		claim,
		Fault{
			Name: "a claim above the maximum", Old: "storage: 1Gi", New: "storage: 1536Mi",
			Says: []string{"maximum storage usage per PersistentVolumeClaim is 1Gi, but request is 1536Mi"},
		},
		Fault{Name: "more storage than the quota", Old: "storage: 1Gi", New: "storage: 3Gi", Says: []string{"3Gi"}},
	)...)
}

func otherFaults() []Fault {
	const paths = "spec.rules[0].http.paths[0]."
	faults := of(
		service,
		Fault{
			Name: "a Service without ports", Old: "ports: [{name: http, port: 80, targetPort: http}, {name: admin, port: 81}]",
			New: "ports: []", Says: []string{"spec.ports: Required value"},
		},
		Fault{Name: "a port without a name", Old: "name: admin, ", Says: []string{"spec.ports[1].name: Required value"}},
		Fault{
			Name: "a port's name twice", Old: "name: admin", New: "name: http",
			Says: []string{"spec.ports[1].name: Duplicate value"},
		},
		Fault{
			Name: "a Service's name with a dot", Old: "metadata: {name: a}", New: "metadata: {name: a.b}",
			Says: []string{"metadata.name"},
		},
	)
	faults = append(faults, of(
		ingress,
		Fault{Name: "no pathType", Old: "pathType: Prefix, ", Says: []string{paths + "pathType: Required value"}},
		Fault{Name: "a relative path", Old: "path: /a,", New: "path: a,", Says: []string{paths + "path", "absolute path"}},
		Fault{
			Name: "a backend without a port", Old: ", port: {number: 80}",
			Says: []string{paths + "backend", "port name or number is required"},
		},
		Fault{
			Name: "an invalid host", Old: "host: a.example.dev", New: "host: a_b.example.dev",
			Says: []string{"spec.rules[0].host"},
		},
	)...)
	faults = append(faults, of(
		claim,
		Fault{
			Name: "a claim without access modes", Old: "accessModes: [ReadWriteOnce],",
			Says: []string{"spec.accessModes: Required value"},
		},
		Fault{
			Name: "a claim without a size", Old: "requests: {storage: 1Gi}", New: "requests: {}",
			Says: []string{"spec.resources[storage]: Required value"},
		},
	)...)
	return append(faults, of(
		autoscaler,
		Fault{
			Name: "fewer replicas than the minimum", Old: "minReplicas: 1", New: "minReplicas: 3",
			Says: []string{"spec.maxReplicas"},
		},
	)...)
}
