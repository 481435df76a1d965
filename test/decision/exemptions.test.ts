import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { EXEMPT, EXEMPT_REASON, EXEMPT_UNTIL, wishOf } from '../../src/decision/annotation.ts';
import {
  DEFAULT_RULES_CONFIG,
  Enforcement,
  type Override,
  type RulesConfig,
} from '../../src/decision/enforcement.ts';
import { expiryOf, hasEnded } from '../../src/decision/expiry.ts';
import { judge } from '../../src/decision/judge.ts';
import type { Judgement } from '../../src/decision/judgement.ts';
import { labelsOf } from '../../src/model/labels.ts';
import { deployment } from '../../src/rules/worlds/manifests.ts';
import { changeOf, storeOf } from '../rules/world.ts';

const NOW = Date.parse('2030-06-15T12:00:00Z');
const KNOWN = new Set(['node-port-range', 'no-backends', 'dns-cut']);
const ANN = { username: 'ann', groups: ['net'] };

const wish = (exempt?: string, reason?: string, until?: string) =>
  wishOf(
    labelsOf(
      [
        [EXEMPT, exempt],
        [EXEMPT_REASON, reason],
        [EXEMPT_UNTIL, until],
      ].filter((pair): pair is [string, string] => pair[1] !== undefined),
    ),
    KNOWN,
  );

describe('the annotations', () => {
  test('rules, reason and end are read', () => {
    assert.deepEqual(wish(' node-port-range , dns-cut,dns-cut', ' old appliance\n', '2030-12-31'), {
      rules: ['node-port-range', 'dns-cut'],
      reason: 'old appliance',
      until: '2030-12-31',
    });
    assert.equal(wish(), undefined);
  });

  const refused: readonly [string, ReturnType<typeof wish>, RegExp][] = [
    ['no rules', wish(undefined, 'r', '2030-12-31'), /^portent\.dev\/exempt is missing/],
    ['no reason', wish('dns-cut', undefined, '2030-12-31'), /exempt-reason is missing; say why/],
    ['an empty reason', wish('dns-cut', ' \u200b', '2030-12-31'), /exempt-reason is missing/],
    ['a long reason', wish('dns-cut', 'x'.repeat(501), '2030-12-31'), /longer than 500/],
    ['no end', wish('dns-cut', 'r'), /exempt-until is missing; give a day/],
    ['words for an end', wish('dns-cut', 'r', 'tomorrow'), /exempt-until: "tomorrow" is no day/],
    ['all rules', wish('*', 'r', '2030-12-31'), /"\*" is not taken/],
    ['a misspelt rule', wish('dns-cutt', 'r', '2030-12-31'), /"dns-cutt"; did you mean dns-cut\?/],
    ['a comma too many', wish('dns-cut,', 'r', '2030-12-31'), /a rule without a name/],
    ['a name of Object', wish('constructor', 'r', '2030-12-31'), /no such rule as "constructor"$/],
    ['a flood of commas', wish(','.repeat(200_000), 'r', '2030-12-31'), /more than 32 rules/],
    ['a hostile rule', wish('a\u001b[2J\n', 'r', '2030-12-31'), /no such rule as "a \[2J"/],
  ];
  for (const [what, found, expected] of refused) {
    test(`${what}: refused with the fix`, () => {
      assert.ok(found !== undefined && 'problem' in found, JSON.stringify(found));
      assert.match(found.problem, expected);
      assert.doesNotMatch(found.problem, /[\p{Cc}\p{Cf}]/u);
    });
  }
});

test('whatever is written, only a whole wish is one, and a complaint is one short printable line', () => {
  const piece = fc.oneof(
    fc.constantFrom(...KNOWN, '2030-12-31', '2030-12-31T18:00:00Z', ',', '*', ' '),
    fc.string({ unit: 'binary', maxLength: 40 }),
  );
  const written = fc.option(
    fc.array(piece, { maxLength: 4 }).map((pieces) => pieces.join('')),
    { nil: undefined },
  );
  fc.assert(
    fc.property(written, written, written, (exempt, reason, until) => {
      const found = wish(exempt, reason, until);
      if (found === undefined) return exempt === undefined && reason === undefined && until === undefined;
      if ('problem' in found) {
        return found.problem.length < 300 && !/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(found.problem);
      }
      const whole = found.reason !== '' && expiryOf(found.until) !== undefined && found.rules.length > 0;
      return whole && found.rules.every((rule) => KNOWN.has(rule) && exempt?.includes(rule) === true);
    }),
  );
});

