/**
 * Every right of the chart proven by use: each is taken from the installed roles in turn, and what is said and
 * what still works is looked at. `failurePolicy` is Fail, so that no answer cannot pass for an allowed one.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { optionalLabel, REQUIRED } from '../../src/cluster/kinds.ts';
import type { Right } from './granted.ts';
import { daemonSet, documents, policy } from './objects.ts';
import { apply } from './portent.ts';
import { isWebhooks, outside, Rights, served } from './rights.ts';

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

/** What each of the rest is tried by; a right that is nowhere in this file fails the first test. */
const TRIED = [
  'portent.dev/portentpolicies list,watch',
  'portent.dev/portentpolicies/status patch',
  'authorization.k8s.io/subjectaccessreviews create',
  'events.k8s.io/events create,patch',
  'admissionregistration.k8s.io/validatingwebhookconfigurations get,patch',
  'admissionregistration.k8s.io/validatingwebhookconfigurations delete',
  '/configmaps get',
  '/secrets get,watch,create,update,patch',
];
const text = ({ group: of, resource, verbs }: Right): string => `${of}/${resource} ${verbs.join()}`;

test('with all of them every kind is followed, and no right is tried by no test', {
  timeout: 30_000,
}, async () => {
  const tried = new Set([...rig.requiredRights(), ...rig.readings()].map(([right]) => right));
  assert.deepEqual(
    rig.rights
      .filter((right) => !tried.has(right))
      .map(text)
      .sort(),
    [...TRIED].sort(),
  );
  await rig.pod.wait('every kind is live', async () => {
    const { sources } = await rig.debug();
    const kinds = [
      ...REQUIRED.map(({ label }) => label),
      ...served.map(optionalLabel),
      'PortentPolicy.portent.dev',
    ];
    return kinds.every((kind) => sources.some((each) => each.kind === kind && each.state === 'live'));
  });
  assert.equal(await rig.readyz(), 'ok\n');
  await rig.denial();
});

