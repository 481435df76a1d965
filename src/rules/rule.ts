/** The contract between a rule and those who run it, document it and test it. */
import type { Evidence } from '../evidence/evidence.ts';
import type { Change } from '../model/change.ts';
import type { View } from '../model/overlay.ts';
import type { Snapshot } from '../model/snapshot.ts';
import type { Simulation } from '../simulate/contract.ts';
import type { Aspect } from './aspects.ts';
import type { PatchOperation } from './patch.ts';

export type Severity = 'critical' | 'high' | 'medium' | 'low' | 'info';
export const SEVERITIES: readonly Severity[] = Object.freeze(['critical', 'high', 'medium', 'low', 'info']);

/** `off` the rule does not run; `note` recorded, not shown at once; `warn` shown; `deny` the change is refused. */
export type Action = 'off' | 'note' | 'warn' | 'deny';
export const ACTIONS: readonly Action[] = Object.freeze(['off', 'note', 'warn', 'deny']);

export type Kind = 'NetworkPolicy' | 'Service';
export type Operation = Change['operation'];

/** What a user may set about what the rules look for. */
export interface RuleSettings {
  /** Inclusive. */
  readonly nodePortRange: { readonly from: number; readonly to: number };
  readonly dns: {
    /** The Services that answer cluster DNS, as `namespace/name`. */
    readonly services: readonly string[];
    /** Addresses of a DNS cache on each node. */
    readonly nodeLocal: readonly string[];
  };
  /**
   * Keys of Namespace labels that the owners of namespaces cannot write: `team`, `example.com/*` for every key with
   * that prefix, `*.example.com/*` for those with a prefix below it.
   */
  readonly trustedNamespaceLabels: readonly string[];
  /** Policies that only some may change. */
  readonly protectedPolicies: {
    /** The labels that mark them, each `key=value` or `key`; all of them must be there. None: no policy is protected. */
    readonly labels: readonly string[];
    readonly users: readonly string[];
    readonly groups: readonly string[];
  };
}

/** Who makes a change. */
export interface User {
  readonly username: string;
  readonly groups: readonly string[];
}

/** All a rule may look at. */
export interface RuleContext {
  readonly simulation: Simulation;
  readonly change: Change;
  readonly snapshot: Snapshot;
  readonly before: View;
  readonly after: View;
  /** Which connections somebody needs, and which of them the change cuts; worked out once for all rules. */
  readonly evidence: Evidence;
  readonly settings: RuleSettings;
  /** Who makes the change; undefined offline. */
  readonly user: User | undefined;
  /** Whether anybody looks at patches: one that is not at hand may be left out where nobody does. */
  readonly fixes: boolean;
}

/** What a rule yields. The runner adds the rule's id, severity, fix and link. */
export interface Statement {
  /** The object or workload it is about: `default/redis-master[Deployment]`, `NetworkPolicy default/redis`. */
  readonly subject: string;
  /** One sentence or two for the person at kubectl. */
  readonly message: string;
  /** The policies, rules and facts that decide: `NetworkPolicy default/redis`. */
  readonly because: readonly string[];
  /** Where it is not the rule's own. */
  readonly severity?: Severity;
  /** What it leads to in the profile `standard`, where it is not the rule's own. */
  readonly action?: Action;
  readonly fix?: string;
  /** What to change in the manifest that the finding goes away; only where one change is plainly right. */
  readonly patch?: readonly PatchOperation[];
  /** A command that shows more. */
  readonly see?: string;
}

/** A statement with what the runner adds. */
export interface Finding {
  readonly rule: string;
  readonly severity: Severity;
  /** What it leads to in the profile `standard`. */
  readonly standard: Action;
  readonly subject: string;
  readonly message: string;
  readonly because: readonly string[];
  readonly fix: string;
  readonly patch?: readonly PatchOperation[];
  readonly see?: string;
  /** The rule's page. */
  readonly link: string;
}

/** A rule that could not know. It is a result, never silence. */
export interface Unchecked {
  readonly kind: 'unchecked';
  readonly reason: string;
}

/** The result of a rule that could not know, with the reason in words. */
export function unchecked(reason: string): Unchecked {
  return { kind: 'unchecked', reason };
}

/** A small cluster, a change, and the findings of the rule that go with it: test and documentation at once. */
export interface World {
  readonly title: string;
  /** Plain manifests, several YAML documents. */
  readonly cluster: string;
  readonly operation: Operation;
  /** The manifest that is created, updated to, or deleted. For an update the old object is in the cluster. */
  readonly manifest: string;
  /** What is known of the network plug-in; unknown when left out. */
  readonly enforces?: 'yes' | 'no';
  /** Who makes the change; nobody known when left out. */
  readonly user?: User;
  /** What the configuration says other than by default. */
  readonly settings?: Partial<RuleSettings>;
  /** Kinds that Portent could not read: `Ingress.networking.k8s.io`. */
  readonly missing?: readonly string[];
  /** What the rule says, in order; a severity only where it is not the rule's own. */
  readonly findings: readonly ExpectedFinding[];
  /** Why the rule could not know. */
  readonly unchecked?: string;
}

export interface ExpectedFinding {
  readonly subject: string;
  readonly message: string;
  readonly severity?: Severity;
  readonly action?: Action;
  readonly patch?: readonly PatchOperation[];
}

export interface Rule {
  /** File name, doc page and metric label. */
  readonly id: string;
  readonly title: string;
  readonly kinds: readonly Kind[];
  readonly operations: readonly Operation[];
  readonly severity: Severity;
  /** What it leads to in the profile `standard`. */
  readonly action: Action;
  /** Whether it needs an up-to-date model, or the object alone will do. */
  readonly needs: 'model' | 'object';
  /**
   * Kinds it reads that a cluster may keep from Portent (see reads.ts). While one of them could not be read, or a
   * policy of one that is only noticed may change the answer, the runner adds that the rest is unchecked.
   */
  readonly reads?: readonly string[];
  /**
   * What a change to a policy must have, all of it, before the rule can say anything (see aspects.ts). Where it does
   * not, the rule is not asked. Left out: it is asked of every change.
   */
  readonly aspects?: readonly Aspect[];
  readonly summary: string;
  readonly why: string;
  readonly fix: string;
  /** When it is wrong, and what it does not see. */
  readonly limits: readonly string[];
  readonly examples: { readonly good: readonly World[]; readonly bad: readonly World[] };
  check(context: RuleContext): Iterable<Statement> | Unchecked;
}
