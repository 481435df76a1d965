import { type Labels, labelValue } from './labels.ts';

/** One requirement of a selector. `matchLabels: {k: v}` is `In` with one value. */
export interface Requirement {
  readonly key: string;
  readonly operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';
  /** Non-empty for In and NotIn, empty otherwise. */
  readonly values: readonly string[];
}

/**
 * A label selector. No requirements = everything matches.
 * An invalid selector read from a stored object has `problem` set and matches nothing;
 * the problem is reported, never dropped.
 */
export interface Selector {
  readonly requirements: readonly Requirement[];
  readonly problem?: string;
}

/** `{}`: matches every object. */
export const EVERYTHING: Selector = Object.freeze({ requirements: Object.freeze([]) });

/**
 * Whether the labels satisfy every requirement.
 * `NotIn` and `DoesNotExist` hold when the key is absent (Kubernetes API: label selector requirements).
 */
export function selects(selector: Selector, labels: Labels): boolean {
  if (selector.problem !== undefined) return false;
  const { requirements } = selector;
  if (requirements.length > LARGE) return selectsAll(requirements, labels);
  // By index: nothing is asked more often.
  for (let i = 0; i < requirements.length; i++) {
    const requirement = requirements[i] as Requirement;
    if (requirement.values.length > LARGE) return selectsAll(requirements, labels);
    if (!satisfied(requirement, labels)) return false;
  }
  return true;
}

/** Past so many requirements, or values of one, a selector is read by key. */
const LARGE = 16;

/** What a large selector asks of each key, so that an object costs its own labels and not the selector's size. */
interface ByKey {
  /** Values that are taken; undefined = any. */
  readonly taken: Map<string, ReadonlySet<string> | undefined>;
  /** Values that are not taken; undefined = the key itself is not. */
  readonly refused: Map<string, Set<string> | undefined>;
}

const byKeys = new WeakMap<readonly Requirement[], ByKey>();

function selectsAll(requirements: readonly Requirement[], labels: Labels): boolean {
  let byKey = byKeys.get(requirements);
  if (byKey === undefined) {
    byKey = byKeyOf(requirements);
    byKeys.set(requirements, byKey);
  }
  const { taken, refused } = byKey;
  let found = 0;
  for (let i = 0; i < labels.length; i += 2) {
    const [key, value] = [labels[i] as string, labels[i + 1] as string];
    if (taken.has(key)) {
      if (taken.get(key)?.has(value) === false) return false;
      found++;
    }
    if (refused.has(key) && refused.get(key)?.has(value) !== false) return false;
  }
  return found === taken.size;
}

function byKeyOf(requirements: readonly Requirement[]): ByKey {
  const taken: ByKey['taken'] = new Map();
  const refused: ByKey['refused'] = new Map();
  for (const { key, operator, values } of requirements) {
    const old = taken.get(key);
    const held = refused.get(key);
    switch (operator) {
      case 'In':
        taken.set(key, old === undefined ? new Set(values) : old.intersection(new Set(values)));
        break;
      case 'Exists':
        taken.set(key, old);
        break;
      case 'NotIn':
        // Added to, not made anew: thousands may name the same key.
        if (!refused.has(key)) refused.set(key, new Set(values));
        else for (const value of values) held?.add(value);
        break;
      case 'DoesNotExist':
        refused.set(key, undefined);
    }
  }
  return { taken, refused };
}

/** True for `{}`: a selector that matches everything. */
export function selectsEverything(selector: Selector): boolean {
  return selector.requirements.length === 0 && selector.problem === undefined;
}

function satisfied(requirement: Requirement, labels: Labels): boolean {
  const value = labelValue(labels, requirement.key);
  switch (requirement.operator) {
    case 'In':
      return value !== undefined && requirement.values.includes(value);
    case 'NotIn':
      return value === undefined || !requirement.values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
  }
}

/** The selector as kubectl writes it: `app=web,tier notin (a,b),!legacy`; `<everything>` for `{}`. */
export function selectorText(selector: Selector): string {
  if (selector.problem !== undefined) return `<invalid: ${selector.problem}>`;
  if (selector.requirements.length === 0) return '<everything>';
  return selector.requirements.map(requirementText).join(',');
}

function requirementText({ key, operator, values }: Requirement): string {
  switch (operator) {
    case 'In':
      return values.length === 1 ? `${key}=${values[0]}` : `${key} in (${values.join(',')})`;
    case 'NotIn':
      return values.length === 1 ? `${key}!=${values[0]}` : `${key} notin (${values.join(',')})`;
    case 'Exists':
      return key;
    case 'DoesNotExist':
      return `!${key}`;
  }
}
