import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DEFAULT_RULES_CONFIG, type RulesConfig } from '../../src/decision/enforcement.ts';
import { type JudgeContext, judge, judgeAll } from '../../src/decision/judge.ts';
import { GUESTBOOK, REDIS_FOR_GUESTBOOK } from '../../src/rules/worlds/guestbook.ts';
import { deployment, policy, service } from '../../src/rules/worlds/manifests.ts';
import { WEBHOOK, WEBHOOK_PODS, WEBHOOK_SERVICE } from '../../src/rules/worlds/references.ts';
import { ALLOW_ALL, EXCEPT_ONE_CLIENT, REGIONS } from '../../src/rules/worlds/regions.ts';
import { changeOf, cniOf, storeOf } from '../rules/world.ts';

function context(config: Partial<RulesConfig> = {}, more: Partial<JudgeContext> = {}): JudgeContext {
  return { config: { ...DEFAULT_RULES_CONFIG, ...config }, dryRun: false, earlier: [], ...more };
}

const NODE_PORT_3000 = service(
  'shop/web',
  'app: web',
  '{port: 80, targetPort: 8080, nodePort: 3000}',
  '  type: NodePort\n',
);
const SHOP = deployment('shop/web', 'app: web', '{containerPort: 8080}');

describe('the guestbook', () => {
  const store = storeOf(GUESTBOOK);
  store.cni = cniOf('yes');
  const judgement = judge(store, changeOf(store, 'CREATE', REDIS_FOR_GUESTBOOK), context());

  test('warns that replication breaks, and only counts the stray pod', () => {
    assert.equal(judgement.decision, 'warn');
    assert.deepEqual(judgement.warnings, [
      'connectivity-lost: default/redis-slave can no longer reach redis-master:6379 (TCP 6379; replication: both are app=redis); allowed now only from app=guestbook. portent explain default/redis-slave service:default/redis-master 6379',
    ]);
    const notes = judgement.findings.filter(({ action }) => action === 'note');
    assert.deepEqual(
      notes.map(({ rule }) => rule),
      ['connectivity-lost', 'established-connections'],
    );
    assert.ok(!JSON.stringify(judgement.findings).includes('busybox'));
  });

  test('names nobody who keeps what he needs', () => {
    assert.ok(!judgement.findings.some(({ message }) => message.startsWith('default/guestbook')));
  });

  test('is high when the pod itself names the Service', () => {
    const declared = storeOf(
      GUESTBOOK.replace(
        deployment(
          'default/redis-slave',
          'app: redis, role: slave',
          '{name: redis-server, containerPort: 6379}',
        ),
        deployment(
          'default/redis-slave',
          'app: redis, role: slave',
          '{name: redis-server, containerPort: 6379}',
          '{name: REDIS_HOST, value: redis-master}',
        ),
      ),
    );
    const { findings } = judge(declared, changeOf(declared, 'CREATE', REDIS_FOR_GUESTBOOK), context());
    const lost = findings.filter(({ rule, action }) => rule === 'connectivity-lost' && action === 'warn');
    assert.deepEqual(
      lost.map(({ severity, message }) => [severity, message]),
      [
        [
          'high',
          'default/redis-slave can no longer reach redis-master:6379 (TCP 6379; env REDIS_HOST); allowed now only from app=guestbook.',
        ],
      ],
    );
  });

  test('the audit log gets short keys and no message', () => {
    assert.deepEqual(judgement.auditAnnotations, {
      decision: 'warn',
      findings: 'connectivity-lost=warn, connectivity-lost=note, established-connections=note',
    });
  });

  test('a dry run is judged like any other', () => {
    const dry = judge(store, changeOf(store, 'CREATE', REDIS_FOR_GUESTBOOK), context({}, { dryRun: true }));
    assert.deepEqual(dry.warnings, judgement.warnings);
  });
});

describe('regions', () => {
  const store = storeOf(REGIONS + EXCEPT_ONE_CLIENT);
  store.cni = cniOf('yes');
  const said = (manifest: string, operation: 'CREATE' | 'UPDATE') =>
    judge(store, changeOf(store, operation, manifest), context()).findings.map(
      ({ rule, action }) => `${rule} ${action}`,
    );

  test('a policy that allows all makes the exception of another void', () => {
    assert.deepEqual(said(ALLOW_ALL, 'CREATE'), [
      'except-ineffective warn',
      'connectivity-gained warn',
      'allow-all warn',
      'connectivity-gained note',
    ]);
  });

  test("the exception's address is a pod's, and open connections may stay", () => {
    const empty = storeOf(REGIONS);
    empty.cni = cniOf('yes');
    const { findings } = judge(empty, changeOf(empty, 'CREATE', EXCEPT_ONE_CLIENT), context());
    assert.deepEqual(
      findings.map(({ rule, action }) => `${rule} ${action}`),
      ['pod-ip-in-ipblock warn', 'connectivity-lost note', 'established-connections note'],
    );
  });
});

