/**
 * When an exemption ends: a day (`2026-03-31`, its first moment in UTC) or a moment (`2026-03-31T18:00:00Z`), as in
 * RFC 3339. Written dates stay texts, since people are shown what they wrote.
 */

const FORM =
  /^(\d{4})-(\d{2})-(\d{2})(?:T([01]\d|2[0-3]):([0-5]\d):([0-5]\d)(?:\.\d{1,9})?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d))?$/;

/** Milliseconds since 1970; undefined for what is no date. */
export function expiryOf(text: string): number | undefined {
  const parts = FORM.exec(text);
  if (parts === null) return undefined;
  const [year, month, day] = parts.slice(1, 4).map(Number) as [number, number, number];
  // Date takes the 31st of February for a day in March.
  const date = new Date(Date.UTC(year, month - 1, day));
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined;
  const moment = Date.parse(text);
  return Number.isNaN(moment) ? undefined : moment;
}

/** Whether the time is over. Without a clock, or with a date that cannot be read, it is: nothing is let off by mistake. */
export function hasEnded(until: string | undefined, now: number | undefined): boolean {
  if (until === undefined) return false;
  const end = expiryOf(until);
  return end === undefined || now === undefined || end <= now;
}
