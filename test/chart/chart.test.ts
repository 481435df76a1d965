import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { parse } from 'yaml';
import { CONFIG_MAPS } from '../../src/cluster/cni/config-maps.ts';
import { OPTIONAL, REQUIRED } from '../../src/cluster/kinds.ts';
import { configOf } from '../../src/config/config.ts';
import { FIXED } from '../../src/config/live.ts';
import { METRICS } from '../../src/telemetry/names.ts';
import { chartFolder, helms, type Manifest, only, render, runHelm } from './helm.ts';
import { pluralOf } from './plural.ts';

type MetricKey = (typeof METRICS)[keyof typeof METRICS]['name'];

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}

interface Webhook {
  readonly clientConfig: {
    readonly caBundle?: string;
    readonly service: { readonly name: string; readonly namespace: string; readonly port: number };
  };
  readonly failurePolicy: string;
  readonly namespaceSelector: {
    readonly matchLabels?: object;
    readonly matchExpressions: readonly { readonly operator: string; readonly values: readonly string[] }[];
  };
  readonly matchConditions: readonly { readonly name: string }[];
}

interface Container {
  readonly args: readonly string[];
  readonly image: string;
  readonly ports: readonly { readonly name: string; readonly containerPort: number }[];
}

function webhookOf(manifests: readonly Manifest[]): Webhook {
  const [webhook] = only(manifests, 'ValidatingWebhookConfiguration').webhooks as readonly Webhook[];
  assert.ok(webhook);
  return webhook;
}

function containerOf(manifests: readonly Manifest[]): Container {
  const { template } = only(manifests, 'Deployment').spec as {
    readonly template: { readonly spec: { readonly containers: readonly Container[] } };
  };
  const [container] = template.spec.containers;
  assert.ok(container);
  return container;
}

