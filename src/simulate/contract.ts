/**
 * The shapes the simulator speaks. Everything here is pure and synchronous.
 */
import type { Change } from '../model/change.ts';
import type { Direction, NetworkPolicy, Pod } from '../model/objects.ts';
import type { View } from '../model/overlay.ts';
import type { PodClass } from '../model/snapshot.ts';
import type { Addresses } from '../netset/addresses.ts';
import type { Connections, Protocol } from '../netset/connections.ts';

/** One end of a connection: a pod, a class of pods, or addresses outside the cluster. */
export type End =
  | { readonly kind: 'pod'; readonly pod: Pod }
  | { readonly kind: 'class'; readonly podClass: PodClass }
  | { readonly kind: 'outside'; readonly addresses: Addresses };

/** What may pass between two ends. `unknown` and `allowed` never overlap; the rest is denied. */
export interface Reach {
  readonly allowed: Connections;
  readonly unknown: Connections;
  /** Why something is unknown; empty when nothing is. */
  readonly reasons: readonly string[];
}

/** The policies that isolate a class in one direction, on both sides of a change. */
export interface Isolation {
  readonly before: readonly NetworkPolicy[];
  readonly after: readonly NetworkPolicy[];
}

/** A class of pods whose isolation, or what it is allowed, the change touches. */
export interface Subject {
  readonly podClass: PodClass;
  /** The directions the change touches. */
  readonly directions: readonly Direction[];
  readonly ingress: Isolation;
  readonly egress: Isolation;
}

/** How much work is left. Past it a simulation stops and says what it did not look at. */
export interface Budget {
  /** Takes `amount` pair evaluations; false when there are not so many left. */
  spend(amount: number): boolean;
  readonly exhausted: boolean;
  /** Notes what was not looked at, in words. */
  skip(what: string): void;
  readonly skipped: readonly string[];
}

/** One change simulated against one snapshot. */
export interface Simulation {
  readonly change: Change;
  readonly before: View;
  readonly after: View;
  /** The classes that the policy selects as it will be, those on the host network too; empty for a Service. */
  readonly selected: readonly PodClass[];
  /** Empty for a Service change: a Service moves no policy. */
  readonly subjects: readonly Subject[];
  readonly budget: Budget;
  /** What a look at the policies of a subject costs at most, in looks at small ones. */
  readonly weight: number;
}

/** A line of `list`: what `from` may open to `to`. */
export interface Row {
  readonly from: string;
  readonly to: string;
  readonly connections: readonly string[];
  readonly verdict: 'allowed' | 'unknown';
  readonly reason?: string;
}

/** A line of `diff`. */
export interface DiffRow {
  readonly from: string;
  readonly to: string;
  readonly connections: readonly string[];
}

export interface Diff {
  readonly lost: readonly DiffRow[];
  readonly gained: readonly DiffRow[];
}

export type Verdict = 'allowed' | 'denied' | 'unknown';

/** Why one connection is allowed, denied or unknown. */
export interface Explanation {
  readonly from: string;
  readonly to: string;
  /** The port asked for (a Service's own port when `to` is a Service). */
  readonly port: number;
  readonly protocol: Protocol;
  readonly verdict: Verdict;
  /** One sentence. */
  readonly reason: string;
  /** `NetworkPolicy default/redis spec.ingress[1].from[0]`, or the isolating policies when none allows. */
  readonly because: readonly string[];
}
