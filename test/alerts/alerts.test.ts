/** The alerts of the chart: rules that Prometheus takes, a page and a unit test (promtool) for each. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after, before, test } from 'node:test';
import { parse } from 'yaml';
import { LABEL_VALUES } from '../../src/telemetry/names.ts';
import { only, render } from '../chart/helm.ts';

interface Alert {
  readonly alert: string;
  readonly expr: string;
  readonly for: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

interface Spec {
  readonly groups: readonly { readonly name: string; readonly rules: readonly Alert[] }[];
}

interface UnitTest {
  readonly tests: readonly {
    readonly alert_rule_test: readonly {
      readonly alertname: string;
      readonly exp_alerts: readonly unknown[];
    }[];
  }[];
}

const pages = join(import.meta.dirname, '..', '..', 'docs', 'runbooks');
const namesIn = (folder: string, ending: string): string[] =>
  readdirSync(folder)
    .filter((name) => name.endsWith(ending) && name !== 'README.md')
    .map((name) => basename(name, ending))
    .sort();

let folder: string;
let alerts: readonly Alert[];

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'portent-alerts-'));
  const { spec } = only(await render('helm3', 'prometheusRule.enabled=true'), 'PrometheusRule');
  writeFileSync(join(folder, 'rules.yaml'), JSON.stringify(spec));
  alerts = (spec as Spec).groups.flatMap(({ rules }) => rules);
});

after(() => rmSync(folder, { recursive: true, force: true }));

/** What promtool printed. A machine without it fails, with what to install. */
function promtool(...args: readonly string[]): string {
  const { error, status, stdout, stderr } = spawnSync('promtool', args, { cwd: folder, encoding: 'utf8' });
  assert.equal(
    error,
    undefined,
    'promtool is missing: install prometheus (Debian: apt-get install prometheus)',
  );
  assert.equal(status, 0, stdout + stderr);
  return stdout;
}

test('promtool takes the rules', () => {
  assert.match(promtool('check', 'rules', 'rules.yaml'), new RegExp(`SUCCESS: ${alerts.length} rules found`));
});

test('each alert has a page, and each page an alert', () => {
  assert.deepEqual(namesIn(pages, '.md'), alerts.map(({ alert }) => alert).sort());
  for (const { alert, annotations } of alerts) {
    assert.equal(annotations.runbook_url, `docs/runbooks/${alert}.md`);
    const page = readFileSync(join(pages, `${alert}.md`), 'utf8');
    assert.ok(page.startsWith(`# ${alert}\n`), alert);
    for (const part of ['## Look', '## Do']) assert.ok(page.includes(`\n${part}\n`), `${alert}: ${part}`);
    for (const [, linked = ''] of page.matchAll(/\]\(([^)]+)\)/g)) readFileSync(join(pages, linked));
  }
});

test('the pages of what is turned away or unreadable explain every reason', () => {
  const { shed, malformed } = LABEL_VALUES;
  const reasons = { PortentSheds: shed.filter((reason) => reason !== 'gone'), PortentMalformed: malformed };
  for (const [alert, values] of Object.entries(reasons)) {
    const page = readFileSync(join(pages, `${alert}.md`), 'utf8');
    assert.deepEqual(
      values.filter((reason) => !page.includes(`\`${reason}\``)),
      [],
      alert,
    );
  }
});

test('the address of the pages is a value', async () => {
  const base = 'prometheusRule.runbookBaseUrl="https://example.com/runbooks/"';
  const { spec } = only(await render('helm', 'prometheusRule.enabled=true', base), 'PrometheusRule');
  for (const { alert, annotations } of (spec as Spec).groups.flatMap(({ rules }) => rules)) {
    assert.equal(annotations.runbook_url, `https://example.com/runbooks/${alert}.md`);
  }
});

test('each alert says how bad it is, what happens and for how long it waits', () => {
  for (const { alert, labels, annotations, for: wait } of alerts) {
    assert.ok(['critical', 'warning'].includes(labels.severity ?? ''), alert);
    for (const name of ['summary', 'description'])
      assert.match(annotations[name] ?? '', /^[A-Z`{].*\.$/, alert);
    assert.match(wait, /^\d+[mh]$/);
  }
});

test('each alert has a test in which it fires and one in which it does not', () => {
  const tested = namesIn(import.meta.dirname, '.yaml');
  assert.deepEqual(tested, alerts.map(({ alert }) => alert).sort());
  for (const alert of tested) {
    const { tests } = parse(readFileSync(join(import.meta.dirname, `${alert}.yaml`), 'utf8')) as UnitTest;
    const asked = tests.map(({ alert_rule_test: cases }) =>
      cases.filter(({ alertname }) => alertname === alert),
    );
    assert.ok(
      asked.flat().some(({ exp_alerts }) => exp_alerts.length > 0),
      `${alert} never fires`,
    );
    // Not before its time alone, but in a world of its own.
    const silent = asked.some(
      (cases) => cases.length > 0 && cases.every(({ exp_alerts }) => exp_alerts.length === 0),
    );
    assert.ok(silent, `${alert} is never silent`);
  }
});

test('promtool runs every unit test', () => {
  const files = namesIn(import.meta.dirname, '.yaml').map((name) => `${name}.yaml`);
  for (const file of files) copyFileSync(join(import.meta.dirname, file), join(folder, file));
  const said = promtool('test', 'rules', ...files);
  assert.equal(said.match(/SUCCESS/g)?.length, files.length, said);
});
