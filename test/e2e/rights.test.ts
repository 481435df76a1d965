/**
 * Every right of the chart proven by use: each is taken from the installed roles in turn, and what is said and
 * what still works is looked at. `failurePolicy` is Fail, so that no answer cannot pass for an allowed one.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { optionalLabel, REQUIRED } from '../../src/cluster/kinds.ts';
import { rightText } from './granted.ts';
import { daemonSet, documents, policy } from './objects.ts';
import { apply } from './portent.ts';
import { type Cut, calicos, mirrored, outside, POLICIES, problemOf, Rights, served } from './rights.ts';

const space = 'portent-system';
const configuration = `/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/${space}`;
const secret = `/api/v1/namespaces/${space}/secrets/portent-tls`;

let rig: Rights;

before(
  async () => {
    rig = await Rights.start();
  },
  { timeout: 90_000 },
);

after(async () => rig?.stop());

const TIERED = [
  'api-server-cut',
  'callback-blocked',
  'connectivity-gained',
  'connectivity-lost',
  'dns-cut',
  'ingress-controller-cut',
  'probe-or-metrics-cut',
  'service-unreachable',
];
const ROUTED = ['ingress-controller-cut', 'service-unreachable'];
const CALLED = ['callback-blocked'];

/** Rules that cannot know all about a new policy while a kind may not be read; a kind that is not here has none. */
const UNCHECKED: ReadonlyMap<string, readonly string[]> = new Map([
  ['Ingress.networking.k8s.io', ROUTED],
  ['HTTPRoute.gateway.networking.k8s.io', ROUTED],
  ['GRPCRoute.gateway.networking.k8s.io', ROUTED],
  ['TLSRoute.gateway.networking.k8s.io', ROUTED],
  ['TCPRoute.gateway.networking.k8s.io', ROUTED],
  ['UDPRoute.gateway.networking.k8s.io', ROUTED],
  ['AdminNetworkPolicy.policy.networking.k8s.io', TIERED],
  ['BaselineAdminNetworkPolicy.policy.networking.k8s.io', TIERED],
  ['ClusterNetworkPolicy.policy.networking.k8s.io', TIERED],
  // Noticed only: what they would allow or deny is not read, but that they are there is said.
  ['NetworkPolicy.crd.projectcalico.org', TIERED],
  ['GlobalNetworkPolicy.crd.projectcalico.org', TIERED],
  ['NetworkPolicy.projectcalico.org', TIERED],
  ['GlobalNetworkPolicy.projectcalico.org', TIERED],
  ['CiliumNetworkPolicy.cilium.io', TIERED],
  ['CiliumClusterwideNetworkPolicy.cilium.io', TIERED],
  ['NetworkPolicy.crd.antrea.io', TIERED],
  ['ClusterNetworkPolicy.crd.antrea.io', TIERED],
  ['EgressFirewall.k8s.ovn.org', TIERED],
  ['AuthorizationPolicy.security.istio.io', TIERED],
  ['AuthorizationPolicy.policy.linkerd.io', TIERED],
  ['ServiceMonitor.monitoring.coreos.com', ['probe-or-metrics-cut']],
  ['PodMonitor.monitoring.coreos.com', ['probe-or-metrics-cut']],
  ['ValidatingWebhookConfiguration.admissionregistration.k8s.io', CALLED],
  ['MutatingWebhookConfiguration.admissionregistration.k8s.io', CALLED],
  ['APIService.apiregistration.k8s.io', CALLED],
  ['CustomResourceDefinition.apiextensions.k8s.io', CALLED],
  ['MultiNetworkPolicy.k8s.cni.cncf.io', ['secondary-network-bypass']],
]);

/** Which plug-in it is cannot be told of so many, whatever may be read. */
const ALWAYS = 'not-enforced';

/** Whether a warning of the rule is among those said. */
const speaks = ({ warnings }: Cut, rule: string): boolean =>
  warnings.some((warning) => warning.startsWith(`${rule}: `));

test('with all of them every kind is followed, and every rule speaks', { timeout: 60_000 }, async () => {
  await rig.restartWithout();
  assert.equal(await rig.readyz(), 'ok\n');
  assert.deepEqual(await rig.refused(), []);
  const cut = await rig.cut();
  assert.deepEqual(cut.unchecked, [ALWAYS]);
  assert.ok(speaks(cut, 'service-unreachable'), cut.warnings.join('\n'));
  assert.ok(speaks(cut, 'secondary-network-bypass'), cut.warnings.join('\n'));
  await rig.denial();
});

