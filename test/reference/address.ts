/** Addresses for the reference: one bit after the other, on text, by nothing but the definition. */

/** The bits of an address as a text of 32 or 128 zeros and ones. */
export function bits(text: string): string {
  if (!text.includes(':')) {
    return text
      .split('.')
      .map((part) => Number(part).toString(2).padStart(8, '0'))
      .join('');
  }
  const [head = '', tail] = text.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? [] : new Array<string>(8 - left.length - right.length).fill('0');
  return [...left, ...zeros, ...right]
    .map((group) => Number.parseInt(group, 16).toString(2).padStart(16, '0'))
    .join('');
}

/** Whether the block, `address/length`, holds the address. Families never mix. */
export function holds(cidr: string, address: string): boolean {
  const [network = '', length = ''] = cidr.split('/');
  if (network.includes(':') !== address.includes(':')) return false;
  const wanted = Number(length);
  return bits(network).slice(0, wanted) === bits(address).slice(0, wanted);
}
