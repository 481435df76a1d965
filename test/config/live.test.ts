import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { configOf } from '../../src/config/config.ts';
import { LiveConfig, type News } from '../../src/config/live.ts';
import { loadConfig } from '../../src/config/load.ts';

const RULES = ['node-port-range', 'dns-cut'];

function live(text = ''): { config: LiveConfig; news: News[] } {
  const news: News[] = [];
  const file = { name: 'c', text };
  const config = new LiveConfig(configOf({ file }), { rules: RULES, onNews: (one) => news.push(one) });
  return { config, news };
}

describe('PortentPolicies on top of the file', () => {
  const file = `
profile: advise
rules:
  node-port-range: {action: deny, overrides: [{namespaces: [a], action: note}]}
exemptions: [{rules: ['*'], users: [x], reason: first}]
`;

  test('a later name wins; overrides come first; exemptions are added; the rest stays', () => {
    const { config } = live(file);
    // The order of arrival is not that of the names.
    config.put('b', {
      profile: 'strict',
      rules: { 'node-port-range': { overrides: [{ namespaces: ['a'], action: 'warn' }] } },
    });
    config.put('a', {
      profile: 'standard',
      stale: 'deny',
      rules: {
        'node-port-range': { action: 'off', overrides: [{ kinds: ['Service'], action: 'deny' }] },
        'dns-cut': { action: 'deny' },
      },
      exemptions: [{ rules: ['dns-cut'], reason: 'second' }],
      dns: { services: ['dns/dns'] },
    });
    const { profile, stale, rules, exemptions, dns } = config.current;
    assert.deepEqual({ profile, stale }, { profile: 'strict', stale: 'deny' });
    assert.deepEqual(rules, {
      'node-port-range': {
        action: 'off',
        overrides: [
          { namespaces: ['a'], action: 'warn' },
          { kinds: ['Service'], action: 'deny' },
          { namespaces: ['a'], action: 'note' },
        ],
      },
      'dns-cut': { action: 'deny', overrides: [] },
    });
    assert.deepEqual(
      exemptions.map(({ reason }) => reason),
      ['first', 'second'],
    );
    assert.deepEqual(dns, { services: ['dns/dns'], nodeLocal: ['169.254.20.10'] });
  });

  test('one that goes takes its settings with it', () => {
    const { config, news } = live(file);
    config.put('a', { profile: 'strict' });
    config.remove('a');
    config.remove('a');
    assert.equal(config.current.profile, 'advise');
    assert.deepEqual(
      news.map(({ result, name }) => [result, name]),
      [
        ['applied', 'a'],
        ['removed', 'a'],
      ],
    );
  });

  test('a broken one keeps its last good version, and says what is wrong until it is mended', () => {
    const { config, news } = live(file);
    config.put('a', { profile: 'strict' });
    assert.deepEqual(config.put('a', { profile: 'standard', rules: { 'dns-cutt': {} } }), [
      'spec.rules.dns-cutt: no such rule; did you mean dns-cut?',
    ]);
    assert.equal(config.current.profile, 'strict');
    assert.deepEqual(config.problems(), [
      'PortentPolicy a: spec.rules.dns-cutt: no such rule; did you mean dns-cut? (its last good version stays in force)',
    ]);
    assert.deepEqual([config.isGood('policy'), config.isGood('file')], [false, true]);
    assert.deepEqual(config.put('a', { profile: 'standard' }), []);
    assert.equal(config.current.profile, 'standard');
    assert.deepEqual(config.problems(), []);
    assert.deepEqual(
      news.map(({ result }) => result),
      ['applied', 'broken', 'applied'],
    );
  });

  test('one that was broken from the start sets nothing', () => {
    const { config } = live(file);
    assert.match(config.put('a', { profile: 'strict', rule: {} }).join(), /spec\.rule: no such setting/);
    assert.equal(config.current.profile, 'advise');
    assert.match(config.problems().join(), /nothing of it is in force/);
    for (const spec of ['x', 7, [], { rules: { 'dns-cut': 'deny' } }, { exemptions: {} }]) {
      assert.notDeepEqual(config.put('a', spec), [], JSON.stringify(spec));
    }
    assert.deepEqual(config.put('a', undefined), [], 'no spec sets nothing');
  });

  test('the same spec again is no news: only its status has changed', () => {
    const { config, news } = live(file);
    config.put('a', { profile: 'strict' });
    config.put('a', { profile: 'strict' });
    config.put('b', { profile: 'x' });
    assert.equal(config.put('b', { profile: 'x' }).length, 1);
    assert.equal(news.length, 2);
  });
});