for (const helm of helms) {
  describe(helm, () => {
    test('the linter has no complaint', async () => {
      const { code, stdout, stderr } = await runHelm(helm, ['lint', '--strict', chartFolder]);
      assert.equal(code, 0, stdout + stderr);
      assert.doesNotMatch(stdout, /WARNING|ERROR/);
    });

    test('a value that does not exist, or is none of the choices, is refused by name', async () => {
      await assert.rejects(render(helm, 'replica=3'), /'replica' not allowed/);
      await assert.rejects(render(helm, 'webhook.failurePolicy="fail"'), /webhook\/failurePolicy/);
      await assert.rejects(render(helm, 'ports.webhook=443'), /ports\/webhook/);
      await assert.rejects(render(helm, 'image.digest="sha256:0"'), /image\/digest/);
      await assert.rejects(render(helm, 'webhook.matchConditions=[{"name":"mine"}]'), /matchConditions\/0/);
      const budget = (most: string) => render(helm, `podDisruptionBudget.maxUnavailable=${most}`);
      for (const wrong of ['-1', '"half"', 'true']) {
        await assert.rejects(budget(wrong), /podDisruptionBudget\/maxUnavailable/);
      }
      const { spec } = only(await budget('"50%"'), 'PodDisruptionBudget');
      assert.equal((spec as { readonly maxUnavailable: unknown }).maxUnavailable, '50%');
    });

    test('a certificate of your own needs its Secret and its authority', async () => {
      const mode = 'certificates.mode="existing"';
      await assert.rejects(render(helm, mode), /certificates\.existing\.\w+: /);
      const secret = 'certificates.existing.secretName="mine"';
      await assert.rejects(render(helm, mode, secret), /certificates\.existing\.caBundle: /);
      const manifests = await render(helm, mode, secret, 'certificates.existing.caBundle="PEM"');
      assert.equal(webhookOf(manifests).clientConfig.caBundle, Buffer.from('PEM').toString('base64'));
      assert.equal(manifests.filter((each) => each.kind === 'Secret').length, 0);
      assert.match(JSON.stringify(only(manifests, 'Deployment')), /"secretName":"mine"/);
    });

    test('with cert-manager no key is rendered, and its injector is told what to inject', async () => {
      const manifests = await render(helm, 'certificates.mode="certManager"');
      assert.equal(manifests.filter((each) => each.kind === 'Secret').length, 0);
      assert.equal(webhookOf(manifests).clientConfig.caBundle, undefined);
      const { metadata } = only(manifests, 'ValidatingWebhookConfiguration');
      assert.match(
        JSON.stringify(metadata),
        /"cert-manager.io\/inject-ca-from":"portent-system\/portent-tls"/,
      );
      const certificate = JSON.stringify(only(manifests, 'Certificate', 'portent-tls').spec);
      assert.match(certificate, /"portent.portent-system.svc"/);
    });

    test('self-managed: an empty Secret, no caBundle, rights to these two by name, and names for the Service', async () => {
      const manifests = await render(helm);
      const secret = only(manifests, 'Secret');
      assert.deepEqual([secret.type, secret.data, secret.stringData], ['Opaque', undefined, undefined]);
      const { clientConfig } = webhookOf(manifests);
      assert.equal(clientConfig.caBundle, undefined);
      const { data } = only(manifests, 'ConfigMap') as unknown as { readonly data: Record<string, string> };
      const { tls } = configOf({ file: { name: 'config.yaml', text: data['config.yaml'] ?? '' } });
      const { name, namespace } = clientConfig.service;
      assert(tls.names.includes(`${name}.${namespace}.svc`));
      assert.equal(tls.secret, `portent-system/${secret.metadata.name}`);
      assert.equal(tls.webhookConfiguration, only(manifests, 'ValidatingWebhookConfiguration').metadata.name);
      assert.equal(tls.lifeSeconds, 90 * 86_400);
      assert.deepEqual(only(manifests, 'Role', 'portent').rules, [
        {
          apiGroups: [''],
          resources: ['secrets'],
          resourceNames: ['portent-tls'],
          verbs: ['get', 'watch', 'create', 'update', 'patch'],
        },
      ]);
      assert.doesNotMatch(JSON.stringify(only(manifests, 'Deployment')), /portent-tls|etc\/portent\/tls/);
      const more = await render(helm, 'config={"tls":{"names":["more.example"]}}');
      assert.match(JSON.stringify(only(more, 'ConfigMap')), /portent\.portent-system\.svc.*more\.example/);
    });

    test('with Fail an uninstall takes the webhook away first; with Ignore there is no need', async () => {
      assert.deepEqual(
        (await render(helm)).filter(({ kind }) => kind === 'Job'),
        [],
      );
      const manifests = await render(helm, 'webhook.failurePolicy="Fail"');
      const job = only(manifests, 'Job');
      assert.match(JSON.stringify(job.metadata), /"helm.sh\/hook":"pre-delete"/);
      assert.match(JSON.stringify(job.spec), /"args":\["unregister","portent-system"\]/);
      // Or the Service would send reviews to it.
      const { selector } = only(manifests, 'Service', 'portent').spec as { readonly selector: object };
      const { labels } = (job.spec as { template: { metadata: { labels: Record<string, string> } } }).template
        .metadata;
      assert(Object.entries(selector).some(([key, value]) => labels[key] !== value));
    });

    test('extra values land where their names say', async () => {
      const manifests = await render(
        helm,
        'extraArgs=["--log-level=debug"]',
        'podLabels={"team":"net"}',
        `image.digest="sha256:${'a'.repeat(64)}"`,
        'serviceMonitor.enabled=true',
        'prometheusRule.enabled=true',
        'priorityClassName="system-cluster-critical"',
        'webhook.matchConditions=[{"name":"mine","expression":"true"}]',
      );
      const container = containerOf(manifests);
      assert.equal(container.args.at(-1), '--log-level=debug');
      assert.match(container.image, /^portent@sha256:a{64}$/);
      assert.equal(webhookOf(manifests).matchConditions.at(-1)?.name, 'mine');
      only(manifests, 'ServiceMonitor');
      only(manifests, 'PrometheusRule');
      const deployment = JSON.stringify(only(manifests, 'Deployment'));
      assert.match(deployment, /"team":"net"/);
      assert.match(deployment, /"priorityClassName":"system-cluster-critical"/);
    });
  });
}