for (const { label } of REQUIRED) {
  test(`${label}: not ready, and the kind is named everywhere; an answer says what is not known`, {
    timeout: 60_000,
  }, async () => {
    await rig.without(rig.reading(label), async () => {
      await rig.restart();
      const problem = problemOf(label);
      await rig.pod.wait('it says why', async () => (await rig.readyz()).includes(problem));
      await rig.pod.wait('all else is listed', async () => (await rig.debug()).problems.length === 1);
      await rig.pod.wait('it serves', async () => rig.pod.log().includes('certificate: served'));
      assert.equal((await rig.pod.page('/readyz')).status, 503);
      assert.equal((await rig.pod.page('/healthz')).status, 200);
      await rig.complaintOf(label);
      const { state, problems } = await rig.debug();
      assert.equal(state, 'syncing');
      assert.deepEqual(problems, [problem]);
      assert.deepEqual(await rig.refused(), [label]);
      // The API server here asks a replica that is not ready too: nobody probes it.
      const some = policy('shop', 'some', { podSelector: {} });
      const said = await rig.pod.wait('it is answered', async () => {
        const tried = await apply(rig.installed.cluster, some, '--dry-run=server');
        return tried.code === 0 && tried;
      });
      const [warning = '', ...others] = said.warnings;
      assert.ok(
        warning.startsWith(`portent: the model of the cluster is still loading: ${problem}`),
        warning,
      );
      assert.ok(warning.endsWith('. What this change does to connections was not checked.'), warning);
      assert.deepEqual(others, []);
    });
  });
}

/** One optional kind may not be read: it alone is named, rules that read it say so, and all else goes on. */
async function alone(label: string): Promise<void> {
  const problem = problemOf(label);
  const { state, problems } = await rig.restartWithout(label);
  assert.equal(state, 'live');
  assert.deepEqual(problems, [problem]);
  assert.equal(await rig.readyz(), `ok\n${problem}\n`);
  assert.deepEqual(await rig.refused(), [label]);
  await rig.complaintOf(label);
  const cut = await rig.cut();
  const unchecked = UNCHECKED.get(label) ?? [];
  assert.deepEqual(cut.unchecked, [...unchecked, ALWAYS].sort());
  assert.ok(speaks(cut, 'service-unreachable'), cut.warnings.join('\n'));
  const networks = 'secondary-network-bypass';
  assert.equal(speaks(cut, networks), !unchecked.includes(networks), cut.warnings.join('\n'));
  for (const rule of unchecked.slice(0, 1)) {
    const told = rule === networks ? 'shop/db also has' : `${label} could not be read: what they would show`;
    assert.ok(cut.audit.includes(`${rule}: ${told}`), cut.audit);
  }
  await rig.denial();
}

for (const label of [...served.map(optionalLabel), POLICIES]) {
  test(
    `${label}: ready, it alone is named, rules that read it say unchecked, and the others speak`,
    {
      timeout: 60_000,
    },
    () => rig.without(rig.reading(label), () => alone(label)),
  );
}

test('webhook configurations, all of them: its own is looked after all the same, and the log says that this is late', {
  timeout: 60_000,
}, async () => {
  const label = 'ValidatingWebhookConfiguration.admissionregistration.k8s.io';
  await rig.without(rig.reading(label), async () => {
    await rig.restartWithout(label);
    await rig.complaint(
      /"error":"[^"]*403 Forbidden.*portent-system cannot be watched; changes are seen late/,
    );
    assert.match(await rig.installed.published(), /BEGIN CERTIFICATE/);
  });
});

test('every optional kind at once: ready, each is named, and denials go on', {
  timeout: 60_000,
}, async () => {
  const labels = [...served.map(optionalLabel), POLICIES];
  const rights = labels.flatMap((label) => rig.reading(label));
  await rig.without(rights, async () => {
    const { state, problems } = await rig.restartWithout(...labels);
    assert.equal(state, 'live');
    assert.deepEqual([...problems].sort(), labels.map(problemOf).sort());
    assert.deepEqual(await rig.refused(), [...labels].sort());
    for (const label of labels) await rig.complaintOf(label);
    await rig.denial();
  });
});

test('watching alone: without it no kind is followed, however it may be listed', {
  timeout: 60_000,
}, async () => {
  const rights = rig.kinds().flatMap((label) => rig.reading(label, ['watch']));
  await rig.without(rights, async () => {
    await rig.restartRefused();
  });
});

