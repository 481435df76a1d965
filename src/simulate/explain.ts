import type { Pod, Service } from '../model/objects.ts';
import type { View } from '../model/overlay.ts';
import type { Addresses } from '../netset/addresses.ts';
import type { Protocol } from '../netset/connections.ts';
import { namedBlocks } from './atoms.ts';
import { type Backend, backendsOf } from './backends.ts';
import { explainSide, type SideVerdict } from './because.ts';
import type { Explanation, Verdict } from './contract.ts';
import type { ExplainEnd } from './ends.ts';
import { foreignCaveat } from './foreign.ts';
import { cutAddresses } from './parts.ts';
import { familiesOf, outsidePoint, type Point, pointOf } from './point.ts';
import { areStrangers, sharesNode, verdictOf } from './reach.ts';
import { clientAddressReason } from './snat.ts';

interface Judged {
  readonly verdict: Verdict;
  readonly reason: string;
  readonly because: readonly string[];
}

/** The verdict on one connection, and what decides it at both ends. `port` is a Service's own port when `to` is one. */
export function explain(
  view: View,
  from: ExplainEnd,
  to: ExplainEnd,
  port: number,
  protocol: Protocol,
): Explanation {
  const judged =
    to.kind === 'service'
      ? explainService(view, from, to.service, port, protocol)
      : combine(
          pointsOf(view, from).flatMap((source) =>
            pointsOf(view, to).map((target) => judge(view, source, target, port, protocol)),
          ),
          'the pods or addresses meant are not treated alike',
        );
  const caveat = judged.verdict === 'unknown' ? undefined : foreignCaveat(view, from, to);
  const reason = caveat === undefined ? judged.reason : `${judged.reason}; ${caveat}`;
  return { from: from.text, to: to.text, port, protocol, ...judged, reason };
}

function pointsOf(view: View, end: ExplainEnd): Point[] {
  if (end.kind === 'outside') {
    return cutAddresses(end.addresses, addressCutters(view, end.addresses), Number.POSITIVE_INFINITY).map(
      (part) => outsidePoint(view.snapshot, part),
    );
  }
  if (end.kind === 'service') return [];
  const { family } = end;
  const points = end.pods.map((pod) => pointOf(view, { kind: 'pod', pod }));
  return family === undefined ? points : points.map((point) => ({ ...point, family }));
}

/** Nothing to cut in a single address; a range is cut by every block that any policy names, those of tiers too. */
function addressCutters(view: View, addresses: Addresses): readonly Addresses[] {
  if (addresses.v4[0] === addresses.v4[1] && addresses.v6[0] === addresses.v6[1]) return [];
  return namedBlocks(view).map((block) => block.addresses);
}

function judge(view: View, from: Point, to: Point, port: number, protocol: Protocol): Judged {
  if (from.kind === 'addresses' && to.kind === 'addresses') {
    return { verdict: 'allowed', reason: 'neither end is a pod that policies can select', because: [] };
  }
  if (from.kind === 'pods' && to.kind === 'pods' && from.pods.length === 1 && from.pods[0] === to.pods[0]) {
    return { verdict: 'allowed', reason: 'a pod always reaches itself', because: [] };
  }
  const egress = from.kind === 'pods' ? explainSide(view, from, 'egress', to, port, protocol) : OPEN;
  const onNode = to.kind === 'pods' && from.kind === 'addresses' && sharesNode(from, to.pods);
  const ingress =
    to.kind === 'pods' && !onNode ? explainSide(view, to, 'ingress', from, port, protocol) : OPEN;
  const verdict = verdictOf(view, from, to, { protocol, port });
  const strangers = areStrangers(familiesOf(from), familiesOf(to));
  return { verdict, ...words(verdict, egress, ingress, onNode, strangers) };
}

const OPEN: SideVerdict = { verdict: 'allowed', because: [], reasons: [] };

function words(
  verdict: Verdict,
  egress: SideVerdict,
  ingress: SideVerdict,
  onNode: boolean,
  strangers: boolean,
) {
  if (verdict === 'allowed') {
    const because = [...egress.because, ...ingress.because];
    if (onNode) return { reason: 'a node always reaches the pods on it', because };
    const reason = because.length === 0 ? 'no policy isolates either end' : 'policies allow it';
    return { reason, because };
  }
  if (verdict === 'unknown') {
    return {
      reason: [...new Set([...egress.reasons, ...ingress.reasons])].join('; '),
      because: [...egress.because, ...ingress.because],
    };
  }
  if (strangers) return { reason: 'the two ends have no address family in common', because: [] };
  const denying = [egress, ingress].filter((side) => side.verdict === 'denied');
  const at = [
    ...(egress.verdict === 'denied' ? ['egress at the source'] : []),
    ...(ingress.verdict === 'denied' ? ['ingress at the destination'] : []),
  ].join(' and ');
  return {
    reason:
      at === ''
        ? 'no address family is let out at the source and in at the destination'
        : `no rule allows it: ${at} is isolated`,
    because: denying.flatMap((side) => side.because),
  };
}