test('the release and the namespaces it depends on are never asked about', async () => {
  const manifests = await render('helm3', 'webhook.excludedNamespaces=["kube-system","portent-system"]');
  const { matchExpressions } = webhookOf(manifests).namespaceSelector;
  assert.deepEqual(matchExpressions, [
    { key: 'kubernetes.io/metadata.name', operator: 'NotIn', values: ['portent-system', 'kube-system'] },
  ]);
});

test('a namespace selector of your own adds to the excluded names', async () => {
  const manifests = await render('helm3', 'webhook.namespaceSelector={"matchLabels":{"tier":"prod"}}');
  const { matchLabels, matchExpressions } = webhookOf(manifests).namespaceSelector;
  assert.deepEqual(matchLabels, { tier: 'prod' });
  assert.deepEqual(matchExpressions[0]?.values.slice(0, 2), ['portent-system', 'kube-system']);
});

const changing = (rules: readonly Rule[]) =>
  rules.filter(({ verbs }) => verbs.some((verb) => !['list', 'watch'].includes(verb)));

test("the rights are to read, to ask who may exempt, to write Events and the status of PortentPolicies, and to change what is Portent's own by name; never Secrets or ConfigMaps of others", async () => {
  const own = {
    apiGroups: ['admissionregistration.k8s.io'],
    resources: ['validatingwebhookconfigurations'],
    resourceNames: ['portent-system'],
  };
  const always = [
    { apiGroups: ['portent.dev'], resources: ['portentpolicies/status'], verbs: ['patch'] },
    { apiGroups: ['authorization.k8s.io'], resources: ['subjectaccessreviews'], verbs: ['create'] },
  ];
  const events = { apiGroups: ['events.k8s.io'], resources: ['events'], verbs: ['create', 'patch'] };
  const cases: [string[], object[]][] = [
    [[], [events, { ...own, verbs: ['get', 'patch'] }]],
    [['events.enabled=false'], [{ ...own, verbs: ['get', 'patch'] }]],
    [
      ['webhook.failurePolicy="Fail"'],
      [events, { ...own, verbs: ['get', 'patch'] }, { ...own, verbs: ['delete'] }],
    ],
    [['certificates.mode="certManager"'], [events]],
  ];
  for (const [values, expected] of cases) {
    const manifests = await render('helm3', ...values);
    const rules = only(manifests, 'ClusterRole', 'portent-system').rules as readonly Rule[];
    assert.deepEqual(changing(rules), [...always, ...expected]);
    const roles = manifests.filter(({ kind }) => kind === 'Role');
    assert.equal(roles.length, values[0]?.includes('cert') ? 1 : 2);
    assert.deepEqual(only(manifests, 'Role', 'portent-system').rules, [
      { apiGroups: [''], resources: ['configmaps'], resourceNames: [...CONFIG_MAPS.keys()], verbs: ['get'] },
    ]);
    for (const rule of rules) {
      const named = [...rule.apiGroups, ...rule.resources];
      for (const never of ['*', 'secrets', 'configmaps']) assert.ok(!named.includes(never), never);
    }
  }
});

