/**
 * A second simulator, as naive as can be: plain objects in, one verdict for one pod, one pod, one port out.
 * It follows the rules of the NetworkPolicy API one by one and shares no code with the product, so that a
 * mistake made in one of them shows as a difference. It is slow and not for anything but tests.
 */
import { holds } from './address.ts';
import type {
  LabelSelector,
  NamespaceObject,
  NodeObject,
  PeerObject,
  PodObject,
  PolicyObject,
  PortObject,
  Protocol,
  Requirement,
  RuleObject,
  TierObject,
  Verdict,
  World,
  WorldObject,
} from './objects.ts';
import { outcomesOf, type Question } from './tiers.ts';

/** yes, no or cannot be known. */
type Answer = boolean | 'unknown';

type Direction = 'ingress' | 'egress';

/** One end of a connection: a pod that policies can select, or an address with nobody behind it that they can. */
type Place =
  | { readonly pod: PodObject; readonly address?: string }
  | { readonly pod?: undefined; readonly address: string; readonly node?: string };

/**
 * The verdict for one new connection. `from` and `to` are `namespace/pod` or an address.
 * A connection between two pods may run over each address family both have; where they would fare differently,
 * the verdict is unknown.
 */
export function verdict(world: World, from: string, to: string, port: number, protocol: Protocol): Verdict {
  const answers = new Set<Answer>();
  for (const [source, destination] of meetings(world, from, to)) {
    answers.add(passes(world, source, destination, port, protocol));
  }
  if (answers.size !== 1) return 'unknown';
  const [answer] = answers;
  return answer === 'unknown' ? 'unknown' : answer ? 'allowed' : 'denied';
}

/** The pairs of places that a connection between the two names can run between, one for each address family. */
function meetings(world: World, from: string, to: string): [Place, Place][] {
  const sources = places(world, from);
  const destinations = places(world, to);
  const pairs: [Place, Place][] = [];
  for (const source of sources) {
    for (const destination of destinations) {
      if (source.address === undefined || destination.address === undefined)
        pairs.push([source, destination]);
      else if (source.address.includes(':') === destination.address.includes(':')) {
        pairs.push([source, destination]);
      }
    }
  }
  return pairs;
}

function places(world: World, name: string): Place[] {
  if (!name.includes('/')) {
    const node = nodes(world).find((n) => n.status.addresses.some((a) => a.address === name));
    if (node !== undefined) return [{ address: name, node: node.metadata.name }];
    const pod = pods(world).find((p) => !onHost(p) && addressesOf(p).includes(name));
    return pod === undefined ? [{ address: name }] : [{ pod, address: name }];
  }
  const pod = pods(world).find((p) => `${p.metadata.namespace}/${p.metadata.name}` === name);
  if (pod === undefined) throw new Error(`there is no pod ${name}`);
  if (onHost(pod)) {
    // Row 15: a pod on the host's network is the node.
    return addressesOf(pod).map((address) => ({ address, ...nodeOf(pod) }));
  }
  const addresses = addressesOf(pod);
  return addresses.length === 0 ? [{ pod }] : addresses.map((address) => ({ pod, address }));
}

function passes(world: World, from: Place, to: Place, port: number, protocol: Protocol): Answer {
  // Row 17: a pod may always reach itself.
  if (from.pod !== undefined && from.pod === to.pod) return true;
  // Row 16: a node may always reach the pods on it.
  const home = to.pod?.spec.nodeName;
  if (from.pod === undefined && home !== undefined && from.node === home) return true;
  const leaves = from.pod === undefined ? true : side(world, from.pod, 'egress', to, to, port, protocol);
  const enters = to.pod === undefined ? true : side(world, to.pod, 'ingress', from, to, port, protocol);
  return both(leaves, enters);
}

/** Whether the policies of one direction, tiers included, let the subject pod have the connection. */
function side(
  world: World,
  subject: PodObject,
  direction: Direction,
  peer: Place,
  destination: Place,
  port: number,
  protocol: Protocol,
): Answer {
  const asked = questionOf(world, subject, direction, peer, destination, port, protocol);
  const answers = new Set<Answer>();
  for (const outcome of outcomesOf(tiers(world), 'admin', asked, selects)) {
    if (outcome === 'allow' || outcome === 'deny') answers.add(outcome === 'allow');
    else for (const answer of below(world, subject, asked, peer, destination)) answers.add(answer);
  }
  const [answer] = answers;
  return answers.size === 1 && answer !== undefined ? answer : 'unknown';
}

