import { type Addresses, type Block, parseCidr, subtractAddresses } from './addresses.ts';

/**
 * The block `cidr` less `except`; undefined when any of them is not a CIDR.
 * Exceptions of the other family take nothing away.
 */
export function parseBlock(cidr: string, except: readonly string[]): Block | undefined {
  const whole = parseCidr(cidr);
  if (whole === undefined) return undefined;
  let addresses: Addresses = whole;
  for (const text of except) {
    const hole = parseCidr(text);
    if (hole === undefined) return undefined;
    addresses = subtractAddresses(addresses, hole);
  }
  return { cidr, except, addresses };
}