test('all ConfigMaps may be read only where the configuration asks for them', async () => {
  const right = { apiGroups: [''], resources: ['configmaps'], verbs: ['list', 'watch'] };
  for (const helm of helms) {
    const rightsWith = async (...values: string[]) =>
      only(await render(helm, ...values), 'ClusterRole', 'portent-system').rules as readonly Rule[];
    const plain = await rightsWith();
    for (const off of ['config={"evidence":{}}', 'config.evidence.configMaps=false'])
      assert.deepEqual(await rightsWith(off), plain, off);
    const more = await rightsWith('config.evidence.configMaps=true');
    assert.deepEqual(
      more.filter(({ resources }) => resources.includes('configmaps')),
      [right],
    );
    assert.equal(more.length, plain.length + 1);
  }
  await assert.rejects(render('helm3', 'config.evidence.configMaps="false"'), /configMaps/);
});

test('who the pods run as can be changed, or left to the cluster', async () => {
  const values = ['podSecurityContext.runAsUser=null', 'podSecurityContext.fsGroup=7'];
  for (const helm of helms) {
    const { template } = only(await render(helm, ...values), 'Deployment', 'portent').spec as {
      template: { spec: { securityContext: object } };
    };
    assert.deepEqual(template.spec.securityContext, {
      fsGroup: 7,
      runAsGroup: 65532,
      runAsNonRoot: true,
      seccompProfile: { type: 'RuntimeDefault' },
    });
  }
});

test('the right to exempt is there to be bound, and bound to nobody', async () => {
  const manifests = await render('helm3');
  const { rules } = only(manifests, 'ClusterRole', 'portent-system-exempt');
  assert.deepEqual(rules, [
    { apiGroups: ['portent.dev'], resources: ['portentpolicies'], verbs: ['exempt'] },
  ]);
  const bindings = manifests.filter(({ kind }) => kind.endsWith('RoleBinding'));
  assert.ok(!JSON.stringify(bindings).includes('portent-system-exempt'));
});

test('the definition of PortentPolicy stays when the release goes, and can be left out', async () => {
  const { metadata } = only(await render('helm3'), 'CustomResourceDefinition');
  assert.equal(metadata.name, 'portentpolicies.portent.dev');
  assert.deepEqual((metadata as { annotations?: object }).annotations, { 'helm.sh/resource-policy': 'keep' });
  const without = await render('helm3', 'crds.enabled=false');
  assert.equal(without.filter(({ kind }) => kind === 'CustomResourceDefinition').length, 0);
});

test('only a change of what is read at the start makes new pods', async () => {
  const checksum = async (config: object): Promise<unknown> => {
    const manifests = await render('helm3', `config=${JSON.stringify(config)}`);
    const { template } = only(manifests, 'Deployment').spec as { readonly template: Manifest };
    return (template.metadata as { annotations?: Record<string, string> }).annotations?.['checksum/config'];
  };
  const plain = await checksum({});
  const { listen: _, ...rest } = configOf();
  const changeable = Object.keys(rest).filter((key) => !FIXED.includes(key));
  assert.ok(changeable.length >= 7);
  for (const key of changeable) assert.equal(await checksum({ [key]: { any: 'thing' } }), plain, key);
  assert.notEqual(await checksum({ limits: { inFlight: 5 } }), plain);
});

test('the rights cover every kind that is followed', async () => {
  const rules = only(await render('helm3'), 'ClusterRole', 'portent-system').rules as readonly Rule[];
  const covered = (group: string, resource: string) =>
    rules.some(({ apiGroups, resources }) => apiGroups.includes(group) && resources.includes(resource));
  const required = REQUIRED.map(({ apiVersion, path }) => ({
    group: apiVersion.includes('/') ? (apiVersion.split('/')[0] ?? '') : '',
    resource: path.split('/').at(-1) ?? '',
  }));
  const optional = OPTIONAL.map(({ group, kind }) => ({ group, resource: pluralOf(kind) }));
  const missing = [...required, ...optional].filter(({ group, resource }) => !covered(group, resource));
  assert.deepEqual(missing, []);
});