for (const verb of ['get', 'patch']) {
  test(`its webhook configuration, ${verb}: a caBundle that somebody breaks stays broken, and is repaired with the right`, {
    timeout: 60_000,
  }, async () => {
    await rig.whole();
    const bundle = await rig.installed.published();
    const { webhooks } = await rig.installed.get<{
      readonly webhooks: readonly { readonly clientConfig: object }[];
    }>(configuration);
    const caBundle = Buffer.from(rig.installed.cluster.caPem).toString('base64');
    const broken = webhooks.map((each) => ({ ...each, clientConfig: { ...each.clientConfig, caBundle } }));
    const rights = rig.to('admissionregistration.k8s.io', 'validatingwebhookconfigurations', [verb], space);
    await rig.without(rights, async () => {
      await rig.installed.cluster.request('PATCH', configuration, { webhooks: broken });
      await rig.complaint(new RegExp(`cannot ${verb} resource.*certificate: cannot be looked after`));
      await rig.installed.inForce();
      const said = await apply(rig.installed.cluster, outside('nobody'));
      assert.match(said.stderr, /failed calling webhook .* certificate signed by unknown authority/);
      assert.equal(await rig.readyz(), 'ok\n', 'what is wrong is not the replica');
      await rig.restart();
      const why = new RegExp(`^certificate: .*403 Forbidden.*cannot ${verb}`, 'm');
      await rig.pod.wait('a new one says why it is not ready', async () => why.test(await rig.readyz()));
      assert.equal((await rig.pod.page('/readyz')).status, 503);
    });
    await rig.installed.cluster.waitFor(
      'it is repaired',
      async () => (await rig.installed.published()) === bundle,
    );
    await rig.complaint(/caBundle: repaired/);
    await rig.installed.inForce();
    await rig.denial();
  });
}

for (const verb of ['get', 'create', 'update', 'patch']) {
  test(`the Secret, ${verb}: when it is lost what is served stays, a replica that starts is not ready`, {
    timeout: 60_000,
  }, async () => {
    await rig.whole();
    await rig.without(rig.to('', 'secrets', [verb]), async () => {
      await rig.installed.cluster.request('DELETE', secret);
      await rig.complaint(
        new RegExp(`portent-tls.* is forbidden.*cannot ${verb} .*certificate: cannot be looked after`),
      );
      assert.equal(await rig.readyz(), 'ok\n');
      await rig.denial();
      await rig.restart();
      const why = new RegExp(`^certificate: .*403 Forbidden.*portent-tls.*cannot ${verb}`, 'm');
      await rig.pod.wait('it says why', async () => why.test(await rig.readyz()));
      assert.equal((await rig.pod.page('/readyz')).status, 503);
    });
    await rig.pod.ready(40_000);
    await rig.installed.inForce();
    await rig.denial();
  });
}

test('the Secret, watch: the log says that changes are seen late, all else goes on', {
  timeout: 60_000,
}, async () => {
  await rig.without(rig.to('', 'secrets', ['watch']), async () => {
    await rig.restartWithout();
    await rig.complaint(/"error":"[^"]*403 Forbidden.*portent-tls cannot be watched; changes are seen late/);
    assert.equal(await rig.readyz(), 'ok\n');
    await rig.denial();
  });
});

test('Events, create: the change is denied all the same, the log and a metric tell of the Event not written', {
  timeout: 60_000,
}, async () => {
  await rig.restartWithout();
  await rig.without(rig.to('events.k8s.io', 'events', ['create']), async () => {
    await rig.denial('untold');
    await rig.complaint(/Events about denials cannot be written/);
    assert.ok((await rig.events('failed')) > 0);
    assert.equal(await rig.events('written'), 0);
    assert.equal(await rig.readyz(), 'ok\n');
  });
});

test('Events, patch: the first denial is an Event, of its repetition the log and a metric tell', {
  timeout: 60_000,
}, async () => {
  await rig.restartWithout();
  await rig.without(rig.to('events.k8s.io', 'events', ['patch']), async () => {
    await rig.denial('twice');
    await rig.pod.wait('the Event is written', async () => (await rig.events('written')) === 1);
    await rig.denial('twice');
    await rig.complaint(/cannot patch resource.*Events about denials cannot be written/);
    assert.ok((await rig.events('failed')) > 0);
    assert.equal(await rig.events('written'), 1);
    assert.equal(await rig.readyz(), 'ok\n');
  });
});

test('asking who may exempt: an exemption that an object asks for is not given, and says so', {
  timeout: 60_000,
}, async () => {
  const annotations = {
    'portent.dev/exempt': 'node-port-range',
    'portent.dev/exempt-reason': 'the old appliance knows no other',
    'portent.dev/exempt-until': '2999-12-31',
  };
  await rig.whole();
  // The administrator may, so that only the question is missing.
  await rig.pod.wait('it is exempted', async () => {
    const asked = await apply(rig.installed.cluster, outside('asked', annotations), '--dry-run=server');
    return asked.code === 0;
  });
  const rights = rig.to('authorization.k8s.io', 'subjectaccessreviews', ['create']);
  await rig.without(rights, async () => {
    assert.match(await rig.denial('asked', annotations), /exemption not used: .*403 Forbidden/);
    const { text } = await rig.pod.page('/metrics');
    assert.match(text, /^portent_exemptions_total\{result="unanswered",.*\} [1-9]/m);
  });
});

