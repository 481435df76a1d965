import {
  type Abilities,
  ENFORCES,
  findDaemonSet,
  IGNORES,
  imagePath,
  type Plugin,
  seen,
  setting,
} from './plugin.ts';

const IMAGE = /(^|\/)weave-(kube|npc)$/;
const ABILITIES: Abilities = { ...ENFORCES, endPort: 'no', sctp: 'unknown', blocksMatchPods: 'unknown' };
const ADVICE =
  'Weave Net was archived in 2024 and gets no security fixes: plan a move to a maintained network.';

/** Weave Net: its weave-npc container enforces. */
export const weave: Plugin = {
  name: 'Weave Net',
  recognise: (facts) => {
    const found = findDaemonSet(facts, ['weave-net'], IMAGE);
    if (found === undefined) return undefined;
    const controller = found.images.some((image) => imagePath(image).endsWith('weave-npc'));
    if (!controller || setting(found.settings, 'EXPECT_NPC') === '0') {
      return seen('Weave Net', 'network', found, IGNORES, 'without its policy container weave-npc', [ADVICE]);
    }
    const why = 'whose container weave-npc enforces ingress and egress policies, but no endPort';
    return seen('Weave Net', 'policy', found, ABILITIES, why, [ADVICE]);
  },
};
