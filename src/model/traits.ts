/**
 * What a policy may have that only some questions are about, as bits of `Makeup.traits`. A policy that does not have
 * it needs no look into its rules.
 */
export const TRAITS = Object.freeze({
  /** A rule that lets everybody in, or out, at every port. */
  openIngress: 1,
  openEgress: 2,
  /** An ipBlock with exceptions among the peers of that direction. */
  ingressHoles: 4,
  egressHoles: 8,
  /** A peer that is an ipBlock. */
  blocks: 16,
  /** A peer that picks pods by labels. */
  podPeers: 32,
  /** An ingress peer that looks into other namespaces. */
  farClients: 64,
  /** An ingress rule that names a port by its name. */
  namedPorts: 128,
  /** An ingress rule that names ports by number. */
  ports: 256,
  /** A rule with more than one peer. */
  neighbours: 512,
  /** Rules of a direction that policyTypes leaves out. */
  ignoredRules: 1024,
  /** It selects every pod of its namespace. */
  wholeNamespace: 2048,
});
