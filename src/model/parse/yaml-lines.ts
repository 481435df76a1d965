import { EVENT_ID, type Event, getScalarValue, SCALAR_STYLE } from 'js-yaml';
import type { Path } from './problem.ts';
import { keyText } from './yaml-build.ts';
import { resolvePlain } from './yaml-scalar.ts';

/** Turns offsets of a text into line numbers, from 1. The index is made when the first is asked for. */
export class Lines {
  readonly #source: string;
  #starts: number[] | undefined;

  constructor(source: string) {
    this.#source = source;
  }

  at(offset: number): number {
    this.#starts ??= startsOf(this.#source);
    let low = 0;
    let high = this.#starts.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#starts[middle] as number) <= offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function startsOf(source: string): number[] {
  const starts = [0];
  for (let at = source.indexOf('\n'); at >= 0; at = source.indexOf('\n', at + 1)) starts.push(at + 1);
  return starts;
}

/** Where an event begins in the text; `otherwise` for an empty value, which stands nowhere. */
export function offsetOf(event: Event | undefined, otherwise: number = 0): number {
  if (event === undefined) return otherwise;
  if (event.type === EVENT_ID.SCALAR) return event.valueStart >= 0 ? event.valueStart : otherwise;
  if (event.type === EVENT_ID.ALIAS) return event.anchorStart;
  return event.type === EVENT_ID.MAPPING || event.type === EVENT_ID.SEQUENCE ? event.start : otherwise;
}

/**
 * The offset of the field at `path` in the node that begins with event `at`: of its key in a mapping, of the item
 * itself in a list. When the path leads nowhere, of the last step that exists.
 */
export function findOffset(source: string, events: readonly Event[], at: number, path: Path): number {
  let node = at;
  let found = offsetOf(events[at]);
  for (const step of path) {
    const event = events[node];
    let next: number | undefined;
    if (event?.type === EVENT_ID.MAPPING) next = findKey(source, events, node, String(step));
    else if (event?.type === EVENT_ID.SEQUENCE) next = findItem(events, node, Number(step));
    if (next === undefined) return found;
    found = offsetOf(events[next], found);
    node = event?.type === EVENT_ID.MAPPING ? next + 1 : next;
  }
  return found;
}

/** The event of the key; of the last one when it stands twice, for that is the value in force. */
function findKey(source: string, events: readonly Event[], node: number, key: string): number | undefined {
  let found: number | undefined;
  for (let i = node + 1; i < events.length && events[i]?.type !== EVENT_ID.POP; ) {
    const event = events[i];
    if (event?.type === EVENT_ID.SCALAR) {
      const text = getScalarValue(source, event);
      const value = event.style === SCALAR_STYLE.PLAIN ? keyText(resolvePlain(text)) : text;
      if (value === key) found = i;
    }
    i = after(events, after(events, i));
  }
  return found;
}

function findItem(events: readonly Event[], node: number, index: number): number | undefined {
  let i = node + 1;
  for (let n = 0; i < events.length && events[i]?.type !== EVENT_ID.POP; n++) {
    if (n === index) return i;
    i = after(events, i);
  }
  return undefined;
}

/** The first event behind the node that begins at `i`. */
function after(events: readonly Event[], i: number): number {
  let depth = 0;
  for (let j = i; j < events.length; j++) {
    const { type } = events[j] as Event;
    if (type === EVENT_ID.POP) depth--;
    else if (type !== EVENT_ID.SCALAR && type !== EVENT_ID.ALIAS) depth++;
    if (depth <= 0) return j + 1;
  }
  return events.length;
}