test('the policy of Portent itself opens the ports that its container has', async () => {
  const manifests = await render('helm3', 'ports.webhook=9443', 'ports.metrics=9999');
  const { ingress } = only(manifests, 'NetworkPolicy').spec as {
    readonly ingress: readonly { readonly ports: readonly { readonly port: number }[] }[];
  };
  const opened = ingress.flatMap((rule) => rule.ports.map(({ port }) => port));
  assert.deepEqual(opened, [9443, 9999]);
  assert.deepEqual(
    containerOf(manifests).ports.map(({ containerPort }) => containerPort),
    opened,
  );
});

test('the configuration is yours, but for the ports and files that the chart counts on', async () => {
  const given = 'config={"profile":"strict","listen":{"address":"10.0.0.1","port":1}}';
  const manifests = await render('helm3', given, 'certificates.mode="certManager"');
  const { data } = only(manifests, 'ConfigMap') as unknown as {
    readonly data: Readonly<Record<string, string>>;
  };
  assert.deepEqual(parse(data['config.yaml'] ?? ''), {
    profile: 'strict',
    events: { enabled: true },
    listen: { address: '10.0.0.1', port: 8443 },
    metrics: { port: 9090 },
    tls: { certificateFile: '/etc/portent/tls/tls.crt', keyFile: '/etc/portent/tls/tls.key' },
  });
  // What the program itself says of it.
  configOf({ file: { name: 'config.yaml', text: data['config.yaml'] ?? '' } });
});

test('alerts ask for metrics that exist, with their labels', async () => {
  const manifests = await render('helm3', 'prometheusRule.enabled=true');
  const text = JSON.stringify(only(manifests, 'PrometheusRule'));
  const asked = [...text.matchAll(/(portent_[a-z_]+)\{([^}]*)\}/g)];
  assert.ok(asked.length >= 4);
  const known = new Map(Object.values(METRICS).map((each) => [each.name, each.labels]));
  for (const [, name = '', matchers = ''] of asked) {
    const labels: readonly string[] | undefined = known.get(name as MetricKey);
    assert.ok(labels !== undefined, name);
    for (const [, label = ''] of matchers.matchAll(/([a-z_]+)=/g)) {
      assert.ok(label === 'namespace' || labels.includes(label), `${name}{${label}}`);
    }
  }
});

interface ValuesSchema {
  readonly description?: string;
  readonly properties?: Readonly<Record<string, ValuesSchema>>;
}

const valuesSchema = (): ValuesSchema =>
  JSON.parse(readFileSync(join(chartFolder, 'values.schema.json'), 'utf8')) as ValuesSchema;

test('the schema has no value that values.yaml does not show, and says what the comments say', () => {
  const unseen = ({ properties = {} }: ValuesSchema, values: object, above = ''): string[] =>
    Object.entries(properties).flatMap(([name, child]) => {
      if (!Object.hasOwn(values, name)) return [above + name];
      const value: unknown = values[name as keyof typeof values];
      // An empty one stands for whatever may be in it.
      const inside = typeof value === 'object' && value !== null && Object.keys(value).length > 0;
      return inside ? unseen(child, value, `${above}${name}.`) : [];
    });
  const values = parse(readFileSync(join(chartFolder, 'values.yaml'), 'utf8')) as object;
  assert.deepEqual(unseen(valuesSchema(), values), ['global']);
  const { webhook, replicas } = valuesSchema().properties ?? {};
  assert.equal(replicas?.description, 'Every replica serves; there is no leader.');
  assert.match(webhook?.properties?.failurePolicy?.description ?? '', /^Ignore: .* Fail: .*answers\.$/);
});

test('every value has a place in the schema and is read by a template', () => {
  const folder = join(chartFolder, 'templates');
  const templates = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(yaml|tpl|txt)$/.test(name))
    .map((name) => readFileSync(join(folder, name), 'utf8'))
    .join('\n');
  const unread = Object.keys(valuesSchema().properties ?? {}).filter(
    (name) => name !== 'global' && !new RegExp(`\\.Values\\.${name}\\b`).test(templates),
  );
  assert.deepEqual(unread, []);
});