function explainService(
  view: View,
  from: ExplainEnd,
  service: Service,
  port: number,
  protocol: Protocol,
): Judged {
  const name = `Service ${service.namespace}/${service.name}`;
  if (service.type === 'ExternalName') {
    return unknown(
      `${name} is a DNS alias for ${service.externalName}; policies judge the addresses behind that name`,
    );
  }
  const written = service.ports.find((one) => one.port === port && one.protocol === protocol);
  if (written === undefined) {
    const has = service.ports.map((one) => `${one.port}/${one.protocol}`).join(', ');
    return {
      verdict: 'denied',
      reason: `${name} has no port ${port}/${protocol}; it has ${has || 'none'}`,
      because: [],
    };
  }
  const backends = backendsOf(view, service);
  if (backends.length === 0) {
    const isApi = service.namespace === 'default' && service.name === 'kubernetes';
    if (isApi)
      return unknown(`${name} leads to the API server on node addresses that are not in the cluster state`);
    return { verdict: 'denied', reason: `${name} has no back ends`, because: [] };
  }
  const judged = backends.flatMap((backend) => judgeBackend(view, from, service, backend, port, protocol));
  const both = combine(judged, `not every back end of ${name} is treated alike`);
  const snat = from.kind === 'outside' ? clientAddressReason(view, service, written, backends) : undefined;
  if (snat !== undefined) return { ...unknown(snat), because: both.because };
  const targets = [
    ...new Set(backends.flatMap((b) => b.ports.find((p) => p.port === written)?.targets ?? [])),
  ];
  const differs = targets.some((target) => target !== port);
  const note = differs
    ? `; port ${port} of the Service is port ${targets.join(' or ')} of its pods, and policies see that one`
    : '';
  return { ...both, reason: `${both.reason}${note}` };
}

function judgeBackend(
  view: View,
  from: ExplainEnd,
  service: Service,
  backend: Backend,
  port: number,
  protocol: Protocol,
): Judged[] {
  const name = `${service.namespace}/${service.name}`;
  const targets =
    backend.ports.find((one) => one.port.port === port && one.port.protocol === protocol)?.targets ?? [];
  const pods: readonly (Pod | undefined)[] = backend.podClass?.pods ?? [undefined];
  if (targets.length === 0) {
    return [
      {
        verdict: 'denied',
        reason: `the target port of Service ${name} is not a port of its pods`,
        because: [],
      },
    ];
  }
  const judged: Judged[] = [];
  for (const pod of pods) {
    const target = pod === undefined ? addressTarget(view, backend) : pointOf(view, { kind: 'pod', pod });
    for (const source of pointsOf(view, from)) {
      if (pod !== undefined && source.kind === 'pods' && source.pods.includes(pod)) {
        judged.push(
          unknown(`${pod.namespace}/${pod.name} would reach itself through Service ${name}; plug-ins differ`),
        );
        continue;
      }
      for (const one of targets) judged.push(judge(view, source, target, one, protocol));
    }
  }
  return judged;
}

function addressTarget(view: View, backend: Backend): Point {
  const address = backend.address ?? 0;
  const addresses =
    typeof address === 'number' ? { v4: [address, address], v6: [] } : { v4: [], v6: [address, address] };
  return outsidePoint(view.snapshot, addresses);
}

function unknown(reason: string): Judged {
  return { verdict: 'unknown', reason, because: [] };
}

/** One verdict for many: theirs when they agree, else unknown, and how many said what. */
function combine(all: readonly Judged[], differ: string): Judged {
  const [first] = all;
  if (first === undefined) return unknown('nothing to judge');
  const because = [...new Set(all.flatMap((one) => one.because))];
  if (all.every((one) => one.verdict === first.verdict)) return { ...first, because };
  const count = (verdict: Verdict): number => all.filter((one) => one.verdict === verdict).length;
  const parts = (['allowed', 'denied', 'unknown'] as const)
    .filter((verdict) => count(verdict) > 0)
    .map((verdict) => `${count(verdict)} ${verdict}`);
  return { verdict: 'unknown', reason: `${differ}: ${parts.join(', ')}`, because };
}