describe('configuration', () => {
  const store = storeOf(SHOP);
  store.putNamespace({ name: 'shop', labels: ['env', 'test'], terminating: false });
  const change = changeOf(store, 'CREATE', NODE_PORT_3000);
  const decide = (config: Partial<RulesConfig>, more: Partial<JudgeContext> = {}) =>
    judge(store, change, context(config, more)).decision;

  test('a node port of 3000 is denied, with the reason and the fix', () => {
    const { decision, denial, warnings } = judge(store, change, context());
    assert.equal(decision, 'deny');
    assert.match(denial ?? '', /nodePort 3000 is outside the allowed range 30000-32767/);
    assert.match(denial ?? '', /what to do: Set nodePort to one in the range/);
    assert.deepEqual(warnings, []);
  });

  test('the profile advise warns instead', () => assert.equal(decide({ profile: 'advise' }), 'warn'));

  test('a written action wins over the profile', () => {
    const rules = { 'node-port-range': { action: 'deny', overrides: [] } } as const;
    assert.equal(decide({ profile: 'advise', rules }), 'deny');
    assert.equal(decide({ rules: { 'node-port-range': { action: 'note', overrides: [] } } }), 'allow');
  });

  test('off: the rule does not run', () => {
    const rules = { 'node-port-range': { action: 'off', overrides: [] } } as const;
    const { findings } = judge(store, change, context({ rules }));
    assert.deepEqual(
      findings.map(({ rule }) => rule),
      ['exposed-to-the-world'],
    );
  });

  test('the range is configuration', () =>
    assert.equal(decide({ nodePortRange: { from: 3000, to: 32767 } }), 'allow'));

  test('a namespace by name or by label has its own action', () => {
    const byName = { namespaces: ['shop'], action: 'warn' } as const;
    const elsewhere = { namespaces: ['other'], action: 'warn' } as const;
    const selector = { matchLabels: { env: 'test' }, matchExpressions: [] };
    const entry = (one: object) =>
      ({ 'node-port-range': { action: 'deny', overrides: [one] } }) as RulesConfig['rules'];
    assert.equal(decide({ rules: entry(byName) }), 'warn');
    assert.equal(decide({ rules: entry(elsewhere) }), 'deny');
    assert.equal(decide({ rules: entry({ namespaceSelector: selector, action: 'warn' }) }), 'warn');
    const production = { matchLabels: { env: 'production' }, matchExpressions: [] };
    assert.equal(decide({ rules: entry({ namespaceSelector: production, action: 'warn' }) }), 'deny');
  });

  test('labels of a namespace that was never seen deny nothing', () => {
    const unseen = storeOf(SHOP);
    const selector = { matchLabels: { env: 'production' }, matchExpressions: [] };
    const rules: RulesConfig['rules'] = {
      'node-port-range': { action: 'deny', overrides: [{ namespaceSelector: selector, action: 'warn' }] },
    };
    const { decision } = judge(unseen, changeOf(unseen, 'CREATE', NODE_PORT_3000), context({ rules }));
    assert.equal(decision, 'warn');
  });

  test('strict denies what is warned about with high severity', () => {
    const cluster = storeOf(GUESTBOOK);
    cluster.cni = cniOf('no');
    const creation = changeOf(cluster, 'CREATE', REDIS_FOR_GUESTBOOK);
    assert.equal(judge(cluster, creation, context()).decision, 'warn');
    assert.equal(judge(cluster, creation, context({ profile: 'strict' })).decision, 'deny');
  });

  test('an exemption makes a note of it and is recorded', () => {
    const exemptions = [{ rules: ['node-port-range'], groups: ['admins'], reason: 'ticket 12\n' }];
    assert.equal(decide({ exemptions }), 'deny');
    assert.equal(decide({ exemptions }, { user: { username: 'eve', groups: ['users'] } }), 'deny');
    const user = { username: 'ann', groups: ['users', 'admins'] };
    const { decision, auditAnnotations, warnings } = judge(store, change, context({ exemptions }, { user }));
    assert.equal(decision, 'allow');
    assert.equal(auditAnnotations.exemptions, 'node-port-range (used): ticket 12 ');
    assert.deepEqual(warnings, ['exempted: node-port-range (ticket 12).']);
  });
});

