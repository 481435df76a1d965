import { EVERYTHING, type Requirement, type Selector } from '../selector.ts';
import { SHARED } from './meta.ts';
import { isAbsent, isFields, items } from './wire.ts';

/** Selectors of one object whose lists are shared with equal ones. To look each of 24,000 up takes longer than to read it. */
const MOST_SHARED = 256;

/** How many selectors of an object are still shared. */
export interface Sharing {
  left: number;
}

/** For one object. */
export function sharing(): Sharing {
  return { left: MOST_SHARED };
}

/**
 * A LabelSelector as stored. Absent reads as `{}`, which selects everything: callers for whom absence means
 * something else must ask before. An invalid selector has `problem` set and selects nothing.
 */
export function parseSelector(raw: unknown, shares: Sharing = sharing()): Selector {
  if (isAbsent(raw)) return EVERYTHING;
  if (!isFields(raw)) return broken('the selector is not an object');
  const { matchLabels, matchExpressions } = raw;
  const requirements: Requirement[] = [];
  if (!isAbsent(matchLabels)) {
    if (!isFields(matchLabels)) return broken('matchLabels is not an object');
    for (const [key, value] of Object.entries(matchLabels)) {
      if (typeof value !== 'string') return broken(`matchLabels ${key} is not a string`);
      requirements.push({ key, operator: 'In', values: [value] });
    }
  }
  if (!isAbsent(matchExpressions) && !Array.isArray(matchExpressions)) {
    return broken('matchExpressions is not a list');
  }
  for (const expression of items(matchExpressions)) {
    const requirement = parseRequirement(expression);
    if (typeof requirement === 'string') return broken(requirement);
    requirements.push(requirement);
  }
  if (requirements.length === 0) return EVERYTHING;
  if (requirements.length > 1) requirements.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
  return { requirements: --shares.left < 0 ? requirements : SHARED.requirements(requirements) };
}

/** A Service's selector: a map of labels. Absent or empty = no selector. */
export function parseMapSelector(raw: unknown): Selector | undefined {
  if (isAbsent(raw)) return undefined;
  const selector = parseSelector({ matchLabels: raw });
  return selector.requirements.length === 0 && selector.problem === undefined ? undefined : selector;
}

function parseRequirement(raw: unknown): Requirement | string {
  if (!isFields(raw)) return 'an item of matchExpressions is not an object';
  const { key, operator, values } = raw;
  if (typeof key !== 'string' || key === '') return 'an item of matchExpressions has no key';
  const list = items(values);
  switch (operator) {
    case 'In':
    case 'NotIn': {
      if (list.length === 0) return `${key}: ${operator} needs values`;
      const strings = list.filter((value) => typeof value === 'string');
      if (strings.length !== list.length) return `${key}: values must be strings`;
      return { key, operator, values: strings };
    }
    case 'Exists':
    case 'DoesNotExist':
      if (list.length > 0) return `${key}: ${operator} takes no values`;
      return { key, operator, values: NO_VALUES };
    default:
      return `${key}: ${shown(operator)} is not an operator`;
  }
}

function shown(value: unknown): string {
  return typeof value === 'string' ? `"${value.slice(0, 40)}"` : 'a missing or wrong value';
}

function broken(problem: string): Selector {
  return { requirements: [], problem };
}

const NO_VALUES: readonly string[] = Object.freeze([]);
