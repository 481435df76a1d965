import {
  type Abilities,
  argument,
  ENFORCES,
  findDaemonSet,
  IGNORES,
  imagePath,
  type Plugin,
  seen,
  traceOf,
} from './plugin.ts';

const NETWORK = /(^|\/)amazon-k8s-cni$/;
const AGENT = /(^|\/)(aws-network-policy-agent|amazon\/aws-network-policy-agent)$/;
const ABILITIES: Abilities = { ...ENFORCES, sctp: 'unknown', blocksMatchPods: 'unknown' };
const NAME = 'Amazon VPC CNI';

/** Amazon VPC CNI: its node agent enforces, if the add-on's enableNetworkPolicy is on. */
export const amazonVpc: Plugin = {
  name: NAME,
  recognise: (facts) => {
    const found = findDaemonSet(facts, ['aws-node'], NETWORK);
    if (found === undefined) return traceOf(NAME, facts, 'networking.k8s.aws');
    const hasAgent = found.images.some((image) => AGENT.test(imagePath(image)));
    if (hasAgent && argument(found, '--enable-network-policy') === 'true') {
      return seen(NAME, 'policy', found, ABILITIES, 'whose node agent enforces ingress and egress policies');
    }
    const why = hasAgent
      ? 'whose node agent lacks --enable-network-policy=true'
      : 'without the network policy agent';
    return seen(NAME, 'network', found, IGNORES, `${why}, so that it enforces nothing`, [
      'Set enableNetworkPolicy to "true" in the configuration of the vpc-cni add-on.',
    ]);
  },
};
