/**
 * The syntax of names, labels and ports (Kubernetes API conventions; RFC 1123, RFC 6335).
 * Each function returns what is wrong, in words, or undefined.
 */
const LABEL_1123 = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const QUALIFIED = /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/;

/** A DNS label, RFC 1123. */
export function dnsLabelProblem(name: string): string | undefined {
  if (name.length > 63) return 'must be no more than 63 characters';
  if (LABEL_1123.test(name)) return undefined;
  if (name.includes('.') && dnsSubdomainProblem(name) === undefined) return 'must not contain dots';
  return "must consist of lower case letters, digits or '-', and start and end with a letter or digit";
}

/** Dotted DNS labels, RFC 1123. */
export function dnsSubdomainProblem(name: string): string | undefined {
  if (name.length > 253) return 'must be no more than 253 characters';
  if (name.split('.').every((label) => LABEL_1123.test(label))) return undefined;
  return "must consist of lower case letters, digits, '-' or '.', and start and end with a letter or digit";
}

/** A label or annotation key: `name` or `prefix/name`. */
export function labelKeyProblem(key: string): string | undefined {
  const slash = key.indexOf('/');
  if (key.indexOf('/', slash + 1) > slash && slash >= 0) return 'a key has at most one slash';
  const prefix = slash < 0 ? undefined : key.slice(0, slash);
  const name = key.slice(slash + 1);
  if (prefix === '') return 'the prefix before the slash must not be empty';
  if (prefix !== undefined && dnsSubdomainProblem(prefix) !== undefined) {
    return `the prefix before the slash ${dnsSubdomainProblem(prefix)}`;
  }
  if (name === '') return 'a key must not be empty';
  if (name.length > 63) return 'the name part must be no more than 63 characters';
  if (QUALIFIED.test(name)) return undefined;
  return "must consist of letters, digits, '-', '_' or '.', and start and end with a letter or digit";
}

/** A label value; empty is allowed. */
export function labelValueProblem(value: string): string | undefined {
  if (value.length > 63) return 'must be no more than 63 characters';
  if (value === '' || QUALIFIED.test(value)) return undefined;
  return "must be empty, or consist of letters, digits, '-', '_' or '.', and start and end with a letter or digit";
}

/** An IANA service name (RFC 6335), in lower case only. */
export function portNameProblem(name: string): string | undefined {
  if (name.length > 15) return 'must be no more than 15 characters';
  if (!/^[-a-z0-9]+$/.test(name)) return "must contain only lower case letters, digits and '-'";
  if (!/[a-z]/.test(name)) return 'must contain at least one letter';
  if (name.includes('--')) return "must not contain '--'";
  if (name.startsWith('-') || name.endsWith('-')) return "must not begin or end with '-'";
  return undefined;
}
