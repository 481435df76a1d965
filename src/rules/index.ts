import { connectivityGained } from './connectivity-gained.ts';
import { connectivityLost } from './connectivity-lost.ts';
import { dnsCut } from './dns-cut.ts';
import { establishedConnections } from './established-connections.ts';
import { exceptIneffective } from './except-ineffective.ts';
import { namespaceIsolated } from './namespace-isolated.ts';
import { noBackends } from './no-backends.ts';
import { nodePortRange } from './node-port-range.ts';
import { notEnforced } from './not-enforced.ts';
import { peerSelectsNothing } from './peer-selects-nothing.ts';
import { podIpInIpblock } from './pod-ip-in-ipblock.ts';
import type { Rule } from './rule.ts';
import { selectsNothing } from './selects-nothing.ts';

/** Every rule there is, in the order of the catalogue. */
export const RULES: readonly Rule[] = Object.freeze([
  notEnforced,
  nodePortRange,
  namespaceIsolated,
  connectivityLost,
  connectivityGained,
  dnsCut,
  selectsNothing,
  peerSelectsNothing,
  noBackends,
  exceptIneffective,
  podIpInIpblock,
  establishedConnections,
]);

/** The rule of that id. */
export function ruleOf(id: string): Rule | undefined {
  return RULES.find((rule) => rule.id === id);
}
