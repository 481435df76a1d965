import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

/** A world of the agreed verdicts: plain objects, questions and answers. */
export interface AgreedWorld {
  readonly id: string;
  readonly objects: readonly object[];
  readonly queries: readonly AgreedQuery[];
}

export interface AgreedQuery {
  readonly from: string;
  readonly to: string;
  readonly port: number;
  readonly protocol: 'TCP' | 'UDP' | 'SCTP';
  readonly verdict: 'allowed' | 'denied' | 'unknown';
}

const DATA = join(import.meta.dirname, 'data');

/** The worlds of `data/NAME.jsonl.gz`, one JSON line each. */
export function agreedWorlds(name: 'small' | 'large'): AgreedWorld[] {
  const lines = gunzipSync(readFileSync(join(DATA, `${name}.jsonl.gz`)))
    .toString()
    .split('\n');
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as AgreedWorld);
}

/** The objects as `kubectl get … -o json` prints them. */
export function listText(world: AgreedWorld): string {
  return JSON.stringify({ apiVersion: 'v1', kind: 'List', items: world.objects });
}

/** The questions without their answers, as `explain --queries` reads them. */
export function queryText(world: AgreedWorld): string {
  return world.queries
    .map(({ from, to, port, protocol }) => `${JSON.stringify({ from, to, port, protocol })}\n`)
    .join('');
}
