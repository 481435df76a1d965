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
  for (const requirement of selector.requirements) if (!satisfied(requirement, labels)) return false;
  return true;
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
