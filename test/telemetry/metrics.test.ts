import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { Metrics, type WatchFigures } from '../../src/telemetry/metrics.ts';
import { METRICS } from '../../src/telemetry/names.ts';

const watch: WatchFigures = {
  kind: 'Pod',
  state: 'live',
  synced: true,
  lastContact: 1_700_000_000_000,
  restarts: 3,
  relists: 1,
  objects: 42,
};

function everything(): Metrics {
  return new Metrics({
    rules: ['connectivity-lost', 'node-port-range'],
    version: '0.1.0',
    sources: {
      model: () => ({ state: 'live', pods: 7 }),
      watches: () => [watch],
      certificateExpiry: () => 1_800_000_000_000,
      lag: () => 0.25,
      recent: () => 2,
      configGood: (source) => source === 'file',
      events: () => ({ written: 4, failed: 0, dropped: 1 }),
    },
  });
}

function series(text: string): string[] {
  return text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
}

test('a scrape shows every metric of the list, with its help', async () => {
  const text = await everything().text();
  for (const { name, help, type } of Object.values(METRICS)) {
    assert(text.includes(`# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`), name);
  }
});

test('which source of the configuration is in force, and what was read', async () => {
  const metrics = everything();
  metrics.configRead('policy', 'broken');
  const lines = series(await metrics.text()).filter((line) => line.startsWith('portent_config_'));
  assert.deepEqual(lines.toSorted(), [
    'portent_config_good{source="file"} 1',
    'portent_config_good{source="policy"} 0',
    'portent_config_reads_total{source="file",result="applied"} 0',
    'portent_config_reads_total{source="file",result="broken"} 0',
    'portent_config_reads_total{source="file",result="removed"} 0',
    'portent_config_reads_total{source="policy",result="applied"} 0',
    'portent_config_reads_total{source="policy",result="broken"} 1',
    'portent_config_reads_total{source="policy",result="removed"} 0',
  ]);
});

test('figures of the sources are those at the time of the scrape', async () => {
  const metrics = everything();
  await metrics.text();
  const text = await metrics.text();
  for (const line of [
    'portent_watch_restarts_total{kind="Pod"} 3',
    'portent_watch_synced{kind="Pod"} 1',
    'portent_watch_state{kind="Pod",state="live"} 1',
    'portent_watch_state{kind="Pod",state="forbidden"} 0',
    'portent_watch_last_contact_timestamp_seconds{kind="Pod"} 1700000000',
    'portent_certificate_expiry_timestamp_seconds 1800000000',
    'portent_model_state{state="live"} 1',
    'portent_model_state{state="stale"} 0',
    'portent_event_loop_lag_seconds 0.25',
    'portent_events_total{result="written"} 4',
    'portent_events_total{result="dropped"} 1',
  ]) {
    assert(series(text).includes(line), line);
  }
});

test('values outside the closed sets become other', async () => {
  const metrics = everything();
  metrics.review({
    resource: 'secrets',
    operation: 'connect',
    decision: 'perhaps',
    dryRun: true,
    seconds: 1,
    findings: [],
    unchecked: [],
  });
  metrics.review({
    resource: 'services',
    operation: 'create',
    decision: 'deny',
    dryRun: false,
    seconds: 1,
    findings: [{ rule: 'nobody-wrote-it', severity: 'odd', action: 'sing' }],
    unchecked: [{ rule: 'nobody-wrote-it' }],
  });
  const text = await metrics.text();
  for (const line of [
    'portent_admission_requests_total{resource="other",operation="other",decision="other",dry_run="true"} 1',
    'portent_findings_total{rule="other",severity="other",action="other"} 1',
    'portent_unchecked_total{rule="other"} 1',
  ]) {
    assert(series(text).includes(line), line);
  }
});

test('a dry run is counted as one, and its findings are not', async () => {
  const metrics = everything();
  metrics.review({
    resource: 'services',
    operation: 'create',
    decision: 'deny',
    dryRun: true,
    seconds: 0.002,
    findings: [{ rule: 'node-port-range', severity: 'high', action: 'deny' }],
    unchecked: [],
  });
  const text = await metrics.text();
  assert.match(
    text,
    /requests_total\{resource="services",operation="create",decision="deny",dry_run="true"\} 1/,
  );
  assert.doesNotMatch(text, /portent_findings_total\{/);
});

test('promtool finds nothing wrong with the metrics', async (context) => {
  const input = await everything().text();
  const result = spawnSync('promtool', ['check', 'metrics'], { input, encoding: 'utf8' });
  if (result.error !== undefined) {
    context.diagnostic('promtool is not installed; names are checked here instead');
    for (const { name, type } of Object.values(METRICS)) {
      assert.equal(name.endsWith('_total'), type === 'counter', name);
      assert.match(name, /^(portent|process)_[a-z_]+$/);
    }
    return;
  }
  assert.equal(result.stderr + result.stdout, '');
  assert.equal(result.status, 0);
});
