import type { Direction, NetworkPolicy } from '../model/objects.ts';
import type { View } from '../model/overlay.ts';
import { intersectConnections, uniteConnections } from '../netset/connections.ts';
import type { PodPoint, Point } from './point.ts';
import { OPEN_SIDE, policySide, type Side, type Wanted } from './policy-side.ts';
import { tieredSide } from './tiers.ts';

export { OPEN_SIDE, peerPath, policySide, type Side, type Wanted } from './policy-side.ts';

/** What the policies of `subject` let through between it and `peer`; of one connection alone if one is wanted. */
export function sideOf(
  view: View,
  subject: PodPoint,
  direction: Direction,
  peer: Point,
  wanted?: Wanted,
): Side {
  const policies = view.isolating(subject.podClass, direction);
  const side = clearSide(view, subject, direction, peer, policies, wanted);
  const unclear = view.unclear(subject.podClass, direction);
  return unclear.length === 0 ? side : unclearSide(view, subject, direction, peer, side, policies, unclear);
}

function clearSide(
  view: View,
  subject: PodPoint,
  direction: Direction,
  peer: Point,
  policies: readonly NetworkPolicy[],
  wanted?: Wanted,
): Side {
  if (view.snapshot.tiers.size > 0) return tieredSide(view, subject, direction, peer, policies);
  return policies.length === 0 ? OPEN_SIDE : policySide(view, subject, direction, peer, policies, wanted);
}

/**
 * The same beside policies with an invalid selector of their own, which may or may not select the subject.
 * If one does, it adds to what is allowed, and isolates where nothing else does.
 */
function unclearSide(
  view: View,
  subject: PodPoint,
  direction: Direction,
  peer: Point,
  side: Side,
  policies: readonly NetworkPolicy[],
  unclear: readonly NetworkPolicy[],
): Side {
  const more = clearSide(view, subject, direction, peer, [...policies, ...unclear]);
  return {
    allowed: intersectConnections(side.allowed, more.allowed),
    possible: uniteConnections(side.possible, more.possible),
    reasons: [
      ...side.reasons,
      ...unclear.map(
        ({ namespace, name }) =>
          `NetworkPolicy ${namespace}/${name} has an invalid podSelector; whom it selects is not known`,
      ),
    ],
    mixed: side.mixed || more.mixed,
  };
}
