{{- define "quarry.fullname" -}}
{{- if contains "quarry" .Release.Name }}{{ .Release.Name | trunc 40 | trimSuffix "-" }}{{ else }}{{ printf "%s-quarry" (.Release.Name | trunc 33 | trimSuffix "-") }}{{ end }}
{{- end }}

{{- define "quarry.selector" -}}
app.kubernetes.io/name: quarry
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "quarry.labels" -}}
{{ include "quarry.selector" . }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{- define "quarry.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{- define "quarry.schedulerAccount" -}}
{{ .Values.serviceAccounts.scheduler.name | default (printf "%s-scheduler" (include "quarry.fullname" .)) }}
{{- end }}

{{- define "quarry.workerAccount" -}}
{{ .Values.serviceAccounts.workers.name | default (printf "%s-worker" (include "quarry.fullname" .)) }}
{{- end }}

{{- define "quarry.settingsSecret" -}}
{{ .Values.settingsSecret | default (printf "%s-settings" (include "quarry.fullname" .)) }}
{{- end }}

{{- define "quarry.datasetsClaim" -}}
{{ .Values.datasets.claim | default (ternary (printf "%s-datasets" (include "quarry.fullname" .)) "" .Values.datasets.create) }}
{{- end }}

{{- define "quarry.brokerHost" -}}
{{ .Values.broker.host | default (printf "%s-broker.%s.svc" (include "quarry.fullname" .) .Release.Namespace) }}
{{- end }}

{{- define "quarry.policyVersion" -}}
{{ if or (.Capabilities.APIVersions.Has "policy/v1/PodDisruptionBudget") (semverCompare ">=1.21-0" .Capabilities.KubeVersion.Version) }}policy/v1{{ else }}policy/v1beta1{{ end }}
{{- end }}

{{- define "quarry.podSecurity" -}}
runAsNonRoot: true
runAsUser: 10001
fsGroup: 10001
seccompProfile: {type: RuntimeDefault}
{{- end }}

{{- define "quarry.containerSecurity" -}}
allowPrivilegeEscalation: false
privileged: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end }}

{{- /* Where broker and registry are, and how they are spoken to: the same for all processes. */}}
{{- define "quarry.connection" -}}
{{- if .Values.broker.enabled }}
bootstrap.servers={{ include "quarry.brokerHost" . }}:9092
schema.registry.url=http://{{ include "quarry.brokerHost" . }}:8081
{{- else }}
bootstrap.servers={{ required "kafka.bootstrapServers is not set: it names the Kafka brokers, as host:port (or set broker.enabled to try Quarry out)" .Values.kafka.bootstrapServers }}
security.protocol={{ .Values.kafka.securityProtocol }}
{{- if .Values.kafka.sasl.mechanism }}
{{- if not (hasPrefix "SASL_" .Values.kafka.securityProtocol) }}{{ fail (printf "kafka.securityProtocol is %s, with which kafka.sasl would not be used: set it to SASL_SSL or SASL_PLAINTEXT" .Values.kafka.securityProtocol) }}{{ end }}
sasl.mechanism={{ .Values.kafka.sasl.mechanism }}
{{- $module := ternary "org.apache.kafka.common.security.plain.PlainLoginModule" "org.apache.kafka.common.security.scram.ScramLoginModule" (eq .Values.kafka.sasl.mechanism "PLAIN") }}
sasl.jaas.config={{ $module }} required username={{ include "quarry.jaas" .Values.kafka.sasl.username }} password={{ include "quarry.jaas" .Values.kafka.sasl.password }};
{{- end }}
{{- if .Values.kafka.tls.ca }}
ssl.truststore.type=PEM
ssl.truststore.location=/etc/quarry/kafka-ca.pem
{{- end }}
{{- if .Values.kafka.tls.client }}
ssl.keystore.type=PEM
ssl.keystore.location=/etc/quarry/kafka-client.pem
{{- end }}
{{- range $name, $value := .Values.kafka.properties }}
{{ $name }}={{ include "quarry.value" $value }}
{{- end }}
schema.registry.url={{ required "registry.url is not set: it names the schema registry (or set broker.enabled to try Quarry out)" .Values.registry.url }}
{{- if .Values.registry.username }}
basic.auth.credentials.source=USER_INFO
basic.auth.user.info={{ include "quarry.property" (printf "%s:%s" .Values.registry.username .Values.registry.password) }}
{{- end }}
{{- if .Values.registry.tls.ca }}
schema.registry.ssl.truststore.type=PEM
schema.registry.ssl.truststore.location=/etc/quarry/registry-ca.pem
{{- end }}
{{- range $name, $value := .Values.registry.properties }}
{{ $name }}={{ include "quarry.value" $value }}
{{- end }}
{{- end }}
topic.prefix={{ .Values.topicPrefix }}
{{- end }}

{{- /* A value of a properties file: a backslash would be an escape there, and a new line another setting. */}}
{{- define "quarry.property" -}}
{{ . | replace "\\" "\\\\" | replace "\n" "\\n" }}
{{- end }}

{{- /* A setting's value: YAML's numbers are floating-point ones to Helm, which writes large ones as 6.4e+08. */}}
{{- define "quarry.value" -}}
{{- if kindIs "float64" . }}{{ if eq . (floor .) }}{{ int64 . }}{{ else }}{{ . }}{{ end }}{{ else }}{{ include "quarry.property" (toString .) }}{{ end }}
{{- end }}

{{- /* A quoted value of a JAAS line, in a properties file. */}}
{{- define "quarry.jaas" -}}
"{{ . | replace "\\" "\\\\" | replace "\"" "\\\"" | replace "\\" "\\\\" }}"
{{- end }}

{{- define "quarry.workerProperties" -}}
{{- include "quarry.connection" . | trim }}
worker.datasets.dir={{ if include "quarry.datasetsClaim" . }}/datasets{{ else }}/scratch/datasets{{ end }}
{{- if .Values.catalog }}
engine.catalog=/etc/quarry/catalog.yaml
{{- end }}
{{- range $name, $value := .Values.workers.settings }}
{{ $name }}={{ include "quarry.value" $value }}
{{- end }}
{{- end }}

{{- /* Another one when workers' settings have changed: the scheduler replaces them then, one by one. */}}
{{- define "quarry.workerRevision" -}}
{{- if or .Values.settingsRevision .Values.settingsSecret -}}
{{ .Values.settingsRevision | default "0" }}
{{- else -}}
{{ printf "%s\n%s\n%s\n%s\n%s" (include "quarry.workerProperties" .) .Values.catalog .Values.kafka.tls.ca .Values.kafka.tls.client .Values.registry.tls.ca | sha256sum | trunc 12 }}
{{- end }}
{{- end }}

{{- define "quarry.schedulerProperties" -}}
{{- include "quarry.connection" . | trim }}
replication.factor={{ ternary 1 .Values.replicationFactor .Values.broker.enabled }}
{{- range $name, $value := .Values.scheduler.settings }}
{{ $name }}={{ include "quarry.value" $value }}
{{- end }}
{{- end }}
