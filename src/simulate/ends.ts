import { type Families, V4, V6 } from '../model/families.ts';
import type { Pod, Service, Workload } from '../model/objects.ts';
import { workloadText } from '../model/objects.ts';
import type { View } from '../model/overlay.ts';
import type { PodClass, Space } from '../model/snapshot.ts';
import {
  type Address,
  type Addresses,
  addressSet,
  addressText,
  cidrTexts,
  parseAddress,
  parseCidr,
} from '../netset/addresses.ts';

/** An end a person can name. */
export type ExplainEnd =
  | {
      readonly kind: 'pods';
      readonly text: string;
      readonly pods: readonly Pod[];
      /** Set when one of a pod's addresses was named. */
      readonly family?: Families;
    }
  | { readonly kind: 'outside'; readonly text: string; readonly addresses: Addresses }
  | { readonly kind: 'service'; readonly text: string; readonly service: Service };

export interface EndProblem {
  readonly problem: string;
}

const FORMS = 'write namespace/pod, namespace/workload[Kind], an address, a CIDR, or service:namespace/name';

/** Reads an end as a person writes it; an address of a pod is that pod. The problem names what to write instead. */
export function parseEnd(view: View, text: string): ExplainEnd | EndProblem {
  if (text.startsWith('service:')) return serviceEnd(view, text);
  const address = parseAddress(text);
  if (address !== undefined) return addressEnd(view, text, address);
  const cidr = parseCidr(text);
  if (cidr !== undefined) return { kind: 'outside', text: cidrTexts(cidr).join(','), addresses: cidr };
  const form = /^([^/]+)\/([^/[\]]+)(?:\[([^[\]]+)\])?$/.exec(text);
  if (form === null) return { problem: `"${text}" is not an end of a connection; ${FORMS}` };
  const [, namespace = '', name = '', kind] = form;
  const space = view.snapshot.spaces.get(namespace);
  if (space === undefined) return { problem: `namespace ${namespace} is not in the cluster state` };
  const pod = space.pods.get(name);
  if ((kind === undefined || kind === 'Pod') && pod !== undefined) return { kind: 'pods', text, pods: [pod] };
  const pods = [...space.pods.values()].filter(
    ({ workload }) => workload.name === name && (kind === undefined || workload.kind === kind),
  );
  const kinds = [...new Set(pods.map(({ workload }) => workload.kind))];
  if (kinds.length > 1) {
    return { problem: `${text} is ambiguous; write ${kinds.map((one) => `${text}[${one}]`).join(' or ')}` };
  }
  const first = pods[0];
  if (first === undefined) {
    const what = kind === undefined ? 'pod or workload' : kind;
    return { problem: `no ${what} ${namespace}/${name} in the cluster state` };
  }
  return { kind: 'pods', text: workloadText(first.workload), pods };
}

const byName = new WeakMap<readonly PodClass[], ReadonlyMap<string, readonly Workload[]>>();

/** The workloads of that name in the namespace: one of each kind that has pods. */
export function workloadsNamed(space: Space, name: string): readonly Workload[] {
  const classes = space.classes();
  let known = byName.get(classes);
  if (known === undefined) {
    known = Map.groupBy(new Set(classes.map(({ workload }) => workload)), (workload) => workload.name);
    byName.set(classes, known);
  }
  return known.get(name) ?? [];
}

function serviceEnd(view: View, text: string): ExplainEnd | EndProblem {
  const form = /^service:([^/]+)\/([^/]+)$/.exec(text);
  if (form === null) return { problem: `"${text}" is not a Service; write service:namespace/name` };
  const [, namespace = '', name = ''] = form;
  const service = view.service(namespace, name);
  if (service === undefined) return { problem: `no Service ${namespace}/${name} in the cluster state` };
  return { kind: 'service', text, service };
}

function addressEnd(view: View, text: string, address: Address): ExplainEnd {
  const pod = view.snapshot.podAt(address);
  if (pod !== undefined) {
    // Of a pod's two addresses only the one that is named counts.
    const family = typeof address === 'number' ? V4 : V6;
    return { kind: 'pods', text: `${pod.namespace}/${pod.name} (${text})`, pods: [pod], family };
  }
  return { kind: 'outside', text: addressText(address), addresses: addressSet(address) };
}
