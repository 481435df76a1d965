import { LiveConfig } from '../config/live.ts';
import { type JudgeContext, judgeAll } from '../decision/judge.ts';
import { changedObject } from '../model/change.ts';
import { overlay } from '../model/overlay.ts';
import { RULE_IDS } from '../rules/index.ts';
import { diffConnections } from '../simulate/diff.ts';
import { ALLOWED, DENIED, Failure } from './failure.ts';
import { writeReport } from './formats/check.ts';
import type { Report, ReportChange } from './formats/report.ts';
import { changesOf, type JudgedManifest, readManifests, undone } from './manifests.ts';
import type { CheckOptions } from './options.ts';
import { standardOutput } from './output.ts';
import { configsOf } from './policies.ts';
import { loadSettings } from './settings.ts';
import { loadState } from './state.ts';

const BY = { by: 'workload' } as const;

/** `portent check`: judges manifests as the webhook would. */
export async function check(options: CheckOptions): Promise<number> {
  const report = await reportOf(options);
  const out = standardOutput();
  writeReport(report, options.output, out);
  out.end();
  if (report.decision === 'deny') return DENIED;
  return options.failOn === 'warn' && report.decision === 'warn' ? DENIED : ALLOWED;
}

async function reportOf(options: CheckOptions): Promise<Report> {
  if (options.fix === true && options.output !== 'text') {
    throw new Failure('--fix prints text; with -o json the findings carry a "patch", with -o sarif "fixes"');
  }
  const loaded = loadSettings(options.config);
  const live = new LiveConfig(loaded.config, {
    rules: RULE_IDS,
    onNews: ({ name, problems }) => {
      for (const problem of problems)
        process.stderr.write(`warning: PortentPolicy ${name} left out: ${problem}\n`);
    },
  });
  const { judged, policies, others } = readManifests(options.file, options.namespace);
  const store = await loadState(options, {
    mayBeEmpty: true,
    more: others,
    cni: loaded.config.cni,
    configMaps: loaded.config.evidence.configMaps,
    policies: live,
  });
  const isDelete = options.delete === true;
  const mode = options.together === true ? 'together' : 'sequence';
  const changes = changesOf(store, judged, isDelete);
  const together = mode === 'together';
  const now = Date.now();
  const contexts = configsOf(live, policies, judged.length, { isDelete, together }).map(
    (config): JudgeContext => ({ config, dryRun: true, earlier: [], budget: config.budget, now }),
  );
  const contextAt = (place: number): JudgeContext => contexts[place] as JudgeContext;
  const all = judgeAll(store, changes, contextAt, mode);
  const trial = {
    snapshot: store,
    changes,
    contextAt,
    mode,
    namespace: options.namespace,
  } as const;
  const ready =
    options.fix === true || options.output === 'sarif'
      ? (await import('./fix/ready.ts')).readyFix
      : () => undefined;
  return {
    decision: all.decision,
    changes: all.changes.map(({ change, judgement }, place): ReportChange => {
      const { kind, namespace, name } = changedObject(change);
      const manifest = judged[place] as JudgedManifest;
      const { file, line } = manifest;
      const { decision, findings, unchecked, exemptions, simulation } = judgement;
      const shown = { operation: change.operation, kind, namespace, name, file, line, decision };
      const fixed = findings.map((finding) => ({
        ...finding,
        ready: ready(trial, place, manifest, finding, judgement),
      }));
      const rest = { findings: fixed, unchecked, exemptions: exemptions.map((each) => each.text) };
      if (together) return { ...shown, ...rest };
      return { ...shown, ...rest, diff: diffConnections(simulation.before, simulation.after, BY) };
    }),
    diff: diffConnections(overlay(store, undone(changes)), overlay(store, changes), BY),
  };
}