test('PortentPolicies: without their status they count, without reading them the file alone does', {
  timeout: 60_000,
}, async () => {
  const lenient = {
    apiVersion: 'portent.dev/v1alpha1',
    kind: 'PortentPolicy',
    metadata: { name: 'lenient' },
    spec: { rules: { 'node-port-range': { action: 'note' } } },
  };
  await rig.whole();
  await rig.without(rig.to('portent.dev', 'portentpolicies/status', ['patch']), async () => {
    await rig.installed.cluster.apply(documents(lenient));
    await rig.complaint(/403 Forbidden.*PortentPolicy: its status was not written/);
    await rig.pod.wait('it counts', async () => {
      const tried = await apply(rig.installed.cluster, outside('lenient'), '--dry-run=server');
      return tried.code === 0;
    });
  });
  await rig.without(rig.reading(POLICIES), async () => {
    await rig.restartWithout(POLICIES);
    await rig.denial();
  });
  await rig.installed.kubectl('delete', 'portentpolicy', 'lenient');
});

test("the plug-ins' ConfigMaps: what one says is not counted in, and the reason is told; the other still counts", {
  timeout: 90_000,
}, async () => {
  const config = (name: string, data: object) => ({
    ...{ apiVersion: 'v1', kind: 'ConfigMap' },
    ...{ metadata: { name, namespace: 'kube-system' }, data },
  });
  const agent = daemonSet('kube-system', 'cilium', 'cilium-agent', 'quay.io/cilium/cilium:v1.18.0');
  await rig.installed.cluster.apply(
    documents(
      config('cilium-config', { 'enable-policy': 'never' }),
      config('amazon-vpc-cni', { 'enable-network-policy-controller': 'false' }),
      agent,
    ),
  );
  await rig.installed.kubectl('label', 'nodes', '--all', 'eks.amazonaws.com/compute-type=auto');
  const told = (...what: readonly RegExp[]) =>
    rig.pod.wait(`it tells ${what.join()}`, async () => {
      const said = JSON.stringify((await rig.debug()).cni);
      return what.every((each) => each.test(said));
    });
  const cilium = /enable-policy set to never/;
  const amazon = /enable-network-policy-controller in ConfigMap kube-system\/amazon-vpc-cni is false/;
  await rig.restartWithout();
  await told(cilium, amazon);
  await rig.without(rig.to('', 'configmaps', ['get'], 'cilium-config'), async () => {
    await rig.restartWithout();
    await told(/enable-policy in its ConfigMap could not be looked at/, amazon);
    await rig.denial();
  });
  await rig.without(rig.to('', 'configmaps', ['get'], 'amazon-vpc-cni'), async () => {
    await rig.restartWithout();
    await told(cilium, /whether its policy controller is on is not known/);
    await rig.denial();
  });
});

test('deleting its webhook configuration: the Job before an uninstall says why it cannot', {
  timeout: 60_000,
}, async () => {
  await rig.whole();
  const rights = rig.to('admissionregistration.k8s.io', 'validatingwebhookconfigurations', ['delete']);
  await rig.without(rights, async () => {
    const { exit, said } = await rig.installed.unregister();
    assert.notEqual(exit, 'exit status 0');
    assert.match(said, /403 Forbidden.*cannot delete resource/);
    await rig.denial();
  });
});

test('the group of Calico that its own API server serves, where the other is not: each kind alone is named', {
  timeout: 90_000,
}, async () => {
  await rig.serve(mirrored, calicos);
  for (const label of mirrored.map(optionalLabel)) await rig.without(rig.reading(label), () => alone(label));
});

test('listing alone: an API server that streams no lists is asked for pages, and without it no kind is followed', {
  timeout: 120_000,
}, async () => {
  const rights = rig.kinds().flatMap((label) => rig.reading(label, ['list']));
  await rig.without(rights, async () => {
    // Where lists come as a stream of the watch, as here so far, nothing is missing.
    await rig.restartWithout();
    assert.equal(await rig.readyz(), 'ok\n');
    await rig.installed.endPods();
    await rig.installed.cluster.restartApiServer('--feature-gates=WatchList=false');
    await rig.restartRefused();
    await rig.complaint(/Pods: the API server does not stream lists; pages instead/);
  });
  await rig.restartWithout();
  assert.equal(await rig.readyz(), 'ok\n');
  await rig.denial();
});

test('no right is left that no test took away', () => {
  assert.deepEqual(rig.rights.filter((right) => !rig.taken.has(right)).map(rightText), []);
});
