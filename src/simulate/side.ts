import type { Direction } from '../model/objects.ts';
import type { View } from '../model/overlay.ts';
import type { PodPoint, Point } from './point.ts';
import { OPEN_SIDE, policySide, type Side } from './policy-side.ts';
import { tieredSide } from './tiers.ts';

export { OPEN_SIDE, peerPath, policySide, type Side } from './policy-side.ts';

/** What the policies of `subject` let through between it and `peer`. */
export function sideOf(view: View, subject: PodPoint, direction: Direction, peer: Point): Side {
  const policies = view.isolating(subject.podClass, direction);
  if (view.snapshot.tiers.size > 0) return tieredSide(view, subject, direction, peer, policies);
  return policies.length === 0 ? OPEN_SIDE : policySide(view, subject, direction, peer, policies);
}
