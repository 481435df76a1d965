/** What findings lead to: exemptions by right, PortentPolicies, and a configuration file that changes. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { only, render } from '../chart/helm.ts';
import { portent as cli } from '../cli/portent.ts';
import { type Cluster, startCluster } from '../cluster/cluster.ts';
import { namespaceOf } from './objects.ts';
import { apply, chartAccount, type Portent, register, type Said, say, startPortent } from './portent.ts';

let cluster: Cluster;
let kubeconfig: string;
let portent: Portent;
let second: Portent | undefined;

const STRICTER = { nodePortRange: '31000-32767' };

before(
  async () => {
    cluster = await startCluster();
    kubeconfig = await chartAccount(cluster);
    portent = await startPortent(cluster, { kubeconfig, config: STRICTER });
    await register(cluster, portent);
    // The roles that Kubernetes brings along are put together by a controller that does not run here.
    const rights = ['--verb=get,list,create,patch,update,delete', '--resource=services'];
    assert.equal((await cluster.kubectl(['create', 'clusterrole', 'writer', ...rights])).code, 0);
    for (const name of ['shop', 'bank']) {
      await cluster.apply(JSON.stringify(namespaceOf(name)));
      await bind(name, 'writer');
    }
  },
  { timeout: 90_000 },
);

after(async () => {
  await second?.stop();
  await portent?.stop();
  await cluster?.stop();
});

/** Binds a ClusterRole to Ann in one namespace. */
async function bind(namespace: string, role: string): Promise<void> {
  const api = 'rbac.authorization.k8s.io';
  const binding = {
    apiVersion: `${api}/v1`,
    kind: 'RoleBinding',
    metadata: { name: role, namespace },
    roleRef: { apiGroup: api, kind: 'ClusterRole', name: role },
    subjects: [{ apiGroup: api, kind: 'User', name: 'ann' }],
  };
  await cluster.apply(JSON.stringify(binding));
}

/** A Service outside the allowed range that asks to be let off. */
function service(namespace: string, name: string, until?: string, nodePort = 30_080): object {
  const annotations = {
    'portent.dev/exempt': 'node-port-range',
    'portent.dev/exempt-reason': 'the old appliance knows no other',
    'portent.dev/exempt-until': until,
  };
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace, ...(until === undefined ? {} : { annotations }) },
    spec: { type: 'NodePort', selector: { app: name }, ports: [{ port: 80, nodePort }] },
  };
}

/** Applies as Ann; a server-side dry run, unless it is to stay. */
const asAnn = (object: object, stays = false): Promise<Said> =>
  apply(cluster, object, '--as=ann', ...(stays ? [] : ['--dry-run=server']));

type Line = Readonly<Record<string, unknown>>;

/** The one line of the log with this message; it may be on its way for a moment. */
async function logged(message: string, fits: (line: Line) => boolean = () => true): Promise<Line> {
  const found = await cluster.waitFor(`the log says "${message}"`, () => {
    const lines = portent
      .log()
      .split('\n')
      .filter((line) => line.startsWith('{') && line.endsWith('}'))
      .map((line) => JSON.parse(line) as Line)
      .filter((line) => line.msg === message && fits(line));
    return lines.length === 0 ? undefined : lines;
  });
  assert.equal(found.length, 1, message);
  return found[0] ?? {};
}

const metrics = async (): Promise<string> => (await portent.health('/metrics')).text;

test('without the right the annotation does nothing, and the denial says how to be exempted', async () => {
  const said = await asAnn(service('shop', 'a', '2999-12-31'));
  assert.equal(said.code, 1, said.stdout);
  assert.match(said.stderr, /nodePort 30080 is outside/);
  assert.match(
    said.warnings.join('\n'),
    /^exemption not used: you lack the verb exempt on portentpolicies\.portent\.dev in namespace shop; node-port-range counts\.$/m,
  );
  assert.match(
    said.stderr,
    /For an exemption: annotate the object with portent\.dev\/exempt: "node-port-range"/,
  );
});

