const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

/** How long certificates that nobody else wants live, in milliseconds: those of a folder. */
export const AUTHORITY_LIFE = 3650 * DAY;
export const SERVING_LIFE = 365 * DAY;

/**
 * A certificate of ours is valid from two hours before it was made, in milliseconds: whoever looks at it may
 * have a clock that is an hour late, and whoever made it one that is early.
 */
export const BACKDATE = 120 * MINUTE;

/** From when until when a certificate is valid. */
export interface Validity {
  readonly notBefore: Date;
  readonly notAfter: Date;
}

/** When a certificate of ours was made. */
export function issuedAt({ notBefore, notAfter }: Validity): number {
  const issued = notBefore.getTime() + BACKDATE;
  // Not one of ours, or made for a life shorter than that.
  return issued < notAfter.getTime() ? issued : notBefore.getTime();
}

/** Whether two thirds of its life are over. */
export function isDue(validity: Validity, now: Date): boolean {
  const end = validity.notAfter.getTime();
  return end - now.getTime() < (end - issuedAt(validity)) / 3;
}

/** How a rotation is paced, in milliseconds, all from the life of a certificate. */
export interface Pace {
  /** How long callers must have trusted an authority before its certificate is served: their news is late. */
  readonly settle: number;
  /** How long an authority is still trusted after nobody is meant to serve under it. */
  readonly overlap: number;
  /** How often to look, without news. */
  readonly look: number;
}

/** 30 s, a day and 30 s, or less for lives of hours and seconds. */
export function paceOf(life: number): Pace {
  const settle = Math.min(MINUTE / 2, life / 12);
  return { settle, overlap: Math.min(DAY, life / 6), look: Math.max(100, Math.min(MINUTE / 2, life / 24)) };
}