describe('ends', () => {
  test('a day is its first moment in UTC, a time is itself', () => {
    assert.equal(expiryOf('2030-06-15'), Date.UTC(2030, 5, 15));
    assert.equal(expiryOf('2030-06-15T12:00:00Z'), NOW);
    assert.equal(expiryOf('2030-06-15T14:00:00.000+02:00'), NOW);
    assert.equal(expiryOf('2028-02-29'), Date.UTC(2028, 1, 29));
  });

  for (const text of [
    '',
    '2030-6-1',
    '2030-02-30',
    '2029-02-29',
    '2030-13-01',
    '2030-00-10',
    '2030-06-15T12:00:00',
    '2030-06-15T24:00:00Z',
    '2030-06-15 12:00:00Z',
    '15.06.2030',
    '2030-06-15\n',
    '+002030-06-15',
  ]) {
    test(`${JSON.stringify(text)} is none`, () => assert.equal(expiryOf(text), undefined));
  }

  test('it is over at its moment, and without a clock', () => {
    assert.equal(hasEnded('2030-06-15T12:00:00Z', NOW), true);
    assert.equal(hasEnded('2030-06-15T12:00:01Z', NOW), false);
    assert.equal(hasEnded('2099-01-01', undefined), true);
    assert.equal(hasEnded(undefined, NOW), false);
  });
});

describe('overrides', () => {
  const store = storeOf(deployment('shop/web', 'app: web'));
  store.putNamespace({ name: 'shop', labels: labelsOf([['tier', 'gold']]), terminating: false });
  const gold = { matchLabels: { tier: 'gold' }, matchExpressions: [] };
  const action = (
    override: Omit<Override, 'action'>,
    kind: 'Service' | 'NetworkPolicy',
    namespace: string,
    user?: typeof ANN,
  ) => {
    const rules = { x: { action: 'deny', overrides: [{ ...override, action: 'note' }] } } as const;
    const config: RulesConfig = { ...DEFAULT_RULES_CONFIG, rules };
    return new Enforcement(config, store, { kind, namespace }, user).rule('x', 'high', 'warn').action;
  };

  const rows: readonly [string, Omit<Override, 'action'>, string, string, typeof ANN | undefined, string][] =
    [
      ['kind', { kinds: ['Service'] }, 'Service', 'shop', ANN, 'note'],
      ['another kind', { kinds: ['Service'] }, 'NetworkPolicy', 'shop', ANN, 'deny'],
      ['user', { users: ['bob', 'ann'] }, 'Service', 'shop', ANN, 'note'],
      ['another user', { users: ['bob'] }, 'Service', 'shop', ANN, 'deny'],
      ['group', { groups: ['net'] }, 'Service', 'shop', ANN, 'note'],
      ['nobody, offline', { groups: ['net'] }, 'Service', 'shop', undefined, 'deny'],
      [
        'user and kind, one wrong',
        { users: ['ann'], kinds: ['NetworkPolicy'] },
        'Service',
        'shop',
        ANN,
        'deny',
      ],
      ['labels and kind', { namespaceSelector: gold, kinds: ['Service'] }, 'Service', 'shop', ANN, 'note'],
      ['unseen labels', { namespaceSelector: gold }, 'Service', 'unseen', ANN, 'warn'],
      [
        'unseen labels of another kind',
        { namespaceSelector: gold, kinds: ['NetworkPolicy'] },
        'Service',
        'unseen',
        ANN,
        'deny',
      ],
    ];
  for (const [what, override, kind, namespace, user, expected] of rows) {
    test(`by ${what}: ${expected}`, () =>
      assert.equal(action(override, kind as 'Service', namespace, user), expected));
  }
});

function manifest(annotations: Readonly<Record<string, string>>): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web', namespace: 'shop', annotations },
    spec: {
      type: 'NodePort',
      selector: { app: 'web' },
      ports: [{ port: 80, targetPort: 8080, nodePort: 3000 }],
    },
  });
}

const store = storeOf(deployment('shop/web', 'app: web', '{containerPort: 8080}'));
const WISH = { [EXEMPT]: 'node-port-range', [EXEMPT_REASON]: 'old appliance', [EXEMPT_UNTIL]: '2030-12-31' };

function judged(
  annotations: Readonly<Record<string, string>>,
  config: Partial<RulesConfig> = {},
  user: typeof ANN | 'offline' = ANN,
): Judgement {
  return judge(store, changeOf(store, 'CREATE', manifest(annotations)), {
    config: { ...DEFAULT_RULES_CONFIG, ...config },
    user: user === 'offline' ? undefined : user,
    dryRun: false,
    earlier: [],
    now: NOW,
  });
}

const shown = ({ decision, question, exemptions, warnings }: Judgement) => ({
  decision,
  asks: question !== undefined,
  results: exemptions.map(({ result }) => result),
  line: warnings.find((line) => line.startsWith('exempt')),
});