test('with the right in one namespace it counts there and nowhere else; it is told, logged and counted', async () => {
  await bind('shop', 'portent-system-exempt');
  const said = await cluster.waitFor('the right counts', async () => {
    const tried = await asAnn(service('shop', 'a', '2999-12-31'), true);
    return tried.code === 0 ? tried : undefined;
  });
  assert.deepEqual(
    said.warnings.filter((line) => line.startsWith('exempt')),
    ['exempted: node-port-range until 2999-12-31 (the old appliance knows no other).'],
  );
  const elsewhere = await asAnn(service('bank', 'b', '2999-12-31', 30_081));
  assert.equal(elsewhere.code, 1);
  assert.match(elsewhere.stderr, /exemption not used: .* in namespace bank/);
  const line = await logged('exemption', ({ result }) => result === 'used');
  assert.deepEqual(
    [line.user, line.object, line.rules, line.reason],
    ['ann', 'Service shop/a', ['node-port-range'], 'the old appliance knows no other'],
  );
  assert.match(await metrics(), /^portent_exemptions_total\{result="used",rule="node-port-range"\} 1$/m);
});

test('a service account asks with all it has: its token says more than name and groups', async () => {
  await cluster.kubectl(['create', 'serviceaccount', 'deployer', '-n', 'shop']);
  for (const [name, role] of [
    ['deployer', 'writer'],
    ['deployer-exempt', 'portent-system-exempt'],
  ] as const) {
    const made = await cluster.kubectl([
      ...['create', 'rolebinding', name, '-n', 'shop'],
      ...[`--clusterrole=${role}`, '--serviceaccount=shop:deployer'],
    ]);
    assert.equal(made.code, 0, made.stderr);
  }
  const { stdout } = await cluster.kubectl(['create', 'token', 'deployer', '-n', 'shop']);
  const own = cluster.kubeconfig('deployer', stdout.trim());
  await cluster.waitFor('the right counts', async () => {
    const object = service('shop', 'c', '2999-12-31', 30_082);
    const said = await say(cluster, [`--kubeconfig=${own}`, 'apply', '--dry-run=server', '-f', '-'], object);
    return said.code === 0 && said.warnings.some((line) => line.startsWith('exempted:'));
  });
});

test('an expired one says since when, and one that cannot be read what is wrong', async () => {
  const expired = await asAnn(service('shop', 'd', '2026-01-01', 30_083));
  assert.equal(expired.code, 1);
  assert.match(
    expired.warnings.join('\n'),
    /^exemption expired since 2026-01-01: node-port-range counts again/m,
  );
  const unread = await asAnn(service('shop', 'd', 'next year', 30_083));
  assert.equal(unread.code, 1);
  assert.match(
    unread.warnings.join('\n'),
    /^exemption not used: portent\.dev\/exempt-until: "next year" is no day/m,
  );
});

test('where the API server refuses to say who may, nobody may', { timeout: 30_000 }, async () => {
  const role = '/apis/rbac.authorization.k8s.io/v1/clusterroles/portent-system';
  const { body } = await cluster.request('GET', role);
  const { rules } = body as { readonly rules: readonly { readonly resources: readonly string[] }[] };
  const lacking = rules.filter(({ resources }) => !resources.includes('subjectaccessreviews'));
  assert.equal(lacking.length, rules.length - 1);
  assert.equal((await cluster.request('PATCH', role, { rules: lacking })).status, 200);
  const said = await cluster.waitFor('the question is refused', async () => {
    const tried = await asAnn(service('shop', 'e', '2999-12-31', 30_084));
    return tried.code === 1 ? tried : undefined;
  });
  assert.match(said.warnings.join('\n'), /^exemption not used: the API server answered 403 Forbidden/m);
  assert.equal((await cluster.request('PATCH', role, { rules })).status, 200);
});

/** `kubectl apply` of a PortentPolicy. */
const policy = (name: string, spec: object | string): Promise<Said> => {
  const head = { apiVersion: 'portent.dev/v1alpha1', kind: 'PortentPolicy', metadata: { name } };
  return apply(cluster, typeof spec === 'string' ? spec : { ...head, spec });
};

async function condition(name: string): Promise<string> {
  const path =
    '{.metadata.generation} {.status.observedGeneration} {.status.conditions[?(@.type=="Ready")].status} {.status.conditions[?(@.type=="Ready")].message}';
  const { stdout } = await cluster.kubectl(['get', 'portentpolicy', name, '-o', `jsonpath=${path}`]);
  return stdout;
}

const outside = service('bank', 'f', undefined, 30_085);