describe('the file', () => {
  let folder: string;
  let turn: number;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'portent-live-'));
    turn = 0;
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  /** As the kubelet does it: a new folder, and one link that is swapped. */
  function swap(text: string): void {
    const name = `..${turn++}`;
    mkdirSync(join(folder, name));
    writeFileSync(join(folder, name, 'config.yaml'), text);
    symlinkSync(name, join(folder, '..new'));
    renameSync(join(folder, '..new'), join(folder, '..data'));
  }

  function started(text: string): { config: LiveConfig; news: News[]; path: string } {
    swap(text);
    const path = join(folder, 'config.yaml');
    symlinkSync(join('..data', 'config.yaml'), path);
    const news: News[] = [];
    const environment = { PORTENT_STALE: 'deny' };
    const { config, file } = loadConfig({ file: path, environment, rules: RULES });
    assert.ok(file !== undefined);
    const made = new LiveConfig(config, { file, rules: RULES, onNews: (one) => news.push(one) });
    return { config: made, news, path };
  }

  test('a swapped link counts after two looks, below the environment as before', () => {
    const { config, news } = started('profile: advise\nstale: allow\n');
    config.look();
    assert.deepEqual(news, []);
    swap('profile: strict\nstale: allow\n');
    config.look();
    assert.equal(config.current.profile, 'advise', 'it may still be written');
    config.look();
    config.look();
    assert.deepEqual([config.current.profile, config.current.stale], ['strict', 'deny']);
    assert.deepEqual(news, [{ source: 'file', name: '', result: 'applied', problems: [], later: [] }]);
  });

  test('broken: the last good one stays, said once; mended: it counts', () => {
    const { config, news } = started('profile: strict\n');
    swap('profile: hard\nrules: {dns-cutt: deny}\n');
    for (let i = 0; i < 4; i++) config.look();
    assert.equal(config.current.profile, 'strict');
    assert.equal(news.length, 1);
    assert.equal(news[0]?.result, 'broken');
    assert.match(
      config.problems()[0] ?? '',
      /^configuration: .*profile: "hard": use .*the last good one stays/,
    );
    assert.equal(config.isGood('file'), false);
    swap('profile: advise\n');
    for (let i = 0; i < 2; i++) config.look();
    assert.equal(config.current.profile, 'advise');
    assert.deepEqual([config.problems(), config.isGood('file')], [[], true]);
  });

  test('back to what it was before it broke: nothing is wrong any more', () => {
    const { config } = started('profile: strict\n');
    swap('profile: hard\n');
    for (let i = 0; i < 2; i++) config.look();
    assert.equal(config.isGood('file'), false);
    swap('profile: strict\n');
    for (let i = 0; i < 2; i++) config.look();
    assert.deepEqual([config.problems(), config.current.profile], [[], 'strict']);
  });

  test('a file that is gone changes nothing and is said', () => {
    const { config, path } = started('profile: strict\n');
    unlinkSync(path);
    for (let i = 0; i < 2; i++) config.look();
    assert.equal(config.current.profile, 'strict');
    assert.match(config.problems()[0] ?? '', /no such file/);
  });

  test('what is read at the start only is named, and PortentPolicies stay on top', () => {
    const { config, news } = started('profile: advise\n');
    config.put('a', { profile: 'strict' });
    swap('listen: {port: 9000}\nlimits: {inFlight: 5}\nlog: {level: debug}\nprofile: standard\n');
    for (let i = 0; i < 2; i++) config.look();
    assert.deepEqual(news.at(-1)?.later, ['listen.port', 'limits.inFlight']);
    assert.deepEqual([config.current.log.level, config.current.profile], ['debug', 'strict']);
  });
});
