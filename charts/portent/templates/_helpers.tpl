{{- define "portent.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/* Room is left for suffixes such as -metrics. */}}
{{- define "portent.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 52 | trimSuffix "-" }}
{{- else }}
{{- $name := default .Chart.Name .Values.nameOverride }}
{{- if contains $name .Release.Name }}
{{- .Release.Name | trunc 52 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name $name | trunc 52 | trimSuffix "-" }}
{{- end }}
{{- end }}
{{- end }}

{{/* Cluster-wide objects carry the namespace, so that two releases do not share one. */}}
{{- define "portent.clusterName" -}}
{{- $full := include "portent.fullname" . }}
{{- if contains $full .Release.Namespace }}{{ .Release.Namespace }}{{ else }}{{ printf "%s-%s" $full .Release.Namespace }}{{ end }}
{{- end }}

{{- define "portent.selectorLabels" -}}
app.kubernetes.io/name: {{ include "portent.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "portent.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{ include "portent.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "portent.serviceAccountName" -}}
{{- if .Values.serviceAccount.create }}
{{- default (include "portent.fullname" .) .Values.serviceAccount.name }}
{{- else }}
{{- default "default" .Values.serviceAccount.name }}
{{- end }}
{{- end }}

{{- define "portent.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ default .Chart.AppVersion .Values.image.tag }}
{{- end }}
{{- end }}

{{- define "portent.secretName" -}}
{{- if eq .Values.certificates.mode "existing" }}
{{- required "certificates.existing.secretName: name the Secret that holds tls.crt and tls.key" .Values.certificates.existing.secretName }}
{{- else }}
{{- include "portent.fullname" . }}-tls
{{- end }}
{{- end }}

{{/* Not empty when the configuration asks for ConfigMaps; a text such as "false" is no yes. */}}
{{- define "portent.readsConfigMaps" -}}
{{- if eq (toString (get (default dict .Values.config.evidence) "configMaps")) "true" }}yes{{ end }}
{{- end }}

{{- define "portent.serviceNames" -}}
{{- $name := include "portent.fullname" . }}
{{- list $name (printf "%s.%s" $name .Release.Namespace) (printf "%s.%s.svc" $name .Release.Namespace) | toJson }}
{{- end }}

{{/* The program's configuration file: yours, with the ports and files that the rest of the chart counts on. */}}
{{- define "portent.config" -}}
{{- $folder := "/etc/portent/tls" }}
{{- $tls := dict "certificateFile" (printf "%s/tls.crt" $folder) "keyFile" (printf "%s/tls.key" $folder) }}
{{- if eq .Values.certificates.mode "selfManaged" }}
{{- $names := include "portent.serviceNames" . | fromJsonArray }}
{{- $tls = dict
  "secret" (printf "%s/%s" .Release.Namespace (include "portent.secretName" .))
  "webhookConfiguration" (include "portent.clusterName" .)
  "names" (concat $names (dig "tls" "names" list .Values.config))
  "lifeSeconds" (mul 86400 .Values.certificates.selfManaged.days) }}
{{- end }}
{{- $ours := dict
  "events" (dict "enabled" .Values.events.enabled)
  "listen" (dict "port" .Values.ports.webhook)
  "metrics" (dict "port" .Values.ports.metrics)
  "tls" $tls }}
{{- mergeOverwrite (deepCopy .Values.config) $ours | toYaml }}
{{- end }}

{{/* What of it is read at the start only: a change there needs new pods, any other is taken while they run. */}}
{{- define "portent.configAtStart" -}}
{{- $config := include "portent.config" . | fromYaml }}
{{- $atStart := dict }}
{{- range .Files.Get "files/read-at-start.json" | fromJsonArray }}
{{- if hasKey $config . }}{{ $_ := set $atStart . (get $config .) }}{{ end }}
{{- end }}
{{- $atStart | toYaml }}
{{- end }}
