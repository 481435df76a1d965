/** PortentPolicies among the manifests of `-f`. */
import type { Config } from '../config/config.ts';
import type { LiveConfig } from '../config/live.ts';
import { readPolicySpec } from '../config/policy.ts';
import { type RawDocument, shown } from '../model/parse/problem.ts';
import { checkMetadata } from '../model/parse/strict/metadata.ts';
import type { Report } from '../model/parse/strict/report.ts';
import { fields, isAbsent, isFields, text } from '../model/parse/wire.ts';
import { RULE_IDS } from '../rules/index.ts';

const SERVED = 'portent.dev/v1alpha1';
const FIELDS: readonly string[] = ['apiVersion', 'kind', 'metadata', 'spec', 'status'];

export interface PolicyManifest {
  readonly name: string;
  readonly spec: unknown;
  /** How many manifests of judged kinds stand before it. */
  readonly place: number;
}

/** Whether a document is a PortentPolicy, of whatever version. */
export function isPortentPolicy({ raw }: RawDocument): boolean {
  const { apiVersion, kind } = fields(raw);
  return kind === 'PortentPolicy' && text(apiVersion).startsWith('portent.dev/');
}

/** Reports what the API server would refuse, and what Portent would then write into its status. */
export function checkPortentPolicy({ raw }: RawDocument, report: Report): void {
  const { apiVersion, spec } = fields(raw);
  if (apiVersion !== SERVED) {
    report(['apiVersion'], 'no such version of PortentPolicy', `Write ${SERVED}`);
    return;
  }
  checkMetadata(raw, 'PortentPolicy', report);
  for (const key of Object.keys(fields(raw))) {
    if (!FIELDS.includes(key)) report([key], `unknown field ${shown(key)}`);
  }
  if (isAbsent(spec)) report([], 'spec is missing');
  else if (!isFields(spec)) report(['spec'], 'must be an object');
  else {
    const read = readPolicySpec(spec, RULE_IDS);
    for (const problem of 'problems' in read ? read.problems : []) {
      report(['spec', ...stepsOf(problem.path)], problem.text);
    }
  }
}

function stepsOf(path: string): (string | number)[] {
  if (path === '') return [];
  return path.split('.').map((step) => (/^\d{1,9}$/.test(step) ? Number(step) : step));
}

/**
 * The configuration each of `count` judged manifests meets: that of the cluster with the policies before it put,
 * or, when the manifests are deleted, removed. `together`: all of them for each.
 */
export function configsOf(
  live: LiveConfig,
  policies: readonly PolicyManifest[],
  count: number,
  { isDelete, together }: { readonly isDelete: boolean; readonly together: boolean },
): Config[] {
  const waiting = [...policies];
  return Array.from({ length: count }, (_, place) => {
    while (waiting[0] !== undefined && (together || waiting[0].place <= place)) {
      const { name, spec } = waiting.shift() as PolicyManifest;
      if (isDelete) live.remove(name);
      else live.put(name, spec);
    }
    return live.current;
  });
}
