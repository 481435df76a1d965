/** The ways of installing that the documents name, as `--set-json` arguments. */
export const VARIANTS: ReadonlyMap<string, readonly string[]> = new Map([
  ['as it comes', []],
  ['failurePolicy Fail, three replicas', ['webhook.failurePolicy="Fail"', 'replicas=3']],
  ['certificates by cert-manager', ['certificates.mode="certManager"']],
  [
    'a certificate of your own',
    [
      'certificates.mode="existing"',
      'certificates.existing.secretName="portent-tls"',
      'certificates.existing.caBundle="-----BEGIN CERTIFICATE-----\\nMA==\\n-----END CERTIFICATE-----\\n"',
    ],
  ],
  [
    'with Prometheus and Grafana',
    ['serviceMonitor.enabled=true', 'prometheusRule.enabled=true', 'dashboard.enabled=true'],
  ],
  ['on the host network', ['hostNetwork=true', 'dnsPolicy="ClusterFirstWithHostNet"']],
  [
    'without rights, budget, policy and events of its own',
    [
      'rbac.create=false',
      'serviceAccount.create=false',
      'serviceAccount.name="given"',
      'podDisruptionBudget.enabled=false',
      'networkPolicy.enabled=false',
      'events.enabled=false',
    ],
  ],
  [
    'every extra',
    [
      'image={"digest":"sha256:0000000000000000000000000000000000000000000000000000000000000000"}',
      'imagePullSecrets=[{"name":"pull"}]',
      'config={"profile":"strict","rules":{"namespace-isolated":"deny"}}',
      'webhook.namespaceSelector={"matchLabels":{"checked":"yes"}}',
      'webhook.objectSelector={"matchExpressions":[{"key":"unchecked","operator":"DoesNotExist"}]}',
      'webhook.matchConditions=[{"name":"not-robot","expression":"request.userInfo.username != \\"robot\\""}]',
      'networkPolicy.metricsFrom=[{"namespaceSelector":{"matchLabels":{"kubernetes.io/metadata.name":"monitoring"}}}]',
      'extraArgs=["--log.level=debug"]',
      'extraEnv=[{"name":"TZ","value":"UTC"}]',
      'extraVolumes=[{"name":"extra","emptyDir":{}}]',
      'extraVolumeMounts=[{"name":"extra","mountPath":"/extra"}]',
      'podAnnotations={"a":"b"}',
      'commonLabels={"team":"network"}',
      'tolerations=[{"key":"dedicated","operator":"Exists"}]',
      'priorityClassName="system-cluster-critical"',
      'topologySpreadConstraints=[{"maxSkew":1,"topologyKey":"zone","whenUnsatisfiable":"DoNotSchedule"}]',
    ],
  ],
]);
