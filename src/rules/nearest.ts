import { distance } from '../model/distance.ts';
import { labelValue } from '../model/labels.ts';
import { type Requirement, type Selector, selects } from '../model/selector.ts';
import type { PodClass } from '../model/snapshot.ts';

/** A label that a selector asks for, and the one it may have meant. */
export interface Meant {
  /** The place among the selector's requirements. */
  readonly requirement: number;
  readonly key: string;
  readonly value: string;
}

/** Values and requirements looked at for one guess: labels are written by strangers, and a guess is only a courtesy. */
const MOST_VALUES = 100;
const MOST_REQUIREMENTS = 20;

/**
 * A label pair that exists and that the selector may have meant: the same key with a value that differs by a
 * slip of the keyboard, or the same value under another key. Undefined when nothing is close.
 */
export function meantLabel(selector: Selector, classes: readonly PodClass[]): Meant | undefined {
  const most = Math.min(selector.requirements.length, MOST_REQUIREMENTS);
  for (let i = 0; i < most; i++) {
    const { key, operator, values } = selector.requirements[i] as Requirement;
    if (operator !== 'In') continue;
    const wanted = values[0] as string;
    const present = valuesOf(classes, key);
    if (values.some((value) => present.has(value))) continue;
    const near = nearest(wanted, present);
    if (near !== undefined) return { requirement: i, key, value: near };
    const other = keyOfValue(classes, wanted);
    if (other !== undefined) return { requirement: i, key: other, value: wanted };
  }
  return undefined;
}

/** `app=web`. */
export function meantText({ key, value }: Meant): string {
  return `${key}=${value}`;
}

/**
 * The selector with the label it may have meant, where that label alone was wrong: it must select some of the
 * pods that a policy or Service can select.
 */
export function correctedSelector(
  selector: Selector,
  meant: Meant | undefined,
  classes: readonly PodClass[],
): Selector | undefined {
  if (meant === undefined) return undefined;
  const { requirement, key, value } = meant;
  const right = {
    requirements: selector.requirements.with(requirement, { key, operator: 'In', values: [value] }),
  };
  return classes.some(({ labels, hostNetwork }) => !hostNetwork && selects(right, labels))
    ? right
    : undefined;
}

/**
 * The candidate a few slips away from `wanted`, the closest first; undefined when none is. Names that differ only in
 * their numbers are siblings.
 */
export function nearest(wanted: string, candidates: Iterable<string>): string | undefined {
  let best: string | undefined;
  let bestDistance = Math.max(1, Math.min(3, Math.floor(wanted.length / 3))) + 1;
  const shape = unnumbered(wanted);
  for (const candidate of candidates) {
    // web-1 is no slip for web-2.
    if (unnumbered(candidate) === shape) continue;
    // Of two as close the first by name: the order in which a watch brought them means nothing.
    const limit = best !== undefined && candidate < best ? bestDistance + 1 : bestDistance;
    const within = distance(wanted, candidate, limit);
    if (within < limit) {
      best = candidate;
      bestDistance = within;
    }
  }
  return best;
}

function unnumbered(text: string): string {
  return text.replace(/\d+/g, '0');
}

function valuesOf(classes: readonly PodClass[], key: string): Set<string> {
  const values = new Set<string>();
  for (const { labels } of classes) {
    const value = labelValue(labels, key);
    if (value !== undefined) values.add(value);
    if (values.size >= MOST_VALUES) break;
  }
  return values;
}

function keyOfValue(classes: readonly PodClass[], wanted: string): string | undefined {
  if (wanted === '') return undefined;
  let best: string | undefined;
  for (const { labels } of classes.slice(0, MOST_VALUES)) {
    for (let i = 0; i < labels.length; i += 2) {
      const key = labels[i] as string;
      if (labels[i + 1] === wanted && (best === undefined || key < best)) best = key;
    }
  }
  return best;
}
