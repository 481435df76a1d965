import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Asker, ExemptAnswer, MayExempt } from '../../src/admission/judging.ts';
import { Metrics } from '../../src/telemetry/metrics.ts';
import { nodePortService, policy, review, type Wire } from '../admission/reviews.ts';
import { type Harness, type HarnessOptions, harness, send } from './harness.ts';

/** A Service on port 3000 that asks to be let off. */
function exempt(until = '2999-12-31'): Wire {
  const service = nodePortService('web2', 3000);
  const annotations = {
    'portent.dev/exempt': 'node-port-range',
    'portent.dev/exempt-reason': 'old appliance',
    'portent.dev/exempt-until': until,
  };
  return { ...service, metadata: { ...(service.metadata as Wire), annotations } };
}

const extra = {
  userInfo: { username: 'ann', uid: 'u-1', groups: ['net'], extra: { scope: ['a'], odd: 'b' } },
};

interface Response {
  readonly allowed: boolean;
  readonly warnings?: readonly string[];
}

interface Asked {
  readonly user: Asker;
  readonly namespace: string;
  readonly milliseconds: number;
}

/** A server whose API server answers like this, and the questions it was asked. */
async function asking(
  answer: () => ExemptAnswer | Promise<ExemptAnswer>,
): Promise<Harness & { asked: Asked[] }> {
  const asked: Asked[] = [];
  const mayExempt: MayExempt = async (user, namespace, milliseconds) => {
    asked.push({ user, namespace, milliseconds });
    return answer();
  };
  const options: HarnessOptions = { admission: { mayExempt } };
  return Object.assign(await harness(options), { asked });
}

async function ask(server: Harness, object: Wire, more: Wire = {}): Promise<Response> {
  const body = JSON.stringify(review({ object, extra: { ...extra, ...more } }));
  const { status, text } = await send(`${server.url}/validate?timeout=3s`, body);
  assert.equal(status, 200, text);
  return (JSON.parse(text) as { response: Response }).response;
}

test('whoever may exempt is let through, told so, logged and counted', async (t) => {
  const server = await asking(() => ({ kind: 'granted' }));
  t.after(server.close);
  const { allowed, warnings } = await ask(server, exempt());
  assert.equal(allowed, true);
  assert.equal(warnings?.[0], 'exempted: node-port-range until 2999-12-31 (old appliance).');
  const [{ user, namespace, milliseconds } = assert.fail()] = server.asked;
  assert.deepEqual(user, { username: 'ann', uid: 'u-1', groups: ['net'], extra: { scope: ['a'], odd: [] } });
  assert.equal(namespace, 'default');
  assert.ok(milliseconds > 1000 && milliseconds <= 1500, `half of the deadline, not ${milliseconds}`);
  const lines = server
    .log()
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Wire);
  const [line] = lines.filter(({ msg }) => msg === 'exemption');
  assert.deepEqual(
    [line?.user, line?.object, line?.result, line?.rules, line?.reason, line?.until],
    ['ann', 'Service default/web2', 'used', ['node-port-range'], 'old appliance', '2999-12-31'],
  );
  assert.match(
    await server.metrics.text(),
    /^portent_exemptions_total\{result="used",rule="node-port-range"\} 1$/m,
  );
});

test('a dry run is answered the same, and not counted', async (t) => {
  const server = await asking(() => ({ kind: 'granted' }));
  t.after(server.close);
  assert.equal((await ask(server, exempt(), { dryRun: true })).allowed, true);
  assert.doesNotMatch(await server.metrics.text(), /portent_exemptions_total\{/);
});

for (const kind of ['refused', 'unanswered'] as const) {
  test(`${kind}: denied, with the reason`, async (t) => {
    const server = await asking(() => ({ kind, reason: 'so it is' }));
    t.after(server.close);
    const { allowed, warnings } = await ask(server, exempt());
    assert.equal(allowed, false);
    assert.equal(warnings?.[0], 'exemption not used: so it is; node-port-range counts.');
  });
}

test('what cannot be counted is answered all the same, and ends nothing', async (t) => {
  const mayExempt: MayExempt = async () => ({ kind: 'granted' });
  const metrics = new Metrics({ rules: [], version: 'test' });
  metrics.exemption = () => assert.fail('a defect');
  const server = await harness({ admission: { mayExempt }, metrics });
  t.after(server.close);
  assert.equal((await ask(server, exempt())).allowed, true);
  assert.match(server.log(), /"a review was not recorded"/);
  assert.equal((await ask(server, nodePortService('web2', 3000))).allowed, false);
});

test('nobody is asked without the annotation, without a finding, or after its end', async (t) => {
  const server = await asking(() => assert.fail('asked'));
  t.after(server.close);
  assert.equal((await ask(server, nodePortService('web2', 3000))).allowed, false);
  const quiet = policy('p', { podSelector: { matchLabels: { app: 'none' } } });
  assert.equal((await ask(server, quiet)).allowed, true);
  const { allowed, warnings } = await ask(server, exempt('2020-01-01'));
  assert.equal(allowed, false);
  assert.match(warnings?.[0] ?? '', /^exemption expired since 2020-01-01/);
  assert.deepEqual(server.asked, []);
});

test('while one waits the others are answered', async (t) => {
  const gate = Promise.withResolvers<ExemptAnswer>();
  const server = await asking(() => gate.promise);
  t.after(server.close);
  const waiting = ask(server, exempt());
  for (let i = 0; i < 400 && server.asked.length === 0; i++) await sleep(5);
  assert.equal((await ask(server, nodePortService('web3', 30081))).allowed, true);
  gate.resolve({ kind: 'granted' });
  assert.equal((await waiting).allowed, true);
});

test('where there is no API server to ask, nothing is exempted', async (t) => {
  const server = await harness();
  t.after(server.close);
  const { allowed, warnings } = await ask(server, exempt());
  assert.equal(allowed, false);
  assert.match(warnings?.[0] ?? '', /there is no API server to ask/);
});
