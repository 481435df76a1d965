/**
 * What a plain YAML scalar means to Kubernetes. Its readers (sigs.k8s.io/yaml over go-yaml 2) follow YAML 1.1
 * in most things: `yes`, `on` and `n` are booleans, `010` is eight, `1_000` is a thousand. A label value `on`
 * is therefore a boolean there and refused, and must not read as a string here.
 */
const WORDS: ReadonlyMap<string, boolean | null | number> = new Map<string, boolean | null | number>([
  ...cases(['y', 'Y', 'yes', 'Yes', 'YES', 'true', 'True', 'TRUE', 'on', 'On', 'ON'], true),
  ...cases(['n', 'N', 'no', 'No', 'NO', 'false', 'False', 'FALSE', 'off', 'Off', 'OFF'], false),
  ...cases(['', '~', 'null', 'Null', 'NULL'], null),
  ...cases(['.nan', '.NaN', '.NAN'], Number.NaN),
  ...cases(['.inf', '.Inf', '.INF', '+.inf', '+.Inf', '+.INF'], Number.POSITIVE_INFINITY),
  ...cases(['-.inf', '-.Inf', '-.INF'], Number.NEGATIVE_INFINITY),
]);

const FLOAT = /^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$/;
const INTEGER = /^([-+]?)(0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO]?[0-7]+|0|[1-9][0-9]*)$/;

function cases<T>(words: readonly string[], value: T): [string, T][] {
  return words.map((word) => [word, value]);
}

/** The value of an unquoted scalar without a tag. Timestamps stay strings, as there. */
export function resolvePlain(text: string): string | number | boolean | null {
  if (text.length <= 5) {
    const word = WORDS.get(text);
    if (word !== undefined) return word;
  }
  const first = text.charCodeAt(0);
  // Only digits, signs and a dot can begin a number.
  if (!((first >= 48 && first <= 57) || first === 43 || first === 45 || first === 46)) return text;
  const plain = text.includes('_') ? text.replaceAll('_', '') : text;
  const integer = first === 46 ? null : INTEGER.exec(plain);
  if (integer !== null) return (integer[1] === '-' ? -1 : 1) * natural(integer[2] as string);
  if (!FLOAT.test(plain)) return text;
  const float = Number.parseFloat(plain);
  return Number.isFinite(float) ? float : text;
}

function natural(digits: string): number {
  if (/^0[xXbB]/.test(digits)) return Number(digits.toLowerCase());
  if (/^0[oO]?[0-7]+$/.test(digits)) return Number.parseInt(digits.replace(/[oO]/, ''), 8);
  return Number(digits);
}
