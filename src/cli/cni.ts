import type { StatedCni } from '../cluster/cni/detect.ts';
import type { Tristate } from '../model/objects.ts';
import { Failure } from './failure.ts';

/**
 * Plug-ins that enforce NetworkPolicy with their usual settings, by the names people give them, and whether an ipBlock
 * matches the addresses of pods there: as each is recognised in a cluster (src/cluster/cni/).
 */
const ENFORCING: ReadonlyMap<string, Tristate> = new Map([
  ['antrea', 'yes'],
  ['azure-npm', 'unknown'],
  ['calico', 'yes'],
  ['canal', 'yes'],
  ['cilium', 'no'],
  ['contrail', 'unknown'],
  ['gke-dataplane-v2', 'no'],
  ['kindnet', 'yes'],
  ['kube-network-policies', 'yes'],
  ['kube-router', 'yes'],
  ['opencontrail', 'unknown'],
  ['ovn-kubernetes', 'yes'],
  ['romana', 'unknown'],
  ['tungsten-fabric', 'unknown'],
  ['weave', 'unknown'],
  ['weave-net', 'unknown'],
]);
const IGNORING: ReadonlySet<string> = new Set([
  'bridge',
  'dhcp',
  'flannel',
  'host-local',
  'ipvlan',
  'macvlan',
  'ptp',
  'vlan',
]);

/**
 * What a name given with `--cni` stands for.
 * @throws Failure for a name that is not known.
 */
export function cniNamed(name: string): StatedCni {
  const key = name.trim().toLowerCase().replaceAll(/[ _]/g, '-');
  if (key === 'unknown') return stated(name, 'unknown');
  const blocks = ENFORCING.get(key);
  if (blocks !== undefined) {
    return { ...stated(name, 'yes'), ...(blocks === 'unknown' ? {} : { blocksMatchPods: blocks }) };
  }
  if (IGNORING.has(key)) return stated(name, 'no');
  const names = [...ENFORCING.keys(), ...IGNORING].sort().join(', ');
  throw new Failure(`"${name}" is no network plug-in known here; known are ${names} and unknown`);
}

function stated(name: string, answer: Tristate): StatedCni {
  return { name, enforcesIngress: answer, enforcesEgress: answer };
}
