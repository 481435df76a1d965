/** The resource of a kind, as the projects that serve it spell it. */
export function pluralOf(kind: string): string {
  if (kind === 'MultiNetworkPolicy') return 'multi-networkpolicies';
  const name = kind.toLowerCase();
  if (name.endsWith('y')) return `${name.slice(0, -1)}ies`;
  return name.endsWith('s') ? `${name}es` : `${name}s`;
}
