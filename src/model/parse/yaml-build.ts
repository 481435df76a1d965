import { EVENT_ID, type Event, getScalarValue, SCALAR_STYLE, type ScalarEvent } from 'js-yaml';
import { resolvePlain } from './yaml-scalar.ts';

/** Aliases may repeat this many nodes in a document; beyond it, it is an attack by growth ("billion laughs"). */
const MOST_ALIASED = 100_000;

interface Frame {
  readonly target: unknown[] | Record<string, unknown>;
  readonly event: number;
  readonly anchor: string;
  /** The key waiting for its value; undefined between pairs. */
  key: string | undefined;
  keyEvent: number;
  merges: unknown[] | undefined;
  nodes: number;
}

interface Anchored {
  readonly value: unknown;
  readonly nodes: number;
}

/** Something the text does that the reader of a Kubernetes object refuses, and at which event. */
export interface BuildProblem {
  readonly event: number;
  readonly message: string;
  readonly fix?: string;
}

export interface BuiltDocument {
  readonly value: unknown;
  /** The first event after the document's own. */
  readonly first: number;
  readonly problems: readonly BuildProblem[];
}

/**
 * The documents of a parsed text as plain JSON. Keys become strings, `__proto__` is a key like any other,
 * `<<` merges, a key that stands twice is a problem.
 */
export function buildDocuments(source: string, events: readonly Event[]): BuiltDocument[] {
  const documents: BuiltDocument[] = [];
  for (let i = 0; i < events.length; ) {
    const end = endOfDocument(events, i);
    documents.push(build(source, events, i + 1, end));
    i = end + 1;
  }
  return documents;
}

function endOfDocument(events: readonly Event[], start: number): number {
  let depth = 0;
  for (let i = start; i < events.length; i++) {
    const { type } = events[i] as Event;
    if (type === EVENT_ID.POP) depth--;
    else if (type !== EVENT_ID.SCALAR && type !== EVENT_ID.ALIAS) depth++;
    if (depth === 0) return i;
  }
  return events.length;
}

function build(source: string, events: readonly Event[], first: number, end: number): BuiltDocument {
  const problems: BuildProblem[] = [];
  const anchors = new Map<string, Anchored | undefined>();
  const frames: Frame[] = [];
  let root: unknown;
  let aliased = 0;

  const add = (value: unknown, nodes: number, event: number): void => {
    const frame = frames.at(-1);
    if (frame === undefined) {
      root = value;
      return;
    }
    frame.nodes += nodes;
    if (Array.isArray(frame.target)) {
      frame.target.push(value);
    } else if (frame.key === undefined) {
      frame.key = keyText(value);
      frame.keyEvent = event;
      if (frame.key === undefined) {
        problems.push({ event, message: 'a key must be text' });
        frame.key = '';
      }
    } else {
      const key = frame.key;
      frame.key = undefined;
      if (key === '<<' && isMergeKey(source, events[frame.keyEvent])) {
        frame.merges = [...(frame.merges ?? []), ...(Array.isArray(value) ? value : [value])];
        return;
      }
      if (Object.hasOwn(frame.target, key)) {
        problems.push({
          event: frame.keyEvent,
          message: `the key ${JSON.stringify(key.slice(0, 80))} stands twice`,
          fix: 'Keep one of the two',
        });
      }
      put(frame.target, key, value);
    }
  };

  for (let i = first; i < end; i++) {
    const event = events[i] as Event;
    switch (event.type) {
      case EVENT_ID.SCALAR: {
        const value = scalar(source, event);
        if (event.anchorStart >= 0) {
          anchors.set(source.slice(event.anchorStart, event.anchorEnd), { value, nodes: 1 });
        }
        add(value, 1, i);
        break;
      }
      case EVENT_ID.SEQUENCE:
      case EVENT_ID.MAPPING: {
        const anchor = event.anchorStart >= 0 ? source.slice(event.anchorStart, event.anchorEnd) : '';
        if (anchor !== '') anchors.set(anchor, undefined);
        const target = event.type === EVENT_ID.SEQUENCE ? [] : {};
        frames.push({ target, event: i, anchor, key: undefined, keyEvent: i, merges: undefined, nodes: 1 });
        break;
      }
      case EVENT_ID.POP: {
        const frame = frames.pop();
        if (frame === undefined) break;
        if (frame.merges !== undefined) merge(frame);
        if (frame.anchor !== '') anchors.set(frame.anchor, { value: frame.target, nodes: frame.nodes });
        add(frame.target, frame.nodes, frame.event);
        break;
      }
      case EVENT_ID.ALIAS: {
        const name = source.slice(event.anchorStart, event.anchorEnd);
        const anchored = anchors.get(name);
        if (anchored === undefined) {
          const message = anchors.has(name) ? 'contains itself' : 'is not defined before it is used';
          return {
            value: undefined,
            first,
            problems: [{ event: i, message: `the anchor ${name} ${message}` }],
          };
        }
        aliased += anchored.nodes;
        if (aliased > MOST_ALIASED) {
          const message = `aliases repeat more than ${MOST_ALIASED} values`;
          return { value: undefined, first, problems: [{ event: i, message, fix: 'Write the values out' }] };
        }
        add(anchored.value, anchored.nodes, i);
        break;
      }
    }
  }
  return { value: root, first, problems };
}

function scalar(source: string, event: ScalarEvent): unknown {
  const text = getScalarValue(source, event);
  if (event.tagStart < 0) return event.style === SCALAR_STYLE.PLAIN ? resolvePlain(text) : text;
  const tag = source.slice(event.tagStart, event.tagEnd);
  return /^!!(int|float|bool|null)$|2002:(int|float|bool|null)>?$/.test(tag) ? resolvePlain(text) : text;
}

/** Keys of other types are written out as text, as JSON needs it; null and collections cannot be keys. */
export function keyText(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;
}

/** A quoted `"<<"` is an ordinary key. */
function isMergeKey(source: string, event: Event | undefined): boolean {
  return (
    event?.type === EVENT_ID.SCALAR &&
    event.style === SCALAR_STYLE.PLAIN &&
    source.slice(event.valueStart, event.valueEnd) === '<<'
  );
}

/** What stands in the mapping itself wins over what is merged in; of several, the first wins. */
function merge(frame: Frame): void {
  if (Array.isArray(frame.target)) return;
  for (const from of frame.merges ?? []) {
    if (typeof from !== 'object' || from === null || Array.isArray(from)) continue;
    for (const [key, value] of Object.entries(from)) {
      if (!Object.hasOwn(frame.target, key)) put(frame.target, key, value);
    }
  }
}

/** Assignment to `__proto__` would change what every later look-up on the object finds. */
function put(target: Record<string, unknown>, key: string, value: unknown): void {
  if (key !== '__proto__') target[key] = value;
  else Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
}
