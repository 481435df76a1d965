import { labelValue } from '../../model/labels.ts';
import type { NodeFacts } from './facts.ts';
import {
  type Abilities,
  ENFORCES,
  IGNORES,
  type Plugin,
  type Recognition,
  setting,
  UNCLEAR,
} from './plugin.ts';

const NAME = 'k3s (embedded kube-router)';

/** k3s runs Flannel and the firewall of kube-router inside its own process: no DaemonSet shows them. */
export const k3s: Plugin = {
  name: NAME,
  recognise: ({ nodes }) => {
    const members = nodes.filter(isK3s);
    if (members.length === 0) return undefined;
    const servers = members.filter(({ settings }) => setting(settings ?? [], 'k3s-role') === 'server');
    if (servers.length === 0) {
      return found(UNCLEAR, 'Nodes run k3s, but no k3s server is among them that says how it was started.');
    }
    const off = servers.filter(({ settings }) => {
      const value = setting(settings ?? [], '--disable-network-policy');
      return value !== undefined && value !== 'false';
    });
    if (off.length > 0) {
      return found(
        IGNORES,
        'A k3s server runs with --disable-network-policy: its embedded policy engine is off.',
      );
    }
    return found(ENFORCES, 'Nodes run k3s, whose embedded kube-router enforces ingress and egress policies.');
  },
};

function found(abilities: Abilities, evidence: string): Recognition {
  const advice =
    abilities === IGNORES
      ? ['Start the k3s servers without --disable-network-policy, or install a policy engine.']
      : [];
  return {
    name: NAME,
    role: abilities === IGNORES ? 'network' : 'policy',
    abilities,
    evidence: [evidence],
    advice,
    weak: false,
  };
}

function isK3s({ labels, settings }: NodeFacts): boolean {
  return (
    setting(settings ?? [], 'distribution') === 'k3s' ||
    labelValue(labels, 'node.kubernetes.io/instance-type') === 'k3s'
  );
}
