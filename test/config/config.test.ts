import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { configOf, strayVariables } from '../../src/config/config.ts';
import { ConfigError } from '../../src/config/errors.ts';
import { loadConfig } from '../../src/config/load.ts';
import { settings } from '../../src/config/settings.ts';

/** What a configuration file is refused with. */
function refusal(text: string, rules?: readonly string[]): string {
  try {
    configOf({ file: { name: 'portent.yaml', text }, ...(rules === undefined ? {} : { rules }) });
  } catch (error) {
    assert(error instanceof ConfigError);
    return error.message;
  }
  return 'accepted';
}

test('without any source every setting has its documented default', () => {
  const config = configOf();
  assert.deepEqual(config.listen, { address: '*', port: 8443 });
  assert.equal(config.limits.body, 7 * 1024 * 1024);
  assert.equal(config.stale, 'warn');
  assert.deepEqual(config.nodePortRange, { from: 30000, to: 32767 });
  assert.deepEqual(config.rules, {});
});

test('flags win over the environment, which wins over the file', () => {
  const file = { name: 'c.yaml', text: 'listen: {port: 1}\nmetrics: {port: 2}\nlog: {level: warn}\n' };
  const environment = { PORTENT_LISTEN_PORT: '11', PORTENT_METRICS_PORT: '12' };
  const config = configOf({ file, environment, flags: { 'listen.port': '21' } });
  assert.equal(config.listen.port, 21);
  assert.equal(config.metrics.port, 12);
  assert.equal(config.log.level, 'warn');
});

test('every setting can be given by its variable', () => {
  const samples = new Map<string, string>([
    ['limits.body', '1Mi'],
    ['nodePortRange', '3000-32767'],
    ['tls.names', 'a.example, b.example'],
  ]);
  assert(settings().length > 20);
  for (const setting of settings().filter(({ path }) => samples.has(path))) {
    configOf({ environment: { [setting.variable]: samples.get(setting.path) } });
  }
  const config = configOf({
    environment: { PORTENT_TLS_NAMES: 'a.example, b.example', PORTENT_LIMITS_BODY: '1Mi' },
  });
  assert.deepEqual(config.tls.names, ['a.example', 'b.example']);
  assert.equal(config.limits.body, 1024 * 1024);
});

test('the configuration is frozen to its leaves', () => {
  const config = configOf({
    file: { name: 'c', text: 'rules: {a: {overrides: [{namespaces: [x], action: off}]}}' },
  });
  const names = config.rules.a?.overrides[0]?.namespaces as string[];
  assert.throws(() => names.push('y'), TypeError);
  assert.throws(() => ((config.listen as { port: number }).port = 1), TypeError);
});

test('a rule takes a bare action or overrides', () => {
  const text = `
rules:
  node-port-range: deny
  namespace-isolated:
    action: deny
    overrides:
      - {namespaces: [dev, test], action: off}
      - {namespaceSelector: {matchLabels: {tier: sandbox}}, action: note}
      - {kinds: [Service], users: [ann], groups: [admins], action: warn}
`;
  const { rules } = configOf({ file: { name: 'c', text } });
  assert.equal(rules['node-port-range']?.action, 'deny');
  assert.deepEqual(
    rules['namespace-isolated']?.overrides.map(({ action }) => action),
    ['off', 'note', 'warn'],
  );
});

