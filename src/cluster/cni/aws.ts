import { labelValue } from '../../model/labels.ts';
import type { CniFacts } from './facts.ts';
import {
  type Abilities,
  argument,
  ENFORCES,
  findDaemonSet,
  IGNORES,
  imagePath,
  type Plugin,
  type Recognition,
  seen,
  traceOf,
  UNCLEAR,
} from './plugin.ts';

const NETWORK = /(^|\/)amazon-k8s-cni$/;
const AGENT = /(^|\/)(aws-network-policy-agent|amazon\/aws-network-policy-agent)$/;
const ABILITIES: Abilities = { ...ENFORCES, sctp: 'unknown', blocksMatchPods: 'unknown' };
const NAME = 'Amazon VPC CNI';
const CONTROLLER = 'amazon-vpc-cni/enable-network-policy-controller';
const COMPUTE_TYPE = 'eks.amazonaws.com/compute-type';
const TURN_ON = 'Set enableNetworkPolicy to "true" in the configuration of the vpc-cni add-on.';

/** Amazon VPC CNI: its node agent enforces, if the add-on's enableNetworkPolicy is on. */
export const amazonVpc: Plugin = {
  name: NAME,
  recognise: (facts) => {
    const found = findDaemonSet(facts, ['aws-node'], NETWORK);
    if (found === undefined) return autoMode(facts) ?? traceOf(NAME, facts, 'networking.k8s.aws');
    const hasAgent = found.images.some((image) => AGENT.test(imagePath(image)));
    if (hasAgent && facts.settings?.get(CONTROLLER) === 'false') {
      const why =
        'whose policy controller is off (enable-network-policy-controller in ConfigMap kube-system/amazon-vpc-cni)';
      return seen(NAME, 'network', found, IGNORES, why, [TURN_ON]);
    }
    if (hasAgent && argument(found, '--enable-network-policy') === 'true') {
      return seen(NAME, 'policy', found, ABILITIES, 'whose node agent enforces ingress and egress policies');
    }
    const why = hasAgent
      ? 'whose node agent lacks --enable-network-policy=true'
      : 'without the network policy agent';
    return seen(NAME, 'network', found, IGNORES, `${why}, so that it enforces nothing`, [TURN_ON]);
  },
};

/** EKS Auto Mode runs the same agent outside of Kubernetes: its nodes show it, and the switch is a ConfigMap. */
function autoMode({ nodes, settings }: CniFacts): Recognition | undefined {
  if (!nodes.some(({ labels }) => labelValue(labels, COMPUTE_TYPE) === 'auto')) return undefined;
  const on = settings?.get(CONTROLLER);
  const told =
    on === undefined
      ? 'whether its policy controller is on is not known (ConfigMap kube-system/amazon-vpc-cni)'
      : `enable-network-policy-controller in ConfigMap kube-system/amazon-vpc-cni is ${on}`;
  return {
    name: 'EKS Auto Mode',
    role: on === 'false' ? 'network' : 'policy',
    abilities: on === 'true' ? ABILITIES : on === 'false' ? IGNORES : UNCLEAR,
    evidence: [`Nodes of EKS Auto Mode run the ${NAME}; ${told}`],
    advice:
      on === 'true' ? [] : ['Set enable-network-policy-controller to "true" in that ConfigMap, or make it.'],
    weak: false,
  };
}
