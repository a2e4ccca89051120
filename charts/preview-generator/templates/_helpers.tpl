{{/* The names are fixed: the ApplicationSet, the admission policies and Argo CD's ConfigMap use them. */}}
{{- define "labels" -}}
app.kubernetes.io/name: preview-generator
{{- end -}}

{{- define "metadata" -}}
name: preview-generator
namespace: {{ .Release.Namespace }}
labels:
  {{- include "labels" . | nindent 2 }}
{{- end -}}

{{- define "image" -}}
{{- if .Values.image.digest -}}
{{ printf "%s@%s" .Values.image.repository .Values.image.digest }}
{{- else -}}
{{ printf "%s:%s" .Values.image.repository (.Values.image.tag | default .Chart.AppVersion) }}
{{- end -}}
{{- end -}}

{{/* The flags of the service, as a YAML list. */}}
{{- define "args" -}}
{{- $service := "/etc/previewset/service/" -}}
{{- $args := list "--token-file=/etc/previewset/argocd/token" -}}
{{- with .Values.secrets.keys.apiToken }}{{ $args = append $args (printf "--api-token-file=%s%s" $service .) }}{{ end -}}
{{- $args = append $args (printf "--config-repo=%s" .Values.config.repo) -}}
{{- $args = append $args (printf "--config-branch=%s" .Values.config.branch) -}}
{{- with .Values.config.path }}{{ $args = append $args (printf "--config-path=%s" .) }}{{ end -}}
{{- with .Values.secrets.keys -}}
{{- range list
  (list "config-token" .configToken) (list "config-ssh-key" .configSSHKey)
  (list "config-known-hosts" .configKnownHosts) (list "github-token" .githubToken)
  (list "webhook-secret" .webhookSecret) -}}
{{- if last . }}{{ $args = append $args (printf "--%s-file=%s%s" (first .) $service (last .)) }}{{ end -}}
{{- end -}}
{{- end -}}
{{- $args = append $args "--argocd-namespace=$(POD_NAMESPACE)" -}}
{{- $args = append $args "--state=configmap:preview-generator-state" -}}
{{- if not .Values.workloads.enabled }}{{ $args = append $args "--environment-metrics=false" }}{{ end -}}
{{- concat $args .Values.extraArgs | toYaml -}}
{{- end -}}

{{/* Prometheus' Pods, as the only entry of a list of peers. */}}
{{- define "prometheus" -}}
- namespaceSelector:
    matchLabels:
      kubernetes.io/metadata.name: {{ .Values.networkPolicy.prometheus.namespace }}
  podSelector:
    matchLabels:
      {{- toYaml .Values.networkPolicy.prometheus.podLabels | nindent 6 }}
{{- end -}}