const refused: readonly [string, string, RegExp][] = [
  [
    'an unknown action',
    'rules: {node-port-range: {action: block}}',
    /^portent.yaml: rules\.node-port-range\.action: "block": use off, note, warn or deny$/,
  ],
  [
    'an unknown bare action',
    'rules: {node-port-range: block}',
    /rules\.node-port-range\.action: "block": use off, note, warn or deny/,
  ],
  [
    'a misspelt setting',
    'limits: {inflight: 5}',
    /limits\.inflight: no such setting; did you mean limits\.inFlight\?/,
  ],
  ['a misspelt section', 'metric: {port: 5}', /metric: no such setting; did you mean metrics\?/],
  ['a port out of range', 'listen: {port: 70000}', /listen\.port: 70000: use a whole number from 0 to 65535/],
  ['a port that is a word', 'listen: {port: https}', /listen\.port: "https": use a whole number/],
  ['a node port range upside down', 'nodePortRange: 32767-30000', /nodePortRange: .*the lower one first/],
  [
    'a node port range in words',
    'nodePortRange: 3000 to 32767',
    /nodePortRange: "3000 to 32767": use a range such as 30000-32767/,
  ],
  [
    'a size without sense',
    'limits: {body: 7 MB}',
    /limits\.body: "7 MB": use a number of bytes such as 7Mi, from 1Ki to 64Mi/,
  ],
  ['half a key pair', 'tls: {keyFile: /k.pem}', /tls: .*give certificateFile and keyFile together/],
  [
    'an override without a condition',
    'rules: {a: {overrides: [{action: off}]}}',
    /rules\.a\.overrides\.0: .*give at least one of namespaces, namespaceSelector, kinds, users and groups/,
  ],
  [
    'a kind that is not judged',
    'rules: {a: {overrides: [{action: off, kinds: [Pod]}]}}',
    /kinds\.0: "Pod": use NetworkPolicy or Service/,
  ],
  [
    'an exemption that ends on no day',
    "exemptions: [{rules: ['*'], reason: x, until: '2030-02-30'}]",
    /exemptions\.0\.until: "2030-02-30": use a day such as 2030-12-31/,
  ],
  [
    'a list of users that nobody reads',
    'exemptionAnnotation: {users: [ann]}',
    /exemptionAnnotation: .*give users or groups with "by: listed"/,
  ],
  [
    'no labels at all',
    'rules: {a: {overrides: [{action: off, namespaceSelector: {}}]}}',
    /give matchLabels or matchExpressions/,
  ],
  [
    'a label that is a number',
    'rules: {a: {overrides: [{action: off, namespaceSelector: {matchLabels: {tier: 1}}}]}}',
    /tier: 1: use a text/,
  ],
  [
    'an operator without values',
    'rules: {a: {overrides: [{action: off, namespaceSelector: {matchExpressions: [{key: x, operator: In}]}}]}}',
    /give values for In and NotIn/,
  ],
  ['an exemption without a reason', "exemptions: [{rules: ['*']}]", /exemptions\.0\.reason: use a string/],
  ['a list instead of settings', '- a\n- b\n', /the file must hold settings/],
  ['broken YAML', 'listen: {port: 1\nlog: x', /line \d+, column \d+: /],
  ['a key twice', 'stale: warn\nstale: deny\n', /line 2, column 1: .*unique/i],
  [
    'a tristate that is none',
    'cni: {enforcesEgress: maybe}',
    /cni\.enforcesEgress: "maybe": use yes, no or unknown/,
  ],
  ['a section that is a text', 'listen: 8443', /listen: 8443: use settings \(key: value\)/],
];
for (const [what, text, expected] of refused) {
  test(`${what} is refused with its path and the fix`, () => assert.match(refusal(text), expected));
}

test('all problems are reported at once', () => {
  assert.equal(refusal('stale: no\nlisten: {port: -1}\nprofile: hard\n').split('\n').length, 3);
});

test('a misspelt rule is refused when the rules are known', () => {
  assert.match(
    refusal('rules: {node-prot-range: deny}', ['node-port-range']),
    /did you mean node-port-range\?/,
  );
  assert.equal(refusal('rules: {node-port-range: deny}', ['node-port-range']), 'accepted');
});

test('an alias bomb is refused, not expanded', () => {
  const lines = ['a: &a [x,x,x,x,x,x,x,x,x]'];
  for (let i = 1; i < 12; i++) lines.push(`k${i}: &k${i} [${Array(9).fill(i === 1 ? '*a' : `*k${i - 1}`)}]`);
  assert.match(refusal(lines.join('\n')), /alias/i);
});

test('names of the object prototype are settings like any other unknown one', () => {
  assert.match(refusal('constructor: 1'), /constructor: no such setting/);
  const { rules } = configOf({ file: { name: 'c', text: 'rules: {constructor: deny}' } });
  assert.equal(new Map(Object.entries(rules)).get('constructor')?.action, 'deny');
});

test('the variables Kubernetes makes for Services are not settings', () => {
  const environment = {
    PORTENT_METRICS_PORT: 'tcp://10.0.0.7:9090',
    PORTENT_SERVICE_HOST: '10.0.0.8',
    PORTENT_PORT_443_TCP_ADDR: '10.0.0.8',
    PORTENT_LOGLEVEL: 'debug',
  };
  assert.equal(configOf({ environment }).metrics.port, 9090);
  assert.deepEqual(strayVariables(environment), [
    'PORTENT_LOGLEVEL: no such setting; did you mean PORTENT_LOG_LEVEL?',
  ]);
});

test('PORTENT_CONFIG names the file, and a missing one is said so', () => {
  const folder = mkdtempSync(join(tmpdir(), 'portent-config-'));
  try {
    const file = join(folder, 'portent.json');
    writeFileSync(file, JSON.stringify({ stale: 'deny' }));
    assert.equal(loadConfig({ environment: { PORTENT_CONFIG: file } }).config.stale, 'deny');
    const missing = join(folder, 'none.yaml');
    assert.throws(() => loadConfig({ file: missing, environment: {} }), {
      message: `${missing}: no such file`,
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('every key that is no setting has a line of its own, whatever it is written with', () => {
  assert.deepEqual(refusal('"a\\nb": 1\nlimits: {one: 1, two: 2}\n" x": 1\n').split('\n').sort(), [
    'portent.yaml: " x": no such setting',
    'portent.yaml: "a\\nb": no such setting',
    'portent.yaml: limits.one: no such setting',
    'portent.yaml: limits.two: no such setting',
  ]);
});
