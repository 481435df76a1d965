/** Ready fixes: what to change in the manifest, in the shape it is written in, as JSON Patch (RFC 6902). */
import { labelPairs, labelValue } from '../model/labels.ts';
import type { Direction, NetworkPolicy } from '../model/objects.ts';
import type { Selector } from '../model/selector.ts';
import type { PodClass } from '../model/snapshot.ts';
import type { Protocol } from '../netset/connections.ts';
import { peersField } from './text.ts';

/** A value as it stands in a manifest. */
export type Wire = string | number | boolean | null | readonly Wire[] | { readonly [field: string]: Wire };

/** One step of a fix. `path` is a JSON pointer (RFC 6901) into the object; a last `-` is behind the end of a list. */
export type PatchOperation =
  | { readonly op: 'add' | 'replace'; readonly path: string; readonly value: Wire }
  | { readonly op: 'remove'; readonly path: string };

/** A LabelSelector that means the same: one value is a label, everything else an expression. */
export function selectorWire({ requirements }: Selector): Wire {
  const labels: [string, string][] = [];
  const expressions: Wire[] = [];
  for (const { key, operator, values } of requirements) {
    if (operator === 'In' && values.length === 1) labels.push([key, values[0] as string]);
    else if (values.length === 0) expressions.push({ key, operator });
    else expressions.push({ key, operator, values });
  }
  return {
    ...(labels.length === 0 ? {} : { matchLabels: Object.fromEntries(labels) }),
    ...(expressions.length === 0 ? {} : { matchExpressions: expressions }),
  };
}

/** The labels of a Service's selector. */
export function mapWire({ requirements }: Selector): Wire {
  return Object.fromEntries(requirements.map(({ key, values }) => [key, values[0] ?? '']));
}

/** A peer for pods in a namespace, as a policy of `home` writes it. */
export function peerWire(home: string, namespace: string, pods: Wire): Wire {
  return {
    ...(home === namespace ? {} : { namespaceSelector: namespaceWire(namespace) }),
    podSelector: pods,
  };
}

/** The label that every Namespace has, with its name. */
export const NAME_LABEL = 'kubernetes.io/metadata.name';

/** A selector for one namespace, by its name. */
export function namespaceWire(name: string): Wire {
  return { matchLabels: { [NAME_LABEL]: name } };
}

/** Where a peer stands in the manifest; `-` is behind the last one. */
export function peerPointer(direction: Direction, rule: number, place: number | '-'): string {
  return `/spec/${direction}/${rule}/${peersField(direction)}/${place}`;
}

/** Labels that say what a program is; those of a release or a single pod would not fit its successor. */
const LASTING: readonly string[] = [
  'app',
  'app.kubernetes.io/component',
  'app.kubernetes.io/instance',
  'app.kubernetes.io/name',
  'component',
  'k8s-app',
  'name',
  'role',
  'run',
  'tier',
];

/**
 * A peer for the pods of a class, by labels that all of them carry and will carry tomorrow. Undefined when they
 * have none, or are on the host network, where no selector matches.
 */
export function classPeer(home: string, { space, pods, labels, hostNetwork }: PodClass): Wire | undefined {
  if (hostNetwork) return undefined;
  const lasting = labelPairs(labels).filter(
    ([key, value]) => LASTING.includes(key) && pods.every((pod) => labelValue(pod.labels, key) === value),
  );
  return lasting.length === 0
    ? undefined
    : peerWire(home, space.name, { matchLabels: Object.fromEntries(lasting) });
}

/** Lets more peers through on these ports: in a rule of just these ports, or in a new one. */
export function admit(
  policy: NetworkPolicy,
  direction: Direction,
  peers: readonly Wire[],
  ports: readonly { readonly protocol: Protocol; readonly port: number }[],
): PatchOperation[] {
  const rules = policy[direction] ?? [];
  const same = rules.findIndex(
    (rule) =>
      rule.peers !== 'any' &&
      rule.ports !== 'any' &&
      rule.ports.length === ports.length &&
      rule.ports.every(
        (entry, i) =>
          'from' in entry &&
          entry.from === entry.to &&
          entry.from === ports[i]?.port &&
          entry.protocol === ports[i]?.protocol,
      ),
  );
  if (same >= 0) {
    return peers.map((value) => ({ op: 'add', path: peerPointer(direction, same, '-'), value }));
  }
  const rule: Wire = {
    [peersField(direction)]: peers,
    ports: ports.map(({ protocol, port }) => ({ protocol, port })),
  };
  // An empty list and one that is left out look the same here: the whole list is written.
  if (rules.length === 0) return [{ op: 'add', path: `/spec/${direction}`, value: [rule] }];
  return [{ op: 'add', path: `/spec/${direction}/-`, value: rule }];
}
