package source

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/overlay/manifest"
)

// user is the user and group of Pods without one in their manifests. Pod Security allows no root.
const user = 10001

// adaptWorkload makes the workload's Pods fit the level restricted of Pod Security, the admission policies and the
// guardrails.
func (a *adaption) adaptWorkload(o Object, patch fields) error {
	isScaled := o.Kind == "Deployment" || o.Kind == "StatefulSet"
	if n := fmt.Sprint(o.At("spec", "replicas")); isScaled && n != "<nil>" && n != "1" {
		patch.set(1, "spec", "replicas")
		a.note(o, "1 replica in place of %s", n)
	}
	pod, spec := podOf(o), fields{}
	a.adaptPodFields(o, pod, spec)
	a.adaptSecurity(o, pod, spec)
	a.adaptVolumes(o, pod, spec)
	a.renamer.inPod(pod, spec)
	for _, list := range []string{"initContainers", "containers"} {
		var changed []any
		for _, c := range pod.Items(list) {
			container := fields{}
			a.adaptContainer(o, c, container)
			a.adaptPorts(o, c, container)
			if ImageName(c.Text("image")) == a.selected.Image {
				a.addVariables(o, c, container)
			}
			a.renamer.inContainer(c, container)
			if len(container) > 0 {
				container["name"] = c.Text("name")
				changed = append(changed, map[string]any(container))
			}
		}
		if len(changed) > 0 {
			spec[list] = changed
		}
	}
	if err := addInitContainers(a, o, pod, spec); err != nil {
		return err
	}
	path := templatePath(o)
	if len(spec) > 0 {
		patch.set(map[string]any(spec), append(path, "spec")...)
	}
	if a.port.workload.Name == o.Name && a.port.workload.Kind == o.Kind && a.options.Public {
		patch.set(a.options.Name, append(path, "metadata", "labels", config.PublicLabel)...)
	}
	if isScaled && hasImage(pod, a.selected.Image) {
		patch.set(a.options.Name, "metadata", "labels", config.ImageOfLabel)
	}
	a.adaptClaims(o, patch)
	return nil
}

func (a *adaption) adaptPodFields(o Object, pod manifest.Object, spec fields) {
	if pod.At("automountServiceAccountToken") != false {
		spec["automountServiceAccountToken"] = false
	}
	for _, s := range pod.Items("imagePullSecrets") {
		name := s.Text("name")
		isSecret := func(k Object) bool { return k.Kind == "Secret" && k.Name == name }
		if !slices.ContainsFunc(a.kept, isSecret) {
			a.note(o, "its images are pulled with Secret %s, which isn't in the manifests: bring it as "+
				"docs/guides/secrets.md says, unless the images are public", name)
		}
	}
	noteNodes(a, o, pod)
	if a.options.Rules == nil {
		return
	}
	var removed []string
	for _, key := range pod.Keys() {
		if !a.options.Rules.AllowsPodField(pod, key) {
			spec[key] = nil
			removed = append(removed, key)
		}
	}
	if len(removed) > 0 {
		a.note(o, "Pods without %s", strings.Join(removed, ", "))
	}
	adaptTolerations(a, o, pod, spec)
}

// rootImages are official images that can't start as another user than root, with an image that can.
var rootImages = map[string]string{"nginx": "docker.io/nginxinc/nginx-unprivileged"}

// maxPrivilegedPort is the highest port that only root may listen on, unless the container runtime allows it.
const maxPrivilegedPort = 1023

// noteRoot notes what may not work without root: an image that needs it, else ports that need it.
func noteRoot(a *adaption, o Object, pod manifest.Object) {
	for _, c := range pod.Items("containers") {
		name := strings.TrimPrefix(strings.TrimPrefix(ImageName(c.Text("image")), "docker.io/"), "library/")
		if other := rootImages[name]; other != "" {
			a.note(o, "image %s can't start without root; use %s, which listens on port 8080", name, other)
			continue
		}
		for _, p := range c.Items("ports") {
			if port, err := strconv.Atoi(fmt.Sprint(p.At("containerPort"))); err == nil && port <= maxPrivilegedPort {
				a.note(o, "container %s listens on port %d without root: containerd 2 and CRI-O allow that, "+
					"older container runtimes may not", c.Text("name"), port)
			}
		}
	}
}