/** Under the admin tier: NetworkPolicies where one isolates the pod, else the baseline tier, else everything. */
function below(world: World, subject: PodObject, asked: Question, peer: Place, destination: Place): Answer[] {
  const { direction, port } = asked;
  const protocol = asked.protocol as Protocol;
  const selecting = policies(world).filter(
    (policy) =>
      policy.metadata.namespace === subject.metadata.namespace &&
      selects(policy.spec.podSelector ?? {}, subject.metadata.labels ?? {}),
  );
  const isolating = selecting.filter((policy) => directions(policy).includes(direction));
  if (isolating.length === 0) {
    const baseline = [...outcomesOf(tiers(world), 'baseline', asked, selects)];
    const answers = baseline.map((outcome) => outcome !== 'deny');
    // Whether a policy for the other direction alone ends the matter is read in two ways.
    const isSelected = selecting.some((policy) => directions(policy).length > 0);
    return isSelected ? [...answers, true] : answers;
  }
  let answer: Answer = false;
  for (const policy of isolating) {
    for (const rule of policy.spec[direction] ?? []) {
      answer = either(answer, ruleAllows(world, policy, rule, direction, peer, destination, port, protocol));
    }
  }
  return [answer];
}

function questionOf(
  world: World,
  subject: PodObject,
  direction: Direction,
  peer: Place,
  destination: Place,
  port: number,
  protocol: Protocol,
): Question {
  const labelled = ({ metadata: { labels = {}, namespace = '' } }: PodObject) => ({
    labels,
    namespaceLabels: namespaceLabels(world, namespace),
  });
  const node = nodes(world).find(
    ({ metadata }) => peer.pod === undefined && peer.node !== undefined && metadata.name === peer.node,
  );
  return {
    direction,
    subject: labelled(subject),
    peer: {
      ...(peer.pod === undefined ? {} : { labelled: labelled(peer.pod) }),
      ...(peer.address === undefined ? {} : { address: peer.address }),
      ...(node === undefined ? {} : { node }),
    },
    named: destination.pod === undefined ? [] : declaredPorts(destination.pod),
    port,
    protocol,
  };
}

function declaredPorts({ spec: { containers, initContainers = [] } }: PodObject): Question['named'] {
  const serving = [...containers, ...initContainers.filter((c) => c.restartPolicy === 'Always')];
  return serving.flatMap(({ ports = [] }) =>
    ports.map(({ name = '', protocol = 'TCP', containerPort }) => ({ name, protocol, port: containerPort })),
  );
}

/** Row 2: what the API server fills in when policyTypes is left out. */
function directions(policy: PolicyObject): Direction[] {
  const { policyTypes, egress } = policy.spec;
  if (policyTypes !== undefined && policyTypes.length > 0) {
    return policyTypes.map((type) => (type === 'Ingress' ? 'ingress' : 'egress'));
  }
  return egress !== undefined && egress.length > 0 ? ['ingress', 'egress'] : ['ingress'];
}

function ruleAllows(
  world: World,
  policy: PolicyObject,
  rule: RuleObject,
  direction: Direction,
  peer: Place,
  destination: Place,
  port: number,
  protocol: Protocol,
): Answer {
  const peers = (direction === 'ingress' ? rule.from : rule.to) ?? [];
  const ports = rule.ports ?? [];
  const open = ports.length === 0 || ports.some((entry) => portMatches(entry, destination, port, protocol));
  // Row 5: no peers = every peer.
  if (peers.length === 0) return open;
  let answer: Answer = false;
  for (const one of peers) {
    let here = open;
    if (one.ipBlock !== undefined && direction === 'egress') {
      // Row 10: a named port never matches an ipBlock, whatever pod is at that address.
      here = ports.length === 0 || ports.some((entry) => portMatches(entry, undefined, port, protocol));
    }
    answer = either(answer, both(here, peerMatches(world, policy, one, peer)));
  }
  return answer;
}

