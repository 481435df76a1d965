import { findDaemonSet, type Plugin, seen, UNCLEAR } from './plugin.ts';

const IMAGE = /(^|\/)(multus(-cni)?|multus-thick|hardened-multus-cni|mirrored-multus-cni)$/;

/** Multus: calls the pods' main plug-in, and others for additional interfaces. */
export const multus: Plugin = {
  name: 'Multus',
  recognise: (facts) => {
    const found = findDaemonSet(facts, ['kube-multus-ds', 'kube-multus-ds-amd64', 'multus'], IMAGE);
    if (found === undefined) return undefined;
    const why = 'which can give pods additional interfaces';
    return seen('Multus', 'secondary', found, UNCLEAR, why, [
      'Traffic over additional interfaces (bridge, VLAN, IPVLAN, MACVLAN) bypasses NetworkPolicy, even where the main network enforces it.',
    ]);
  },
};
