import type { StatedCni } from '../cluster/cni/detect.ts';
import type { Tristate } from '../model/objects.ts';
import { Failure } from './failure.ts';

/** Plug-ins by the names people give them, and whether they enforce NetworkPolicy with their usual settings. */
const ENFORCING: ReadonlySet<string> = new Set([
  'antrea',
  'azure-npm',
  'calico',
  'canal',
  'cilium',
  'contrail',
  'gke-dataplane-v2',
  'kindnet',
  'kube-network-policies',
  'kube-router',
  'opencontrail',
  'ovn-kubernetes',
  'romana',
  'tungsten-fabric',
  'weave',
  'weave-net',
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
  if (ENFORCING.has(key)) return stated(name, 'yes');
  if (IGNORING.has(key)) return stated(name, 'no');
  const names = [...ENFORCING, ...IGNORING].sort().join(', ');
  throw new Failure(`"${name}" is no network plug-in known here; known are ${names} and unknown`);
}

function stated(name: string, answer: Tristate): StatedCni {
  return { name, enforcesIngress: answer, enforcesEgress: answer };
}
