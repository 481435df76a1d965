import { type Addresses, type Block, mergeAddresses, parseCidr, subtractAddresses } from './addresses.ts';

/**
 * The block `cidr` less `except`; undefined when any of them is not a CIDR.
 * Exceptions of the other family take nothing away.
 */
export function parseBlock(cidr: string, except: readonly string[]): Block | undefined {
  const whole = parseCidr(cidr);
  if (whole === undefined) return undefined;
  const holes: Addresses[] = [];
  for (const text of except) {
    const hole = parseCidr(text);
    if (hole === undefined) return undefined;
    holes.push(hole);
  }
  // All holes as one set: a block may have thousands, and each by itself would cost all those before it.
  const addresses = holes.length === 0 ? whole : subtractAddresses(whole, mergeAddresses(holes));
  return { cidr, except, addresses };
}
