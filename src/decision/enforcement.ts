/**
 * What a finding leads to: the profile, each rule's action, overrides, exemptions.
 * Plain data; the configuration's output fits it as it is.
 */
import type { Snapshot } from '../model/snapshot.ts';
import type { Action, Kind, RuleSettings, Severity, User } from '../rules/rule.ts';
import { hasEnded } from './expiry.ts';
import { fits, type Scope, type Subject } from './scope.ts';

export type Profile = 'advise' | 'standard' | 'strict';

/** Another action where all its conditions hold. */
export interface Override extends Scope {
  readonly action: Action;
}

/** What a rule's findings lead to. The first override that fits counts, then `action`, then the profile. */
export interface RuleConfig {
  readonly action?: Action | undefined;
  readonly overrides: readonly Override[];
}

/** A recorded opt-out by the operator: findings it covers become notes, and every use is told. */
export interface Exemption extends Scope {
  /** Rule ids, or `*`. */
  readonly rules: readonly string[];
  readonly reason: string;
  /** As `expiry.ts` reads it; left out, it does not end. */
  readonly until?: string | undefined;
}

/**
 * Who may exempt an object by its annotation: whom the API server grants the verb `exempt` on portentpolicies in
 * the object's namespace, the users and groups that are listed, or nobody.
 */
export interface ExemptionAnnotation {
  readonly by: 'access-review' | 'listed' | 'nobody';
  readonly users: readonly string[];
  readonly groups: readonly string[];
}

export interface RulesConfig extends RuleSettings {
  readonly profile: Profile;
  /** By rule id. Looked up with `Object.hasOwn`: ids come from a file. */
  readonly rules: Readonly<Record<string, RuleConfig>>;
  /** What a change gets while the model is syncing or stale. */
  readonly stale: 'allow' | 'warn' | 'deny';
  readonly exemptions?: readonly Exemption[] | undefined;
  readonly exemptionAnnotation: ExemptionAnnotation;
}

export const DEFAULT_RULES_CONFIG: RulesConfig = Object.freeze({
  profile: 'standard',
  rules: Object.freeze({}),
  stale: 'warn',
  exemptionAnnotation: Object.freeze({ by: 'access-review', users: [], groups: [] }),
  nodePortRange: Object.freeze({ from: 30000, to: 32767 }),
  dns: Object.freeze({
    services: Object.freeze(['kube-system/kube-dns']),
    nodeLocal: Object.freeze(['169.254.20.10']),
  }),
  trustedNamespaceLabels: Object.freeze([
    'kubernetes.io/*',
    'pod-security.kubernetes.io/*',
    'openshift.io/*',
    '*.openshift.io/*',
    '*.cattle.io/*',
  ]),
  protectedPolicies: Object.freeze({
    labels: Object.freeze(['portent.dev/protected=true']),
    users: Object.freeze([]),
    groups: Object.freeze([]),
  }),
});

/** The action for one finding, and the exemption that softened it, or would have if it had not ended. */
export interface Ruling {
  readonly action: Action;
  readonly exemption?: Exemption;
  readonly ended?: Exemption;
}

/** The actions that hold for one change. */
export class Enforcement {
  readonly #config: RulesConfig;
  readonly #subject: Subject;
  readonly #now: number | undefined;

  /** `now`: milliseconds since 1970; without it no exemption that ends counts. */
  constructor(
    config: RulesConfig,
    snapshot: Snapshot,
    object: { readonly kind: Kind; readonly namespace: string },
    user: User | undefined,
    now?: number,
  ) {
    const { kind, namespace } = object;
    const space = snapshot.spaces.get(namespace);
    this.#config = config;
    this.#subject = { kind, namespace, labels: space?.known === true ? space.labels : undefined, user };
    this.#now = now;
  }

  /** Whether the rule needs to run at all. */
  isOff(rule: string, standard: Action): boolean {
    return (this.#configured(rule).action ?? standard) === 'off';
  }

  /**
   * What a finding leads to. A written action wins over the profile; `advise` never denies by itself;
   * `strict` denies what is warned about with high severity. An info finding is a note at most.
   */
  rule(rule: string, severity: Severity, standard: Action): Ruling {
    const configured = this.#configured(rule);
    let action = configured.action ?? this.#byProfile(standard, severity);
    if (severity === 'info' && (action === 'warn' || action === 'deny')) action = 'note';
    if (action !== 'warn' && action !== 'deny') return { action };
    let sure = configured.sure;
    let ended: Exemption | undefined;
    for (const exemption of this.#config.exemptions ?? []) {
      if (!exemption.rules.includes('*') && !exemption.rules.includes(rule)) continue;
      const covers = fits(exemption, this.#subject);
      if (covers === undefined) sure = false;
      if (covers !== true) continue;
      if (!hasEnded(exemption.until, this.#now)) return { action: 'note', exemption };
      ended ??= exemption;
    }
    if (action === 'deny' && !sure) action = 'warn';
    return ended === undefined ? { action } : { action, ended };
  }

  /** `sure` is false when an entry asks for labels of a Namespace that was never seen: then nothing denies. */
  #configured(rule: string): { readonly action: Action | undefined; readonly sure: boolean } {
    if (!Object.hasOwn(this.#config.rules, rule)) return { action: undefined, sure: true };
    const { action, overrides } = this.#config.rules[rule] as RuleConfig;
    let sure = true;
    for (const override of overrides) {
      const applies = fits(override, this.#subject);
      if (applies === true) return { action: override.action, sure };
      if (applies === undefined) sure = false;
    }
    return { action, sure };
  }

  #byProfile(standard: Action, severity: Severity): Action {
    switch (this.#config.profile) {
      case 'advise':
        return standard === 'deny' ? 'warn' : standard;
      case 'standard':
        return standard;
      case 'strict':
        return standard === 'warn' && (severity === 'critical' || severity === 'high') ? 'deny' : standard;
    }
  }
}
