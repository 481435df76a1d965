import type { Config } from './config.ts';
import type { PolicySpec } from './enforcement.ts';

/**
 * The configuration with the specs of PortentPolicies on top, in the order given. What a later one sets replaces
 * what was set before, except: overrides of a rule come before those that are there, and exemptions are added.
 */
export function withPolicies(config: Config, specs: Iterable<PolicySpec>): Config {
  let merged = config;
  for (const spec of specs) merged = withPolicy(merged, spec);
  return merged;
}

function withPolicy(config: Config, spec: PolicySpec): Config {
  const { profile, stale, nodePortRange, dns, rules = {}, exemptions = [], exemptionAnnotation } = spec;
  return Object.freeze({
    ...config,
    profile: profile ?? config.profile,
    stale: stale ?? config.stale,
    nodePortRange: nodePortRange ?? config.nodePortRange,
    dns: {
      services: dns?.services ?? config.dns.services,
      nodeLocal: dns?.nodeLocal ?? config.dns.nodeLocal,
    },
    rules: mergedRules(config.rules, rules),
    exemptions: [...config.exemptions, ...exemptions],
    exemptionAnnotation: exemptionAnnotation ?? config.exemptionAnnotation,
  });
}

type Rules = Config['rules'];

function mergedRules(below: Rules, above: Rules): Rules {
  // A Map: rule ids come from a file.
  const merged = new Map(Object.entries(below));
  for (const [id, { action, overrides }] of Object.entries(above)) {
    const before = merged.get(id);
    const first = action ?? before?.action;
    merged.set(id, {
      ...(first === undefined ? {} : { action: first }),
      overrides: [...overrides, ...(before?.overrides ?? [])],
    });
  }
  return Object.fromEntries(merged);
}