describe('an exemption by annotation', () => {
  test('nobody is asked without one, or when it covers nothing that is found', () => {
    assert.deepEqual(shown(judged({})), { decision: 'deny', asks: false, results: [], line: undefined });
    const other = judged({ ...WISH, [EXEMPT]: 'dns-cut' });
    assert.deepEqual(shown(other), { decision: 'deny', asks: false, results: [], line: undefined });
  });

  test('until somebody answers it does not count', () => {
    const open = judged(WISH);
    assert.equal(open.decision, 'deny');
    assert.equal(open.question?.namespace, 'shop');
  });

  test('granted: the denial is a note, and the user, the audit log and the findings say so', () => {
    const settled = judged(WISH).question?.settle({ kind: 'granted' });
    assert.ok(settled !== undefined);
    assert.deepEqual(shown(settled), {
      decision: 'allow',
      asks: false,
      results: ['used'],
      line: 'exempted: node-port-range until 2030-12-31 (old appliance).',
    });
    assert.equal(settled.denial, undefined);
    const noted = settled.findings.filter(({ rule }) => rule === 'node-port-range');
    assert.deepEqual(
      noted.map(({ action, exemption }) => [action, exemption]),
      [['note', 'old appliance']],
    );
    assert.equal(
      settled.auditAnnotations.exemptions,
      'node-port-range (used, by annotation, until 2030-12-31): old appliance',
    );
    assert.match(settled.warnings[0] ?? '', /^exempted: /);
  });

  for (const kind of ['refused', 'unanswered'] as const) {
    test(`${kind}: the denial stands and says why`, () => {
      const settled = judged(WISH).question?.settle({ kind, reason: 'because' });
      assert.ok(settled !== undefined);
      const line = 'exemption not used: because; node-port-range counts.';
      assert.deepEqual(shown(settled), { decision: 'deny', asks: false, results: [kind], line });
      assert.ok(settled.denial?.includes(line));
    });
  }

  test('expired: nobody is asked, and it says since when', () => {
    const expired = judged({ ...WISH, [EXEMPT_UNTIL]: '2030-01-01' });
    assert.deepEqual(shown(expired), {
      decision: 'deny',
      asks: false,
      results: ['expired'],
      line: 'exemption expired since 2030-01-01: node-port-range counts again; set portent.dev/exempt-until anew, or remove the annotations.',
    });
  });

  test('one that cannot be read is told, also where nothing was found', () => {
    assert.deepEqual(shown(judged({ ...WISH, [EXEMPT]: 'no-such-rule' })).results, ['invalid']);
    const quiet = { 'node-port-range': { action: 'off', overrides: [] } } as const;
    const bad = judged({ [EXEMPT]: 'x', [EXEMPT_REASON]: 'y', [EXEMPT_UNTIL]: 'z' }, { rules: quiet });
    assert.match(shown(bad).line ?? '', /^exemption not used: portent\.dev\/exempt: no such rule as "x"/);
  });

  test('offline it is taken for granted, and the condition is told', () => {
    assert.deepEqual(shown(judged(WISH, {}, 'offline')), {
      decision: 'allow',
      asks: false,
      results: ['assumed'],
      line: 'exempted: node-port-range until 2030-12-31 (old appliance). In the cluster, who applies it must be allowed to exempt.',
    });
  });

  test('where nobody may, nobody is asked, and the way out is another', () => {
    for (const user of [ANN, 'offline'] as const) {
      const judgement = judged(WISH, { exemptionAnnotation: nobody }, user);
      assert.deepEqual([judgement.decision, shown(judgement).results], ['deny', ['refused']]);
      assert.match(judgement.denial ?? '', /For an exemption: ask whoever runs Portent/);
    }
  });

  const nobody = { by: 'nobody', users: [], groups: [] } as const;

  test('those who are listed may without being asked for, others may not', () => {
    const listed = (users: readonly string[], groups: readonly string[]) =>
      shown(judged(WISH, { exemptionAnnotation: { by: 'listed', users, groups } }));
    assert.deepEqual(listed(['ann'], []).results, ['used']);
    assert.deepEqual(listed([], ['net']).results, ['used']);
    const other = listed(['bob'], ['ops']);
    assert.deepEqual([other.decision, other.asks, other.results], ['deny', false, ['refused']]);
    assert.match(other.line ?? '', /ann is not listed as one who may exempt in shop/);
  });

  test('of a deletion the old object speaks', () => {
    const rules = { 'no-backends': { action: 'deny', overrides: [] } } as const;
    const old = manifest({ ...WISH, [EXEMPT]: 'breaks-references' });
    const cluster = storeOf(
      `${deployment('shop/web', 'app: web', '{containerPort: 8080}')}${deployment('shop/job', 'app: job', '', '{name: WEB_HOST, value: web}')}---\n${old}\n`,
    );
    const judgement = judge(cluster, changeOf(cluster, 'DELETE', old), {
      config: { ...DEFAULT_RULES_CONFIG, rules },
      user: ANN,
      dryRun: false,
      earlier: [],
      now: NOW,
    });
    assert.notEqual(judgement.question, undefined);
  });
});

describe('an exemption of the configuration', () => {
  const exemption = (until?: string) => ({
    exemptions: [
      { rules: ['*'], users: ['ann'], reason: 'agreed', ...(until === undefined ? {} : { until }) },
    ],
  });

  test('is shown when it is used, with its end', () => {
    const { decision, line } = shown(judged({}, exemption('2030-12-31')));
    assert.equal(decision, 'allow');
    assert.equal(line, 'exempted: node-port-range until 2030-12-31 (agreed).');
  });

  test('says since when it no longer counts', () => {
    const { decision, results, line } = shown(judged({}, exemption('2030-01-01')));
    assert.deepEqual([decision, results], ['deny', ['expired']]);
    assert.match(line ?? '', /^exemption expired since 2030-01-01: .*in Portent's configuration\.$/);
  });
});
