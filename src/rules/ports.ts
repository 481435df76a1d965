import type { Service, ServicePort } from '../model/objects.ts';

/** The ports of `one` whose number and protocol `other` does not have. Either may have thousands. */
export function portsWithout(one: Service, other: Service): ServicePort[] {
  const there = new Set(other.ports.map(keyOf));
  return one.ports.filter((port) => !there.has(keyOf(port)));
}

function keyOf({ port, protocol }: ServicePort): string {
  return `${port}/${protocol}`;
}