describe('a model that is not up to date', () => {
  for (const state of ['syncing', 'stale'] as const) {
    test(`${state}: rules that need it are unchecked, the others run`, () => {
      const store = storeOf(GUESTBOOK);
      store.health = { state, problems: ['Pod: watch is down'] };
      const { decision, unchecked, warnings, findings } = judge(
        store,
        changeOf(store, 'CREATE', REDIS_FOR_GUESTBOOK),
        context(),
      );
      assert.equal(decision, 'warn');
      assert.ok(unchecked.some(({ rule }) => rule === 'connectivity-lost'));
      assert.ok(unchecked.every(({ reason }) => reason !== ''));
      assert.deepEqual(findings, []);
      assert.match(warnings[0] ?? '', /^portent: the model of the cluster is .*Pod: watch is down/);
    });
  }

  test('the verdict is configuration', () => {
    const store = storeOf(GUESTBOOK);
    store.health = { state: 'stale', problems: [] };
    const change = changeOf(store, 'CREATE', REDIS_FOR_GUESTBOOK);
    assert.equal(judge(store, change, context({ stale: 'allow' })).decision, 'allow');
    const denied = judge(store, change, context({ stale: 'deny' }));
    assert.equal(denied.decision, 'deny');
    assert.match(denied.denial ?? '', /the model of the cluster is stale/);
  });
});

test('nothing holds up a namespace on its way out', () => {
  const redis = service('shop/db', 'app: db', '{port: 5432}');
  const store = storeOf(
    deployment('shop/db', 'app: db') +
      deployment('shop/web', 'app: web', '', '{name: DB_HOST, value: db}') +
      redis,
  );
  const config = context({ rules: { 'breaks-references': { action: 'deny', overrides: [] } } });
  const change = changeOf(store, 'DELETE', redis);
  assert.equal(judge(store, change, config).decision, 'deny');
  store.putNamespace({ name: 'shop', labels: [], terminating: true });
  assert.equal(judge(store, change, config).decision, 'warn');
});

describe("the Service of somebody's webhook", () => {
  const decide = (failurePolicy: 'Fail' | 'Ignore', config: Partial<RulesConfig> = {}): string => {
    const store = storeOf(WEBHOOK_PODS + WEBHOOK_SERVICE + WEBHOOK(failurePolicy));
    return judge(store, changeOf(store, 'DELETE', WEBHOOK_SERVICE), context(config)).decision;
  };

  test('is not deleted while the API server needs it', () => {
    assert.equal(decide('Fail'), 'deny');
    assert.equal(decide('Ignore'), 'warn');
  });

  test('is deleted with a warning where the profile only advises, or the configuration says so', () => {
    assert.equal(decide('Fail', { profile: 'advise' }), 'warn');
    const rules = { 'breaks-references': { action: 'warn', overrides: [] } } as const;
    assert.equal(decide('Fail', { rules }), 'warn');
  });
});

describe('several changes', () => {
  const store = storeOf(
    SHOP +
      deployment('shop/job', 'app: job', '', '{name: WEB_HOST, value: web}') +
      service('shop/web', 'app: web', '{port: 80, targetPort: 8080}'),
  );
  const deny = changeOf(store, 'CREATE', policy('shop/deny', '  podSelector: {}\n'));
  const admit = changeOf(
    store,
    'CREATE',
    policy(
      'shop/web',
      '  podSelector: {matchLabels: {app: web}}\n  ingress:\n  - from: [{podSelector: {}}]\n',
    ),
  );
  const rulesOf = (mode: 'sequence' | 'together') =>
    judgeAll(store, [deny, admit], () => context(), mode).changes.map(({ judgement }) =>
      judgement.findings.map(({ rule, severity }) => `${rule} ${severity}`),
    );

  test('in sequence each is judged on top of those before it', () => {
    const [first, second] = rulesOf('sequence');
    assert.ok(first?.includes('service-unreachable high'));
    assert.ok(second?.includes('connectivity-gained info'));
  });

  test('together each is judged against the whole', () => {
    const [first] = rulesOf('together');
    assert.ok(!first?.includes('service-unreachable high'));
    assert.ok(first?.includes('namespace-isolated medium'));
  });
});

test('names written by an attacker stay in one printable line, in every field', () => {
  const evil = 'a\n\u001b[2Jfine\u202e';
  const store = storeOf(SHOP);
  const creation = changeOf(store, 'CREATE', policy('shop/web', '  podSelector: {}\n'));
  assert.equal(creation.operation, 'CREATE');
  if (creation.operation !== 'CREATE' || creation.after.kind !== 'NetworkPolicy') return;
  const change = { ...creation, after: { ...creation.after, name: evil } };
  const { warnings, findings, auditAnnotations } = judge(store, change, context());
  assert.ok(findings.length > 0 && warnings.length > 0);
  const texts = findings.flatMap(({ subject, message, because, fix }) => [subject, message, fix, ...because]);
  for (const text of [...texts, ...warnings, ...Object.values(auditAnnotations)]) {
    assert.doesNotMatch(text, /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
  }
  for (const text of warnings) assert.ok(text.length <= 256);
});
