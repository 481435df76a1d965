import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { overlay, type View } from '../model/overlay.ts';
import { PROTOCOLS, type Protocol } from '../netset/connections.ts';
import type { Explanation } from '../simulate/contract.ts';
import { type EndProblem, type ExplainEnd, parseEnd } from '../simulate/ends.ts';
import { explain } from '../simulate/explain.ts';
import { ALLOWED, BAD_INPUT, DENIED, Failure } from './failure.ts';
import type { ExplainOptions } from './options.ts';
import { type Output, standardOutput } from './output.ts';
import { loadState } from './state.ts';

/** `portent explain`: one connection from the arguments, or many from a file. */
export async function explainCommand(
  words: readonly (string | undefined)[],
  options: ExplainOptions,
): Promise<number> {
  const [from, to, port] = words;
  if (options.queries !== undefined) {
    if (from !== undefined) throw new Failure('give either FROM TO PORT or --queries FILE, not both');
    return explainMany(options.queries, options);
  }
  if (from === undefined || to === undefined || port === undefined) {
    throw new Failure('explain needs FROM TO PORT[/PROTOCOL], or --queries FILE');
  }
  return explainOne(from, to, portOf(port), options);
}

async function explainOne(from: string, to: string, asked: Asked, options: ExplainOptions): Promise<number> {
  const store = await loadState(options);
  const view = overlay(store, []);
  const [source, target] = [parseEnd(view, from), parseEnd(view, to)];
  const problems = [source, target].flatMap((end) => ('problem' in end ? [end.problem] : []));
  if (isProblem(source) || isProblem(target)) throw new Failure(problems);
  if (source.kind === 'service')
    throw new Failure(`"${from}" cannot open connections; a Service is only a TO`);
  const answer = explain(view, source, target, asked.port, asked.protocol);
  const out = standardOutput();
  if (options.output === 'json') out.line(JSON.stringify(answer));
  else writeText(answer, out);
  out.end();
  return answer.verdict === 'denied' ? DENIED : ALLOWED;
}

function writeText({ from, to, port, protocol, verdict, reason, because }: Explanation, out: Output): void {
  out.line(`${verdict}: ${from} -> ${to} ${protocol} ${port}`);
  out.line(`  ${reason}`);
  for (const one of because) out.line(`  - ${one}`);
}

/** One query a line, one answer a line, in the same order; nothing is kept but the ends already looked up. */
async function explainMany(file: string, options: ExplainOptions): Promise<number> {
  const store = await loadState(options);
  const view = overlay(store, []);
  const ends = new Map<string, ExplainEnd | EndProblem>();
  const input = file === '-' ? process.stdin : createReadStream(file, 'utf8');
  const out = standardOutput();
  let line = 0;
  let bad = false;
  try {
    for await (const text of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
      line++;
      if (text.trim() === '') continue;
      const query = readQuery(text);
      if ('problem' in query) {
        process.stderr.write(`error: ${file}:${line}: ${query.problem}\n`);
        bad = true;
        continue;
      }
      out.line(JSON.stringify({ ...query, ...answer(view, query, ends) }));
    }
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') {
      throw new Failure(`${file}: no such file`);
    }
    throw error;
  }
  out.end();
  return bad ? BAD_INPUT : ALLOWED;
}

interface Asked {
  readonly port: number;
  readonly protocol: Protocol;
}

interface Query extends Asked {
  readonly from: string;
  readonly to: string;
}

function answer(
  view: View,
  query: Query,
  ends: Map<string, ExplainEnd | EndProblem>,
): Pick<Explanation, 'verdict' | 'reason' | 'because'> {
  const end = (text: string): ExplainEnd | EndProblem => {
    const known = ends.get(text);
    if (known !== undefined) return known;
    const found = parseEnd(view, text);
    ends.set(text, found);
    return found;
  };
  const [source, target] = [end(query.from), end(query.to)];
  if (isProblem(source)) return { verdict: 'unknown', reason: source.problem, because: [] };
  if (isProblem(target)) return { verdict: 'unknown', reason: target.problem, because: [] };
  const { verdict, reason, because } = explain(view, source, target, query.port, query.protocol);
  return { verdict, reason, because };
}

function readQuery(text: string): Query | { readonly problem: string } {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch {
    return { problem: 'not JSON; write {"from":"x/a","to":"y/b","port":80,"protocol":"TCP"}' };
  }
  if (typeof raw !== 'object' || raw === null) return { problem: 'a query is a JSON object' };
  const { from, to, port, protocol = 'TCP' } = raw as Readonly<Record<string, unknown>>;
  if (typeof from !== 'string' || typeof to !== 'string') return { problem: '"from" and "to" must be texts' };
  if (!isPort(port)) return { problem: '"port" must be a number from 1 to 65535' };
  if (!isProtocol(protocol)) return { problem: '"protocol" must be TCP, UDP or SCTP' };
  return { from, to, port, protocol };
}

function portOf(text: string): Asked {
  const form = /^([0-9]{1,5})(?:\/([A-Za-z]+))?$/.exec(text);
  const port = Number(form?.[1]);
  const protocol = (form?.[2] ?? 'TCP').toUpperCase();
  if (form === null || !isPort(port) || !isProtocol(protocol)) {
    throw new Failure(`"${text}" is not a port; write PORT or PORT/PROTOCOL, such as 53/UDP`);
  }
  return { port, protocol };
}

function isPort(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= 65535;
}

function isProtocol(value: unknown): value is Protocol {
  return PROTOCOLS.some((one) => one === value);
}

function isProblem(end: ExplainEnd | EndProblem): end is EndProblem {
  return 'problem' in end;
}
