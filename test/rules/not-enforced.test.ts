/** What only parts of a cluster or of a plug-in enforce; the plain cases are the rule's examples. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEFAULT_RULES_CONFIG } from '../../src/decision/enforcement.ts';
import type { Cni } from '../../src/model/objects.ts';
import { notEnforced } from '../../src/rules/not-enforced.ts';
import { runRules } from '../../src/rules/run.ts';
import { simulate } from '../../src/simulate/simulate.ts';
import { changeOf, cniOf, storeOf } from './world.ts';

const pod = (name: string, node: string, app = 'redis') => `---
apiVersion: v1
kind: Pod
metadata: {name: ${name}, namespace: shop, labels: {app: ${app}}}
spec: {nodeName: ${node}, containers: [{name: a, image: a}]}
`;
const PODS = pod('a', 'linux') + pod('b', 'fargate-1') + pod('c', 'fargate-2') + pod('d', 'fargate-3', 'web');
const policy = (rest: string) => `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: redis, namespace: shop}
spec: {podSelector: {matchLabels: {app: redis}}, ${rest}}
`;
const CLOSED = policy('policyTypes: [Ingress]');

function said(cni: Partial<Cni>, manifest: string) {
  const store = storeOf(PODS);
  store.cni = { ...cniOf('yes'), ...cni };
  const simulation = simulate(store, changeOf(store, 'CREATE', manifest));
  const [run] = runRules(simulation, { settings: DEFAULT_RULES_CONFIG, rules: [notEnforced] });
  return { messages: run?.findings.map(({ message }) => message), unchecked: run?.unchecked };
}

const pool = (nodes: string[], enforces: 'no' | 'unknown' | 'yes') => ({
  nodes: new Set(nodes),
  enforcesIngress: enforces,
  enforcesEgress: 'yes' as const,
  evidence: ['they are Fargate, where no NetworkPolicy is enforced.'],
});

test('pods on nodes that the plug-in does not serve', () => {
  assert.deepEqual(said({ pools: [pool(['fargate-1', 'fargate-2', 'fargate-3'], 'no')] }, CLOSED), {
    messages: [
      '2 of its 3 pods run on 2 nodes where ingress policies are not enforced: fargate-1 and fargate-2.',
    ],
    unchecked: undefined,
  });
  for (const silent of [pool(['fargate-3'], 'no'), pool(['fargate-1'], 'unknown'), pool(['linux'], 'yes')]) {
    assert.deepEqual(said({ pools: [silent] }, CLOSED), { messages: [], unchecked: undefined });
  }
  const egress = policy('policyTypes: [Egress]');
  assert.deepEqual(
    said({ pools: [pool(['fargate-1'], 'no')] }, egress).messages,
    [],
    'egress is enforced there',
  );
});

test('port ranges and SCTP where the plug-in leaves them out', () => {
  const range = policy('policyTypes: [Ingress], ingress: [{ports: [{port: 8000, endPort: 8010}]}]');
  assert.deepEqual(said({ enforcesEndPort: 'no' }, range).messages, [
    'the network plug-in (example) knows no port ranges: of TCP 8000-8010 only port 8000 may count.',
  ]);
  const sctp = policy('policyTypes: [Ingress], ingress: [{ports: [{protocol: SCTP, port: 7}]}]');
  assert.deepEqual(said({ enforcesSctp: 'no' }, sctp).messages, [
    'the network plug-in (example) does not enforce rules for SCTP.',
  ]);
  const whole = policy('policyTypes: [Ingress], ingress: [{ports: [{protocol: TCP}, {port: 80}]}]');
  for (const manifest of [range, sctp, whole]) {
    for (const answer of ['yes', 'unknown'] as const) {
      assert.deepEqual(said({ enforcesEndPort: answer, enforcesSctp: answer }, manifest).messages, []);
    }
  }
  assert.deepEqual(said({ enforcesEndPort: 'no', enforcesSctp: 'no' }, whole).messages, []);
});
