import { changedObject } from '../model/change.ts';
import { type Labels, labelValue } from '../model/labels.ts';
import type { NetworkPolicy } from '../model/objects.ts';
import { type Rule, type RuleSettings, type User, unchecked } from './rule.ts';
import { policyText } from './text.ts';
import { policy } from './worlds/manifests.ts';

/** Kubernetes lets its members do everything: a rule that stopped them would only be in the way. */
const ALMIGHTY = 'system:masters';

const CLOSED = '  podSelector: {}\n  policyTypes: [Ingress]\n';
const OPEN = `${CLOSED}  ingress: [{}]\n`;
const PLAIN = (spec: string) => policy('shop/baseline', spec);
const BASELINE = (spec: string) =>
  PLAIN(spec).replace('namespace: shop}', 'namespace: shop, labels: {portent.dev/protected: "true"}}');
const ANN: User = { username: 'ann', groups: ['shop-developers'] };
const PLATFORM: User = { username: 'paul', groups: ['platform'] };
const OWNED: Partial<RuleSettings> = {
  protectedPolicies: {
    labels: ['portent.dev/protected=true'],
    users: [],
    groups: ['platform'],
  },
};

export const protectedPolicy: Rule = {
  id: 'protected-policy',
  title: 'Protected policy changed',
  kinds: ['NetworkPolicy'],
  operations: ['UPDATE', 'DELETE'],
  severity: 'high',
  action: 'deny',
  needs: 'object',
  summary: 'A policy marked as protected is changed or deleted by somebody who is not named as its owner.',
  why: 'A baseline holds only as long as those whom it restricts cannot take it away. Kubernetes has no rights for single policies by label.',
  fix: 'Ask the owners of the policy. Who may change protected policies is in the configuration under protectedPolicies (users, groups).',
  limits: [
    'While the configuration names no users and no groups, it only warns.',
    'Offline nobody is known to make the change, and the rule says that it could not check.',
    'Labels and annotations may be changed by anybody, unless the policy would no longer be protected. Members of system:masters may do everything.',
  ],
  examples: {
    good: [
      {
        title: 'An owner changes it',
        cluster: BASELINE(CLOSED),
        settings: OWNED,
        user: PLATFORM,
        operation: 'UPDATE',
        manifest: BASELINE(OPEN),
        findings: [],
      },
      {
        title: 'Applied again as it is',
        cluster: BASELINE(CLOSED),
        settings: OWNED,
        user: ANN,
        operation: 'UPDATE',
        manifest: BASELINE(CLOSED),
        findings: [],
      },
      {
        title: 'A policy like any other',
        cluster: PLAIN(CLOSED),
        settings: OWNED,
        user: ANN,
        operation: 'DELETE',
        manifest: PLAIN(CLOSED),
        findings: [],
      },
      {
        title: 'Nobody known makes the change',
        cluster: BASELINE(CLOSED),
        operation: 'DELETE',
        manifest: BASELINE(CLOSED),
        findings: [],
        unchecked:
          'NetworkPolicy shop/baseline is protected (portent.dev/protected=true), and who deletes it is not known',
      },
    ],
    bad: [
      {
        title: 'Opened by somebody else',
        cluster: BASELINE(CLOSED),
        settings: OWNED,
        user: ANN,
        operation: 'UPDATE',
        manifest: BASELINE(OPEN),
        findings: [
          {
            subject: 'NetworkPolicy shop/baseline',
            message: 'is protected (portent.dev/protected=true); ann is not among those who may change it.',
          },
        ],
      },
      {
        title: 'The label taken off first',
        cluster: BASELINE(CLOSED),
        settings: OWNED,
        user: ANN,
        operation: 'UPDATE',
        manifest: PLAIN(CLOSED),
        findings: [
          {
            subject: 'NetworkPolicy shop/baseline',
            message:
              'is protected (portent.dev/protected=true); ann is not among those who may take the protection away.',
          },
        ],
      },
      {
        title: 'Deleted, and no owners are named: a warning',
        cluster: BASELINE(CLOSED),
        user: ANN,
        operation: 'DELETE',
        manifest: BASELINE(CLOSED),
        findings: [
          {
            subject: 'NetworkPolicy shop/baseline',
            action: 'warn',
            message:
              'is protected (portent.dev/protected=true), and ann is about to delete it; the configuration names nobody who may.',
          },
        ],
      },
    ],
  },
  check({ change, settings, user }) {
    const { before: old, after: now } = change;
    if (old?.kind !== 'NetworkPolicy') return [];
    const { labels, users, groups } = settings.protectedPolicies;
    if (labels.length === 0 || !labels.every((label) => carries(old.labels, label))) return [];
    const kept = now?.kind === 'NetworkPolicy' && labels.every((label) => carries(now.labels, label));
    if (kept && isSameSpec(old, now)) return [];
    const deed = now === undefined ? 'delete it' : kept ? 'change it' : 'take the protection away';
    const mark = `is protected (${labels.join(',')})`;
    const subject = policyText(changedObject(change) as NetworkPolicy);
    if (user === undefined) {
      const deeds = now === undefined ? 'deletes' : 'changes';
      return unchecked(`${subject} ${mark}, and who ${deeds} it is not known`);
    }
    if (user.groups.includes(ALMIGHTY) || isOwner(user, users, groups)) return [];
    const because = [`${subject} metadata.labels`];
    if (users.length + groups.length === 0) {
      const message = `${mark}, and ${user.username} is about to ${deed}; the configuration names nobody who may.`;
      return [{ subject, action: 'warn', message, because }];
    }
    const message = `${mark}; ${user.username} is not among those who may ${deed}.`;
    return [{ subject, message, because }];
  },
};

/** Whether the label, `key=value` or `key`, is among them. */
function carries(labels: Labels, label: string): boolean {
  const [key = '', value] = label.split('=');
  const there = labelValue(labels, key);
  return value === undefined ? there !== undefined : there === value;
}

function isOwner(user: User, users: readonly string[], groups: readonly string[]): boolean {
  return users.includes(user.username) || user.groups.some((group) => groups.includes(group));
}

/** Whether both select, isolate and allow the same as written; in the order in which they say it. */
function isSameSpec(one: NetworkPolicy, other: NetworkPolicy): boolean {
  return (
    isSame(one.subject, other.subject) &&
    isSame(one.ingress, other.ingress) &&
    isSame(one.egress, other.egress) &&
    isSame(one.ignored, other.ignored)
  );
}

/** Whether two values of plain data are equal. Selectors share their lists, so most of it is one look. */
function isSame(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  if (Array.isArray(one) && Array.isArray(other)) {
    return one.length === other.length && one.every((item, place) => isSame(item, other[place]));
  }
  if (!isObject(one) || !isObject(other) || Array.isArray(one) || Array.isArray(other)) return false;
  const keys = Object.keys(one);
  return (
    keys.length === Object.keys(other).length &&
    keys.every((key) => Object.hasOwn(other, key) && isSame(one[key], other[key]))
  );
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
