/** `TCP 80, UDP 53`. */
export function joined(connections: readonly string[]): string {
  return connections.join(', ');
}

/**
 * One CSV record (RFC 4180). Names come from strangers: what a spreadsheet would run as a formula gets an
 * apostrophe in front.
 */
export function csvLine(cells: readonly string[]): string {
  return cells.map(csvCell).join(',');
}

function csvCell(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** A number with its noun: `1 warning`, `2 warnings`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/**
 * Text for a terminal: control characters that a name from a stranger could carry (colours, line breaks,
 * direction marks) are made visible.
 */
export function printable(text: string): string {
  let clean = '';
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    const hidden =
      (code < 32 && code !== 10) ||
      (code >= 127 && code < 160) ||
      (code >= 0x202a && code <= 0x202e) ||
      (code >= 0x2066 && code <= 0x2069);
    clean += hidden ? `\\u${code.toString(16).padStart(4, '0')}` : character;
  }
  return clean;
}
