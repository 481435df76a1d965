import { type Abilities, ENFORCES, findDaemonSet, type Plugin, seen } from './plugin.ts';

const NAMES = ['contrail-agent', 'contrail-vrouter-agent', 'tungsten-vrouter-agent', 'vrouter-agent'];
const IMAGE = /(^|\/)(contrail|tungsten|tf|opencontrail)-(kubernetes-)?(vrouter-)?agent(-dpdk)?$/;
const ABILITIES: Abilities = { ...ENFORCES, endPort: 'unknown', sctp: 'unknown', blocksMatchPods: 'unknown' };

/** OpenContrail, later Tungsten Fabric: policies become firewall rules of its vRouter. */
export const contrail: Plugin = {
  name: 'OpenContrail / Tungsten Fabric',
  recognise: (facts) => {
    const found = findDaemonSet(facts, NAMES, IMAGE);
    if (found === undefined) return undefined;
    const why = 'whose vRouter agent enforces ingress and egress policies';
    return seen('OpenContrail / Tungsten Fabric', 'policy', found, ABILITIES, why, [
      'The Tungsten Fabric project closed in 2024: use a supported distribution, or plan a move.',
    ]);
  },
};
