/** Whom and what an entry of the configuration is about: namespaces, kinds, users, groups. */
import type { Labels } from '../model/labels.ts';
import { type Requirement, selects } from '../model/selector.ts';
import type { Kind, User } from '../rules/rule.ts';

/** A label selector as the configuration file writes it. */
export interface LabelSelector {
  readonly matchLabels: Readonly<Record<string, string>>;
  readonly matchExpressions: readonly Requirement[];
}

/** Each condition that is given must hold; a list holds when one of it fits. */
export interface Scope {
  readonly namespaces?: readonly string[] | undefined;
  /** On the labels of the Namespace. */
  readonly namespaceSelector?: LabelSelector | undefined;
  readonly kinds?: readonly Kind[] | undefined;
  readonly users?: readonly string[] | undefined;
  readonly groups?: readonly string[] | undefined;
}

/** The change that conditions are asked about. */
export interface Subject {
  readonly kind: Kind;
  readonly namespace: string;
  /** Of the Namespace; undefined when it was never seen, which is not "no labels". */
  readonly labels: Labels | undefined;
  /** undefined offline: then no user and no group fits. */
  readonly user: User | undefined;
}

/** Whether all conditions hold; undefined when that hangs on labels that are not known. */
export function fits(scope: Scope, subject: Subject): boolean | undefined {
  const { namespaces, namespaceSelector, kinds } = scope;
  if (namespaces !== undefined && !namespaces.includes(subject.namespace)) return false;
  if (kinds !== undefined && !kinds.includes(subject.kind)) return false;
  if (!isAmong(scope, subject.user)) return false;
  if (namespaceSelector === undefined) return true;
  return subject.labels === undefined ? undefined : matches(namespaceSelector, subject.labels);
}

/** Whether the user is one of those named; a list that is not given names everybody. */
export function isAmong({ users, groups }: Pick<Scope, 'users' | 'groups'>, user: User | undefined): boolean {
  if (users !== undefined && (user === undefined || !users.includes(user.username))) return false;
  return groups === undefined || (user !== undefined && groups.some((group) => user.groups.includes(group)));
}

function matches(selector: LabelSelector, labels: Labels): boolean {
  const requirements: Requirement[] = [...selector.matchExpressions];
  for (const [key, value] of Object.entries(selector.matchLabels)) {
    requirements.push({ key, operator: 'In', values: [value] });
  }
  return selects({ requirements }, labels);
}