for (const { label } of REQUIRED) {
  test(`${label}: not ready, and the kind is named everywhere; an answer says what is not known`, {
    timeout: 30_000,
  }, async () => {
    const [right] = rig.requiredRights().find(([, each]) => each === label) ?? [];
    await rig.without([right as Right], async () => {
      await rig.restart();
      const problem = `${label}: not allowed to list and watch them; grant it in Portent's ClusterRole`;
      await rig.pod.wait('it says why', async () => (await rig.readyz()).includes(problem));
      await rig.pod.wait('all else is listed', async () => (await rig.debug()).problems.length === 1);
      await rig.pod.wait('it serves', async () => rig.pod.log().includes('certificate: served'));
      assert.equal((await rig.pod.page('/readyz')).status, 503);
      assert.equal((await rig.pod.page('/healthz')).status, 200);
      assert.match(
        rig.pod.log(),
        new RegExp(`"level":"warn",.*"kind":"${label}".*403 Forbidden.*grant it in the ClusterRole`),
      );
      const { state, problems } = await rig.debug();
      assert.equal(state, 'syncing');
      assert.ok(problems.includes(problem));
      assert.ok(
        (await rig.pod.page('/metrics')).text.includes(
          `portent_watch_state{kind="${label}",state="forbidden"} 1`,
        ),
      );
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

test('every optional kind: ready, each is named everywhere, and denials go on', {
  timeout: 30_000,
}, async () => {
  const taken = [...rig.readings(), [rig.portentPolicies(), 'PortentPolicy.portent.dev'] as const];
  await rig.without(
    taken.map(([right]) => right),
    async () => {
      await rig.restart();
      await rig.pod.ready();
      await rig.denial();
      const [page, { problems, sources }] = [await rig.readyz(), await rig.debug()];
      const { text: figures } = await rig.pod.page('/metrics');
      const shown = served.map(optionalLabel);
      for (const kind of [...shown, 'PortentPolicy.portent.dev']) {
        const problem = `${kind}: not allowed to list and watch them; grant it in Portent's ClusterRole`;
        assert.ok(page.includes(problem) && problems.includes(problem), kind);
        assert.ok(
          sources.some((each) => each.kind === kind && each.state === 'forbidden'),
          kind,
        );
        assert.ok(figures.includes(`portent_watch_state{kind="${kind}",state="forbidden"} 1`), kind);
        assert.ok(
          rig.pod.log().includes(`"msg":"${kind}: not allowed to list and watch them; grant it`),
          kind,
        );
      }
      assert.equal(problems.length, shown.length + 1);
    },
  );
});

test('one optional kind: it alone is named', { timeout: 30_000 }, async () => {
  await rig.without([rig.named('networking.k8s.io', 'ingresses')], async () => {
    await rig.restart();
    await rig.pod.ready();
    const problem =
      "Ingress.networking.k8s.io: not allowed to list and watch them; grant it in Portent's ClusterRole";
    assert.equal(await rig.readyz(), `ok\n${problem}\n`);
    await rig.denial();
  });
  await rig.restart();
  await rig.pod.ready();
  assert.equal(await rig.readyz(), 'ok\n');
});

test('changing its webhook configuration: a caBundle that somebody breaks stays broken, and is repaired with the right', {
  timeout: 60_000,
}, async () => {
  const bundle = await rig.installed.published();
  const { webhooks } = await rig.installed.get<{
    readonly webhooks: readonly { readonly clientConfig: object }[];
  }>(configuration);
  const caBundle = Buffer.from(rig.installed.cluster.caPem).toString('base64');
  const broken = webhooks.map((each) => ({ ...each, clientConfig: { ...each.clientConfig, caBundle } }));
  await rig.without(
    rig.rights.filter((each) => isWebhooks(each) && each.verbs.includes('patch')),
    async () => {
      await rig.installed.cluster.request('PATCH', configuration, { webhooks: broken });
      await rig.complaint(/cannot get resource.*certificate: cannot be looked after/);
      await rig.installed.inForce();
      const said = await apply(rig.installed.cluster, outside('nobody'));
      assert.match(said.stderr, /failed calling webhook .* certificate signed by unknown authority/);
      assert.equal(await rig.readyz(), 'ok\n', 'what is wrong is not the replica');
      await rig.restart();
      await rig.pod.wait('a new one says why it is not ready', async () =>
        /^certificate: .*403 Forbidden.*cannot get/m.test(await rig.readyz()),
      );
    },
  );
  await rig.installed.cluster.waitFor(
    'it is repaired',
    async () => (await rig.installed.published()) === bundle,
  );
  await rig.complaint(/caBundle: repaired/);
  await rig.installed.inForce();
  await rig.denial();
});

test('the Secret: what is served stays, a replica that starts is not ready', {
  timeout: 60_000,
}, async () => {
  await rig.without([rig.named('', 'secrets')], async () => {
    await rig.installed.cluster.request('DELETE', secret);
    await rig.complaint(/portent-tls.* is forbidden.*certificate: cannot be looked after/);
    assert.equal(await rig.readyz(), 'ok\n');
    await rig.denial();
    await rig.restart();
    await rig.pod.wait('it says why', async () =>
      /^certificate: .*403 Forbidden.*portent-tls/m.test(await rig.readyz()),
    );
    assert.equal((await rig.pod.page('/readyz')).status, 503);
  });
  await rig.pod.ready(40_000);
  await rig.installed.inForce();
  await rig.denial();
});

test('Events: the change is denied all the same, the log and a metric tell of the Event that was not written', {
  timeout: 30_000,
}, async () => {
  await rig.without([rig.named('events.k8s.io', 'events')], async () => {
    await rig.denial('untold');
    await rig.complaint(/Events about denials cannot be written/);
    assert.match((await rig.pod.page('/metrics')).text, /^portent_events_total\{result="failed"\} [1-9]/m);
    assert.equal(await rig.readyz(), 'ok\n');
  });
});

test('asking who may exempt: an exemption that an object asks for is not given, and says so', {
  timeout: 30_000,
}, async () => {
  const annotations = {
    'portent.dev/exempt': 'node-port-range',
    'portent.dev/exempt-reason': 'the old appliance knows no other',
    'portent.dev/exempt-until': '2999-12-31',
  };
  // The administrator may, so that only the question is missing.
  const exempted = await apply(rig.installed.cluster, outside('asked', annotations), '--dry-run=server');
  assert.equal(exempted.code, 0, exempted.stderr);
  await rig.without([rig.named('authorization.k8s.io', 'subjectaccessreviews')], async () => {
    assert.match(await rig.denial('asked', annotations), /exemption not used: .*403 Forbidden/);
    assert.match(
      (await rig.pod.page('/metrics')).text,
      /portent_exemptions_total\{result="unanswered",.*\} 1/,
    );
  });
});

test('PortentPolicies: without their status they count, without reading them the file alone does', {
  timeout: 40_000,
}, async () => {
  const lenient = {
    apiVersion: 'portent.dev/v1alpha1',
    kind: 'PortentPolicy',
    metadata: { name: 'lenient' },
    spec: { rules: { 'node-port-range': { action: 'note' } } },
  };
  const tried = () => apply(rig.installed.cluster, outside('lenient'), '--dry-run=server');
  await rig.without([rig.named('portent.dev', 'portentpolicies/status')], async () => {
    await rig.installed.cluster.apply(documents(lenient));
    await rig.complaint(/PortentPolicy: its status was not written/);
    assert.equal((await tried()).code, 0);
  });
  await rig.without([rig.portentPolicies()], async () => {
    await rig.restart();
    await rig.pod.ready();
    assert.match(await rig.readyz(), /^PortentPolicy\.portent\.dev: not allowed/m);
    await rig.denial();
  });
  await rig.installed.kubectl('delete', 'portentpolicy', 'lenient');
  await rig.restart();
  await rig.pod.ready();
});

test("the plug-in's ConfigMap: what it says is not counted in, and the reason is told", {
  timeout: 40_000,
}, async () => {
  const config = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'cilium-config', namespace: 'kube-system' },
    data: { 'enable-policy': 'never' },
  };
  const agent = daemonSet('kube-system', 'cilium', 'cilium-agent', 'quay.io/cilium/cilium:v1.18.0');
  await rig.installed.cluster.apply(documents(config, agent));
  const told = (what: RegExp) =>
    rig.pod.wait(`it tells ${what}`, async () => what.test(JSON.stringify((await rig.debug()).cni)));
  await rig.restart();
  await rig.pod.ready();
  await told(/enable-policy set to never/);
  await rig.without([rig.named('', 'configmaps')], async () => {
    await rig.restart();
    await rig.pod.ready();
    await told(/enable-policy in its ConfigMap could not be looked at/);
    await rig.denial();
  });
});

test('deleting its webhook configuration: the Job before an uninstall says why it cannot', {
  timeout: 40_000,
}, async () => {
  await rig.without(
    rig.rights.filter((each) => isWebhooks(each) && each.verbs.includes('delete')),
    async () => {
      const { exit, said } = await rig.installed.unregister();
      assert.notEqual(exit, 'exit status 0');
      assert.match(said, /403 Forbidden.*cannot delete resource/);
      await rig.denial();
    },
  );
});
