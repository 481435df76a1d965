/** A body that is no JSON; the message says where. */
export class JsonError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'JsonError';
  }
}

/** Whoever sends more than that and has it wrong did not write it by hand: it is not looked through again. */
const LONGEST_LOOK = 1024 * 1024;

/** The error for a body that is no JSON, with the place where it goes wrong. Never quotes the body. */
export function jsonError(body: string): JsonError {
  if (body.length > LONGEST_LOOK)
    return new JsonError('the body is not JSON, or holds a key that is not accepted');
  const position = badPosition(body);
  if (position === undefined) return new JsonError('the body holds a key that is not accepted');
  if (position >= body.length) {
    return new JsonError(`the body is not JSON: it ends too early, after ${body.length} characters`);
  }
  const before = body.slice(0, position).split('\n');
  const column = (before.at(-1)?.length ?? 0) + 1;
  return new JsonError(
    `the body is not JSON: it goes wrong at position ${position} (line ${before.length}, column ${column})`,
  );
}

const SCALAR = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|true|false|null/y;
const HEX = '0123456789abcdefABCDEF';
const ESCAPES = '"\\/bfnrt';
const SPACE = /[ \t\n\r]*/y;

/**
 * Where a text stops being JSON (RFC 8259): an index, the text's length when it ends too early, or undefined
 * when nothing is wrong. V8 tells the place in some of its messages only, and quotes the text in others.
 * No recursion: the text may be nested as deep as it is long.
 */
export function badPosition(text: string): number | undefined {
  const open: ('{' | '[')[] = [];
  let at = 0;
  let expect: 'value' | 'first' | 'key' | 'after' = 'value';
  const skip = (pattern: RegExp): boolean => {
    pattern.lastIndex = at;
    const found = pattern.test(text);
    if (found) at = pattern.lastIndex;
    return found;
  };
  /** Takes a string; else where it is bad. */
  const string = (): number | undefined => {
    if (text[at] !== '"') return at;
    for (at++; at < text.length; at++) {
      const character = text[at] as string;
      if (character === '"') {
        at++;
        return undefined;
      }
      if (character < ' ') return at;
      if (character !== '\\') continue;
      const escaped = text[++at] ?? '';
      if (escaped === 'u') {
        for (let digits = 0; digits < 4; digits++) if (!HEX.includes(text[++at] ?? '?')) return at;
      } else if (!ESCAPES.includes(escaped)) return at;
    }
    return text.length;
  };
  for (;;) {
    skip(SPACE);
    const character = text[at];
    const inside = open.at(-1);
    if (expect === 'after') {
      if (inside === undefined) return character === undefined ? undefined : at;
      if (character === ',') {
        at++;
        expect = inside === '{' ? 'key' : 'value';
      } else if (character === (inside === '{' ? '}' : ']')) {
        at++;
        open.pop();
      } else return at;
      continue;
    }
    if (expect === 'first' && character === (inside === '{' ? '}' : ']')) {
      at++;
      open.pop();
      expect = 'after';
      continue;
    }
    if (expect === 'key' || (expect === 'first' && inside === '{')) {
      const bad = string();
      if (bad !== undefined) return bad;
      skip(SPACE);
      if (text[at] !== ':') return at;
      at++;
      expect = 'value';
      continue;
    }
    if (character === '{' || character === '[') {
      open.push(character);
      at++;
      expect = 'first';
    } else if (character === '"') {
      const bad = string();
      if (bad !== undefined) return bad;
      expect = 'after';
    } else if (skip(SCALAR)) expect = 'after';
    else return at;
  }
}
