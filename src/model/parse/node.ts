import type { Node } from '../objects.ts';
import { parseMeta } from './meta.ts';
import { parseAddresses } from './service.ts';
import { fields, items, text } from './wire.ts';

/** A Node with its internal and external addresses; host names are left out. */
export function parseNode(raw: unknown): Node {
  const { name, labels } = parseMeta(raw);
  const addresses = items(fields(fields(raw).status).addresses).flatMap((item) => {
    const { type, address } = fields(item);
    return type === 'InternalIP' || type === 'ExternalIP' ? [text(address)] : [];
  });
  return { name, labels, addresses: parseAddresses(addresses) };
}