// adaptSecurity sets the Pod's security context. The containers' contexts override it, so adaptContainer clears values
// there that the level restricted refuses.
func (a *adaption) adaptSecurity(o Object, pod manifest.Object, spec fields) {
	security := fields{}
	if pod.At("securityContext", "runAsNonRoot") != true {
		security["runAsNonRoot"] = true
	}
	profile := pod.Text("securityContext", "seccompProfile", "type")
	if profile != "RuntimeDefault" && profile != "Localhost" {
		security["seccompProfile"] = map[string]any{"type": "RuntimeDefault"}
	}
	all := slices.Concat(pod.Items("initContainers"), pod.Items("containers"))
	needsUser := slices.ContainsFunc(all, func(c manifest.Object) bool {
		return isRoot(c.At("securityContext", "runAsUser"))
	})
	if isRoot(pod.At("securityContext", "runAsUser")) && needsUser {
		security["runAsUser"], security["runAsGroup"] = user, user
		hasVolumes := len(pod.Items("volumes"))+len(o.Items("spec", "volumeClaimTemplates")) > 0
		if pod.At("securityContext", "fsGroup") == nil && hasVolumes {
			security["fsGroup"] = user
		}
		a.note(o, "runs as user %d, because previews run nothing as root and the manifests name no user", user)
		noteRoot(a, o, pod)
	}
	if pod.At("securityContext", "sysctls") != nil {
		security["sysctls"] = nil
	}
	if len(security) > 0 {
		spec["securityContext"] = map[string]any(security)
	}
}

// isRoot reports whether a user isn't set, or is root.
func isRoot(user any) bool { return user == nil || fmt.Sprint(user) == "0" }

// adaptVolumes replaces volumes that previews can't mount by empty ones.
func (a *adaption) adaptVolumes(o Object, pod manifest.Object, spec fields) {
	var changed []any
	for _, v := range pod.Items("volumes") {
		volume := map[string]any{}
		for _, key := range v.Keys() {
			if !a.options.Rules.AllowsVolume(key) {
				volume[key], volume["emptyDir"] = nil, map[string]any{}
				a.note(o, "volume %s is empty in place of %s", v.Text("name"), key)
			}
		}
		a.renamer.inVolume(v, volume)
		if len(volume) > 0 {
			volume["name"] = v.Text("name")
			changed = append(changed, volume)
		}
	}
	if len(changed) > 0 {
		spec["volumes"] = changed
	}
}

// adaptContainer removes what Pod Security and the admission policies refuse.
func (a *adaption) adaptContainer(o Object, c manifest.Object, container fields) {
	set := func(value any, keys ...string) { container.set(value, append([]string{"securityContext"}, keys...)...) }
	security := c.Under("securityContext")
	if security.At("allowPrivilegeEscalation") != false {
		set(false, "allowPrivilegeEscalation")
	}
	if !slices.Contains(manifest.Texts(security.At("capabilities", "drop")), "ALL") {
		set([]any{"ALL"}, "capabilities", "drop")
	}
	if added := manifest.Texts(security.At("capabilities", "add")); slices.ContainsFunc(added, isRefusedCapability) {
		set(asAny(slices.DeleteFunc(slices.Clone(added), isRefusedCapability)), "capabilities", "add")
		a.note(o, "container %s without capabilities %s", c.Text("name"), strings.Join(added, ", "))
	}
	for key, refused := range map[string]any{"privileged": true, "runAsNonRoot": false, "procMount": "Unmasked"} {
		if security.At(key) == refused {
			set(nil, key)
		}
	}
	if security.At("runAsUser") != nil && isRoot(security.At("runAsUser")) {
		set(nil, "runAsUser")
	}
	if security.Text("seccompProfile", "type") == "Unconfined" {
		set(nil, "seccompProfile")
	}
	for _, handler := range [][]string{
		{"livenessProbe"}, {"readinessProbe"}, {"startupProbe"}, {"lifecycle", "postStart"}, {"lifecycle", "preStop"},
	} {
		for _, kind := range []string{"httpGet", "tcpSocket"} {
			if h := append(slices.Clone(handler), kind, "host"); c.At(h...) != nil {
				container.set(nil, h...)
			}
		}
	}
	a.adaptResources(o, c, container)
}

func isRefusedCapability(name string) bool { return name != "NET_BIND_SERVICE" }

func asAny(texts []string) []any {
	found := make([]any, len(texts))
	for i, t := range texts {
		found[i] = t
	}
	return found
}