test('a PortentPolicy whose definition comes later is in force, and its status says so', {
  timeout: 60_000,
}, async () => {
  assert.equal((await asAnn(outside)).code, 1);
  const definition = only(await render('helm3'), 'CustomResourceDefinition');
  await cluster.apply(JSON.stringify(definition));
  const start = performance.now();
  await cluster.waitFor('the kind is served', async () => {
    return (await policy('bank', { rules: { 'node-port-range': { action: 'warn' } } })).code === 0;
  });
  await cluster.waitFor('it is in force', async () => (await condition('bank')) === '1 1 True In force.');
  assert.ok(performance.now() - start < 15_000, 'sooner than Portent looks by itself');
  const said = await asAnn(outside);
  assert.equal(said.code, 0, said.stderr);
  assert.match(said.warnings.join('\n'), /^node-port-range: /m);
  const shown = await cluster.kubectl(['get', 'portentpolicies']);
  assert.match(shown.stdout, /^NAME +PROFILE +READY +AGE\nbank +True /);
});

test('overrides by user, kind and namespace are in force as soon as they are stored', async () => {
  const overrides = [{ users: ['ann'], kinds: ['Service'], namespaces: ['bank'], action: 'off' }];
  await policy('zebra', { rules: { 'node-port-range': { action: 'deny', overrides } } });
  await cluster.waitFor('it is in force', async () => (await condition('zebra')).startsWith('1 1 True'));
  const ann = await asAnn(outside);
  assert.equal(ann.code, 0, ann.stderr);
  assert.doesNotMatch(ann.stderr, /node-port-range/);
  assert.equal((await apply(cluster, outside, '--dry-run=server')).code, 1, 'the administrator is not Ann');
  assert.equal((await cluster.kubectl(['delete', 'portentpolicy', 'zebra'])).code, 0);
  await cluster.waitFor('it is gone', async () => {
    return (await apply(cluster, outside, '--dry-run=server')).code === 0;
  });
});

const invalid: readonly (readonly [string, object | string, RegExp])[] = [
  ['a profile that is none', { profile: 'hard' }, /spec\.profile: Unsupported value: "hard"/],
  ['a setting that is none', { profil: 'strict' }, /unknown field "spec\.profil"/],
  ['the short form of a rule', { rules: { 'dns-cut': 'deny' } }, /must be of type object/],
  [
    'an override without a condition',
    { rules: { 'dns-cut': { overrides: [{ action: 'deny' }] } } },
    /give at least one of namespaces, namespaceSelector, kinds, users and groups/,
  ],
  [
    'an override without an action',
    { rules: { 'dns-cut': { overrides: [{ users: ['x'] }] } } },
    /overrides\[0\]\.action: Required value/,
  ],
  ['an exemption without a reason', { exemptions: [{ rules: ['*'] }] }, /reason: Required value/],
  [
    'listed, and nobody is',
    { exemptionAnnotation: { by: 'listed' } },
    /give users or groups with "by: listed", and with nothing else/,
  ],
  ['a list that nobody reads', { exemptionAnnotation: { users: ['x'] } }, /with nothing else/],
  ['no address', { dns: { nodeLocal: ['dns'] } }, /spec\.dns\.nodeLocal/],
  ['no range', { nodePortRange: '3000 to 32767' }, /spec\.nodePortRange/],
];
for (const [what, spec, expected] of invalid) {
  test(`the API server refuses ${what}`, async () => {
    const { code, stderr } = await policy('bad', spec);
    assert.equal(code, 1);
    assert.match(stderr, expected);
  });
}

test('every setting at once is taken', async () => {
  const scope = {
    namespaces: ['a'],
    namespaceSelector: { matchLabels: { t: 'x' }, matchExpressions: [{ key: 'k', operator: 'Exists' }] },
    kinds: ['NetworkPolicy'],
    users: ['u'],
    groups: ['g'],
  };
  const said = await policy('all', {
    profile: 'standard',
    stale: 'warn',
    nodePortRange: '31000-32767',
    dns: { services: ['kube-system/kube-dns'], nodeLocal: ['169.254.20.10', 'fd00::a'] },
    rules: { 'dns-cut': { action: 'off', overrides: [{ ...scope, action: 'note' }] } },
    exemptions: [{ rules: ['*'], ...scope, reason: 'r', until: '2999-12-31' }],
    exemptionAnnotation: { by: 'access-review' },
  });
  assert.equal(said.code, 0, said.stderr);
  await cluster.waitFor('it is in force', async () => (await condition('all')) === '1 1 True In force.');
  assert.equal((await cluster.kubectl(['delete', 'portentpolicy', 'all'])).code, 0);
});

