import { type Abilities, ENFORCES, findDaemonSet, type Plugin, seen } from './plugin.ts';

/** Romana ended before egress policies settled, and before endPort existed. */
const ABILITIES: Abilities = {
  ...ENFORCES,
  egress: 'unknown',
  endPort: 'no',
  sctp: 'unknown',
  blocksMatchPods: 'unknown',
};

/** Romana: enforced NetworkPolicy; unmaintained since 2018. */
export const romana: Plugin = {
  name: 'Romana',
  recognise: (facts) => {
    const found = findDaemonSet(facts, ['romana-agent'], /(^|\/)romana[-/]agent$/);
    if (found === undefined) return undefined;
    const why = 'which enforces ingress policies; of egress nothing certain is known';
    return seen('Romana', 'policy', found, ABILITIES, why, [
      'Romana is unmaintained since 2018: plan a move to a maintained network.',
    ]);
  },
};
