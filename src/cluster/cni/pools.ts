import { labelValue } from '../../model/labels.ts';
import type { Cni, CniPool, DaemonSetFacts, Tristate } from '../../model/objects.ts';
import { selects } from '../../model/selector.ts';
import { CATALOGUE } from './catalogue.ts';
import type { CniFacts, NodeFacts } from './facts.ts';

/**
 * Groups of nodes for which the answer differs from that of the cluster: where the plug-in's DaemonSet does not run
 * (another operating system, a label), where another one runs, and nodes that run no DaemonSet at all.
 */
export function poolsOf(facts: CniFacts, whole: Cni, detect: (facts: CniFacts) => Cni): CniPool[] {
  const agents = facts.daemonSets.filter(isAgent);
  const groups = new Map<string, { daemonSets: readonly DaemonSetFacts[]; nodes: NodeFacts[] }>();
  for (const node of facts.nodes) {
    const serverless = serverlessName(node);
    const daemonSets = serverless === '' ? agents.filter((each) => runsOn(each, node)) : [];
    const key = JSON.stringify([serverless, ...daemonSets.map(({ namespace, name }) => [namespace, name])]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { daemonSets, nodes: [node] });
    else group.nodes.push(node);
  }
  const pools: CniPool[] = [];
  for (const { daemonSets, nodes } of groups.values()) {
    const first = nodes[0] as NodeFacts;
    const serverless = serverlessName(first);
    if (serverless === '' && daemonSets.length === agents.length) continue;
    const answer = serverless === '' ? detect({ ...facts, daemonSets, nodes }) : undefined;
    const enforcesIngress = answer?.enforcesIngress ?? serverlessAnswer(serverless);
    const enforcesEgress = answer?.enforcesEgress ?? serverlessAnswer(serverless);
    if (enforcesIngress === whole.enforcesIngress && enforcesEgress === whole.enforcesEgress) continue;
    pools.push({
      nodes: new Set(nodes.map(({ name }) => name)),
      enforcesIngress,
      enforcesEgress,
      evidence: [`${nodesText(nodes)}: ${reasonText(serverless, daemonSets, agents)}`],
    });
  }
  return pools;
}

/** Whether a DaemonSet, looked at alone, is one that networks are recognised by. */
function isAgent(daemonSet: DaemonSetFacts): boolean {
  const alone: CniFacts = { daemonSets: [daemonSet], nodes: [], apiGroups: [] };
  return CATALOGUE.some(({ recognise }) => recognise(alone) !== undefined);
}

function runsOn({ nodes }: DaemonSetFacts, { labels }: NodeFacts): boolean {
  return nodes.some((selector) => selects(selector, labels));
}

const FARGATE = 'Fargate';
const VIRTUAL = 'a virtual kubelet';

/** Nodes that are no machines: no DaemonSet runs there. '' for all others. */
function serverlessName({ labels }: NodeFacts): string {
  if (labelValue(labels, 'eks.amazonaws.com/compute-type') === 'fargate') return FARGATE;
  return labelValue(labels, 'type') === 'virtual-kubelet' ? VIRTUAL : '';
}

/** AWS says so of Fargate; what stands behind a virtual kubelet is its provider's business. */
function serverlessAnswer(name: string): Tristate {
  return name === FARGATE ? 'no' : 'unknown';
}

function reasonText(
  serverless: string,
  daemonSets: readonly DaemonSetFacts[],
  agents: readonly DaemonSetFacts[],
): string {
  if (serverless === FARGATE) return 'they are Fargate, where no NetworkPolicy is enforced.';
  if (serverless !== '') return `they stand for ${serverless}, where no DaemonSet runs.`;
  const away = agents.filter((each) => !daemonSets.includes(each));
  const names = away.map(({ namespace, name }) => `${namespace}/${name}`).join(', ');
  return `DaemonSet ${names} does not run there.`;
}

function nodesText(nodes: readonly NodeFacts[]): string {
  const [first] = nodes;
  const others = nodes.length - 1;
  return others === 0 ? `node ${first?.name}` : `node ${first?.name} and ${others} more`;
}
