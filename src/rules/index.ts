import { allowAll } from './allow-all.ts';
import { andOrConfusion } from './and-or-confusion.ts';
import { apiServerCut } from './api-server-cut.ts';
import { breaksReferences } from './breaks-references.ts';
import { callbackBlocked } from './callback-blocked.ts';
import { clientIpBehindSnat } from './client-ip-behind-snat.ts';
import { connectivityGained } from './connectivity-gained.ts';
import { connectivityLost } from './connectivity-lost.ts';
import { crossNamespaceEndpoints } from './cross-namespace-endpoints.ts';
import { directionIgnored } from './direction-ignored.ts';
import { dnsCut } from './dns-cut.ts';
import { establishedConnections } from './established-connections.ts';
import { exceptIneffective } from './except-ineffective.ts';
import { exposedToTheWorld } from './exposed-to-the-world.ts';
import { externalIps } from './external-ips.ts';
import { externalNameRisk } from './external-name-risk.ts';
import { hostNetworkSelected } from './host-network-selected.ts';
import { ingressControllerCut } from './ingress-controller-cut.ts';
import { namedPortUnresolved } from './named-port-unresolved.ts';
import { namespaceIsolated } from './namespace-isolated.ts';
import { namespaceWidePeer } from './namespace-wide-peer.ts';
import { noBackends } from './no-backends.ts';
import { nodePortRange } from './node-port-range.ts';
import { notEnforced } from './not-enforced.ts';
import { peerSelectsNothing } from './peer-selects-nothing.ts';
import { podIpInIpblock } from './pod-ip-in-ipblock.ts';
import { probeOrMetricsCut } from './probe-or-metrics-cut.ts';
import { protectedPolicy } from './protected-policy.ts';
import { redundant } from './redundant.ts';
import type { Rule } from './rule.ts';
import { secondaryNetworkBypass } from './secondary-network-bypass.ts';
import { selectorOverlap } from './selector-overlap.ts';
import { selectsNothing } from './selects-nothing.ts';
import { servicePortForTargetPort } from './service-port-for-target-port.ts';
import { serviceUnreachable } from './service-unreachable.ts';
import { spoofableLabel } from './spoofable-label.ts';
import { targetPortUnresolved } from './target-port-unresolved.ts';
import { unequalFamilies } from './unequal-families.ts';

/** Every rule there is, in the order of the catalogue. */
export const RULES: readonly Rule[] = Object.freeze([
  notEnforced,
  nodePortRange,
  namespaceIsolated,
  callbackBlocked,
  serviceUnreachable,
  ingressControllerCut,
  connectivityLost,
  breaksReferences,
  connectivityGained,
  dnsCut,
  apiServerCut,
  probeOrMetricsCut,
  selectsNothing,
  peerSelectsNothing,
  noBackends,
  exceptIneffective,
  podIpInIpblock,
  establishedConnections,
  directionIgnored,
  servicePortForTargetPort,
  namedPortUnresolved,
  allowAll,
  hostNetworkSelected,
  redundant,
  targetPortUnresolved,
  externalIps,
  exposedToTheWorld,
  externalNameRisk,
  crossNamespaceEndpoints,
  selectorOverlap,
  protectedPolicy,
  secondaryNetworkBypass,
  andOrConfusion,
  clientIpBehindSnat,
  unequalFamilies,
  spoofableLabel,
  namespaceWidePeer,
]);

/** The ids, in the same order. */
export const RULE_IDS: readonly string[] = Object.freeze(RULES.map(({ id }) => id));

/** The rule of that id. */
export function ruleOf(id: string): Rule | undefined {
  return RULES.find((rule) => rule.id === id);
}
