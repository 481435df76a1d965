/**
 * What a finding leads to: the profile, each rule's action, overrides by namespace, exemptions.
 * Plain data; the configuration's output fits it as it is.
 */
import type { Labels } from '../model/labels.ts';
import { type Requirement, selects } from '../model/selector.ts';
import type { Snapshot, Space } from '../model/snapshot.ts';
import type { Action, RuleSettings, Severity } from '../rules/rule.ts';

export type Profile = 'advise' | 'standard' | 'strict';

/** A label selector as the configuration file writes it. */
export interface LabelSelector {
  readonly matchLabels: Readonly<Record<string, string>>;
  readonly matchExpressions: readonly Requirement[];
}

/** Another action in some namespaces: by name, or by a selector on the Namespace's labels. */
export interface NamespaceAction {
  readonly names?: readonly string[] | undefined;
  readonly selector?: LabelSelector | undefined;
  readonly action: Action;
}

/** What a rule's findings lead to. The first namespace entry that fits counts, then `action`, then the profile. */
export interface RuleConfig {
  readonly action?: Action | undefined;
  readonly namespaces: readonly NamespaceAction[];
}

/** A recorded opt-out: findings it covers become notes, and the reason is in the audit log. */
export interface Exemption {
  /** Rule ids, or `*`. */
  readonly rules: readonly string[];
  /** Each list that is given must match; a list that is not given matches everybody. */
  readonly users?: readonly string[] | undefined;
  readonly groups?: readonly string[] | undefined;
  readonly namespaces?: readonly string[] | undefined;
  readonly reason: string;
}

export interface RulesConfig extends RuleSettings {
  readonly profile: Profile;
  /** By rule id. Looked up with `Object.hasOwn`: ids come from a file. */
  readonly rules: Readonly<Record<string, RuleConfig>>;
  /** What a change gets while the model is syncing or stale. */
  readonly stale: 'allow' | 'warn' | 'deny';
  readonly exemptions?: readonly Exemption[] | undefined;
}

export const DEFAULT_RULES_CONFIG: RulesConfig = Object.freeze({
  profile: 'standard',
  rules: Object.freeze({}),
  stale: 'warn',
  nodePortRange: Object.freeze({ from: 30000, to: 32767 }),
  dns: Object.freeze({
    services: Object.freeze(['kube-system/kube-dns']),
    nodeLocal: Object.freeze(['169.254.20.10']),
  }),
});

export interface User {
  readonly username: string;
  readonly groups: readonly string[];
}

/** The action for one finding, and the recorded reason when an exemption softened it. */
export interface Ruling {
  readonly action: Action;
  readonly exemption?: string;
}

/** The actions that hold for one change. */
export class Enforcement {
  readonly #config: RulesConfig;
  readonly #namespace: string;
  readonly #space: Space | undefined;
  readonly #user: User | undefined;

  constructor(config: RulesConfig, snapshot: Snapshot, namespace: string, user: User | undefined) {
    this.#config = config;
    this.#namespace = namespace;
    this.#space = snapshot.spaces.get(namespace);
    this.#user = user;
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
    const { action: written, sure } = this.#configured(rule);
    let action = written ?? this.#byProfile(standard, severity);
    if (severity === 'info' && (action === 'warn' || action === 'deny')) action = 'note';
    if (action === 'deny' && !sure) action = 'warn';
    if (action === 'warn' || action === 'deny') {
      const exemption = this.#config.exemptions?.find((one) => this.#covers(one, rule));
      if (exemption !== undefined) return { action: 'note', exemption: exemption.reason };
    }
    return { action };
  }

  /** `sure` is false when an entry asks for labels of a Namespace that was never seen: then nothing denies. */
  #configured(rule: string): { readonly action: Action | undefined; readonly sure: boolean } {
    if (!Object.hasOwn(this.#config.rules, rule)) return { action: undefined, sure: true };
    const { action, namespaces } = this.#config.rules[rule] as RuleConfig;
    let sure = true;
    for (const entry of namespaces) {
      if (entry.names?.includes(this.#namespace)) return { action: entry.action, sure };
      if (entry.selector === undefined) continue;
      if (this.#space === undefined || !this.#space.known) sure = false;
      else if (matches(entry.selector, this.#space.labels)) return { action: entry.action, sure };
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

  #covers(exemption: Exemption, rule: string): boolean {
    const { rules, users, groups, namespaces } = exemption;
    if (!rules.includes('*') && !rules.includes(rule)) return false;
    if (users !== undefined && (this.#user === undefined || !users.includes(this.#user.username)))
      return false;
    if (groups !== undefined && !groups.some((group) => this.#user?.groups.includes(group))) return false;
    return namespaces === undefined || namespaces.includes(this.#namespace);
  }
}

function matches(selector: LabelSelector, labels: Labels): boolean {
  const requirements: Requirement[] = [...selector.matchExpressions];
  for (const [key, value] of Object.entries(selector.matchLabels)) {
    requirements.push({ key, operator: 'In', values: [value] });
  }
  return selects({ requirements }, labels);
}
