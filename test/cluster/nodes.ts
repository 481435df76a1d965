/** The most nodes whose addresses `nodeManifest` can tell apart. */
export const maxNodes = 2048;

/**
 * A node for kwok to play, with its own address and its own ranges of pod addresses: 4,094 IPv4 addresses of
 * 10.128.0.0/9, and with `dualStack` a /64 of fd00:10::/32 too.
 */
export function nodeManifest(index: number, dualStack: boolean): object {
  if (index >= maxNodes) throw new Error(`a cluster holds at most ${maxNodes} nodes`);
  const name = nodeName(index);
  const cidrs = [`10.${128 + (index >> 4)}.${(index & 15) * 16}.0/20`];
  const addresses = [`192.168.${index >> 6}.${10 + (index & 63)}`];
  if (dualStack) {
    cidrs.push(`fd00:10:${index.toString(16)}::/64`);
    addresses.push(`fd00:192::${(index + 1).toString(16)}`);
  }
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels: { 'kubernetes.io/hostname': name, 'kubernetes.io/os': 'linux' } },
    spec: { podCIDR: cidrs[0], podCIDRs: cidrs },
    status: {
      addresses: [
        ...addresses.map((address) => ({ type: 'InternalIP', address })),
        { type: 'Hostname', address: name },
      ],
    },
  };
}

/** The name of the node with that index. */
export function nodeName(index: number): string {
  return `node-${index}`;
}