/** Rows 9 to 11. Without a destination pod a name means nothing. */
function portMatches(entry: PortObject, to: Place | undefined, port: number, protocol: Protocol): boolean {
  if ((entry.protocol ?? 'TCP') !== protocol) return false;
  if (entry.port === undefined) return true;
  if (typeof entry.port === 'number') return port >= entry.port && port <= (entry.endPort ?? entry.port);
  if (to?.pod === undefined) return false;
  return declaredPorts(to.pod).some(
    (declared) => declared.name === entry.port && declared.protocol === protocol && declared.port === port,
  );
}

/** Rows 6 and 13 to 15. */
function peerMatches(world: World, policy: PolicyObject, peer: PeerObject, end: Place): Answer {
  if (peer.ipBlock !== undefined) {
    const { cidr, except = [] } = peer.ipBlock;
    if (end.address === undefined) return false;
    const inside = holds(cidr, end.address) && !except.some((hole) => holds(hole, end.address as string));
    if (!inside || end.pod === undefined) return inside;
    const matches = world.blocksMatchPods ?? 'unknown';
    return matches === 'unknown' ? 'unknown' : matches === 'yes';
  }
  if (end.pod === undefined) return false;
  const { namespace = '', labels = {} } = end.pod.metadata;
  const rightNamespace =
    peer.namespaceSelector === undefined
      ? namespace === policy.metadata.namespace
      : selects(peer.namespaceSelector, namespaceLabels(world, namespace));
  return rightNamespace && (peer.podSelector === undefined || selects(peer.podSelector, labels));
}

/** Rows 1 and 7. */
function selects(selector: LabelSelector, labels: Readonly<Record<string, string>>): boolean {
  for (const [key, value] of Object.entries(selector.matchLabels ?? {})) {
    if (!Object.hasOwn(labels, key) || labels[key] !== value) return false;
  }
  return (selector.matchExpressions ?? []).every((requirement) => satisfied(requirement, labels));
}

function satisfied(requirement: Requirement, labels: Readonly<Record<string, string>>): boolean {
  const has = Object.hasOwn(labels, requirement.key);
  const listed = has && (requirement.values ?? []).includes(labels[requirement.key] as string);
  if (requirement.operator === 'In') return listed;
  if (requirement.operator === 'NotIn') return !listed;
  if (requirement.operator === 'Exists') return has;
  if (requirement.operator === 'DoesNotExist') return !has;
  throw new Error(`no such operator: ${requirement.operator}`);
}

/** Row 8. */
function namespaceLabels(world: World, name: string): Record<string, string> {
  const found = world.objects.find((o) => o.kind === 'Namespace' && o.metadata.name === name);
  return {
    ...((found as NamespaceObject | undefined)?.metadata.labels ?? {}),
    'kubernetes.io/metadata.name': name,
  };
}

/** Row 18: finished pods do not count. */
function pods(world: World): PodObject[] {
  return world.objects
    .filter(isPod)
    .filter((pod) => !['Succeeded', 'Failed'].includes(pod.status?.phase ?? ''));
}

function policies(world: World): PolicyObject[] {
  return world.objects.filter((object): object is PolicyObject => object.kind === 'NetworkPolicy');
}

function tiers(world: World): TierObject[] {
  return world.objects.filter(
    (object): object is TierObject =>
      object.kind.endsWith('AdminNetworkPolicy') || object.kind === 'ClusterNetworkPolicy',
  );
}

function nodes(world: World): NodeObject[] {
  return world.objects.filter((object): object is NodeObject => object.kind === 'Node');
}

function isPod(object: WorldObject): object is PodObject {
  return object.kind === 'Pod';
}

function onHost(pod: PodObject): boolean {
  return pod.spec.hostNetwork === true;
}

function nodeOf(pod: PodObject): { node?: string } {
  return pod.spec.nodeName === undefined ? {} : { node: pod.spec.nodeName };
}

function addressesOf(pod: PodObject): string[] {
  const list = (pod.status?.podIPs ?? []).map(({ ip }) => ip);
  const first = pod.status?.podIP;
  return first === undefined || list.includes(first) ? list : [first, ...list];
}

function both(a: Answer, b: Answer): Answer {
  if (a === false || b === false) return false;
  return a === true && b === true ? true : 'unknown';
}

function either(a: Answer, b: Answer): Answer {
  if (a === true || b === true) return true;
  return a === false && b === false ? false : 'unknown';
}