test('one that the schema lets pass and Portent cannot read keeps its last good version, and everybody is told', {
  timeout: 30_000,
}, async () => {
  const good = { rules: { 'node-port-range': { action: 'warn' } } };
  assert.equal((await policy('bank', { rules: { 'node-prot-range': { action: 'deny' } } })).code, 0);
  const message = 'spec.rules.node-prot-range: no such rule; did you mean node-port-range?';
  await cluster.waitFor('the status says what is wrong', async () => {
    return (await condition('bank')) === `2 2 False ${message}`;
  });
  const still = await asAnn(outside);
  assert.equal(still.code, 0, still.stderr);
  const { status, text } = await portent.health('/readyz');
  assert.deepEqual(
    [status, text],
    [200, `ok\nPortentPolicy bank: ${message} (its last good version stays in force)\n`],
  );
  assert.match(await metrics(), /^portent_config_good\{source="policy"\} 0$/m);
  await logged('PortentPolicy bank: broken, the last good version stays');
  assert.equal((await policy('bank', good)).code, 0);
  await cluster.waitFor('it is mended', async () => (await condition('bank')) === '3 3 True In force.');
  assert.equal((await portent.health('/readyz')).text, 'ok\n');
  assert.match(await metrics(), /^portent_config_good\{source="policy"\} 1$/m);
});

test('the command line takes the PortentPolicies of the cluster too, and saves them', {
  timeout: 30_000,
}, () => {
  const live = ['--kubeconfig', kubeconfig];
  const config = join(cluster.folder, 'check.yaml');
  writeFileSync(config, JSON.stringify(STRICTER));
  const check = (...state: string[]) =>
    cli(['check', '-f', '-', '--config', config, ...state], JSON.stringify(outside));
  const warned = check(...live);
  assert.deepEqual([warned.code, warned.stderr], [0, ''], warned.stdout);
  assert.match(warned.stdout, /^ {2}warn: node-port-range /m);
  const saved = join(cluster.folder, 'saved.json');
  const { code, stderr } = cli(['snapshot', '-o', saved, ...live]);
  assert.equal(code, 0, stderr);
  assert.equal(check('--snapshot', saved).code, 0);
});

test('two replicas write the same status once, and then leave it alone', { timeout: 60_000 }, async () => {
  second = await startPortent(cluster, { kubeconfig, config: STRICTER });
  const version = async (): Promise<string> => {
    const { stdout } = await cluster.kubectl([
      ...['get', 'portentpolicy', 'bank', '-o', 'jsonpath={.metadata.resourceVersion}'],
    ]);
    return stdout;
  };
  const before = await version();
  await sleep(1_000);
  assert.equal(await version(), before, 'the newcomer has nothing to add');
  assert.equal(
    (await policy('bank', { stale: 'warn', rules: { 'node-port-range': { action: 'warn' } } })).code,
    0,
  );
  await cluster.waitFor('it is in force', async () => (await condition('bank')) === '4 4 True In force.');
  const written = await version();
  await sleep(2_000);
  assert.equal(await version(), written);
  await second.stop();
});

test('a swapped configuration file counts without a restart; a broken one changes nothing until it is mended', {
  timeout: 30_000,
}, async () => {
  assert.equal((await cluster.kubectl(['delete', 'portentpolicy', '--all'])).code, 0);
  await cluster.waitFor('the file alone is in force', async () => (await asAnn(outside)).code === 1);
  const pid = portent.process.pid;

  portent.reconfigure({ nodePortRange: '30000-32767', limits: { inFlight: 5 } });
  await cluster.waitFor('the wider range is in force', async () => (await asAnn(outside)).code === 0);
  const later = await logged('configuration file: takes effect at the next start only');
  assert.deepEqual(later.settings, ['limits.inFlight']);

  portent.reconfigure('nodePortRange: 31000 to 32767\nprofile: hard\n');
  await cluster.waitFor('it is said', async () => (await portent.health('/readyz')).text !== 'ok\n');
  const { status, text } = await portent.health('/readyz');
  assert.equal(status, 200, 'ready all the same');
  assert.match(text, /configuration: .*profile: "hard": use advise, standard or strict/);
  assert.match(text, /nodePortRange: "31000 to 32767": use a range/);
  assert.match(await metrics(), /^portent_config_good\{source="file"\} 0$/m);
  assert.match(await metrics(), /^portent_config_reads_total\{source="file",result="broken"\} 1$/m);
  await logged('configuration file: broken, the last good version stays');
  assert.equal((await asAnn(outside)).code, 0, 'the last good one');

  portent.reconfigure(STRICTER);
  await cluster.waitFor('it is mended', async () => (await asAnn(outside)).code === 1);
  assert.equal((await portent.health('/readyz')).text, 'ok\n');
  assert.equal(portent.process.pid, pid);
});
