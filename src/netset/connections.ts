import {
  ALL_PORTS,
  hasPort,
  intersectPorts,
  mergePorts,
  NO_PORTS,
  type Ports,
  portsEqual,
  subtractPorts,
  unitePorts,
} from './ports.ts';

/** The protocols NetworkPolicy and Service know. */
export type Protocol = 'TCP' | 'UDP' | 'SCTP';
export const PROTOCOLS: readonly Protocol[] = Object.freeze(['TCP', 'UDP', 'SCTP']);

/** A set of (protocol, destination port). Operations return new sets. */
export interface Connections {
  readonly TCP: Ports;
  readonly UDP: Ports;
  readonly SCTP: Ports;
}

export const NO_CONNECTIONS: Connections = Object.freeze({ TCP: NO_PORTS, UDP: NO_PORTS, SCTP: NO_PORTS });
export const ALL_CONNECTIONS: Connections = Object.freeze({
  TCP: ALL_PORTS,
  UDP: ALL_PORTS,
  SCTP: ALL_PORTS,
});

/** The set that holds `ports` of one protocol. */
export function connectionsOf(protocol: Protocol, ports: Ports): Connections {
  if (ports.length === 0) return NO_CONNECTIONS;
  switch (protocol) {
    case 'TCP':
      return { TCP: ports, UDP: NO_PORTS, SCTP: NO_PORTS };
    case 'UDP':
      return { TCP: NO_PORTS, UDP: ports, SCTP: NO_PORTS };
    case 'SCTP':
      return { TCP: NO_PORTS, UDP: NO_PORTS, SCTP: ports };
  }
}

/** Whether the set is empty. */
export function noConnections(a: Connections): boolean {
  return a === NO_CONNECTIONS || (a.TCP.length === 0 && a.UDP.length === 0 && a.SCTP.length === 0);
}

/** Whether the set holds every port of every protocol. */
export function allConnections(a: Connections): boolean {
  return a === ALL_CONNECTIONS || (a.TCP === ALL_PORTS && a.UDP === ALL_PORTS && a.SCTP === ALL_PORTS);
}

/** Whether the set holds the port of the protocol. */
export function hasConnection(a: Connections, protocol: Protocol, port: number): boolean {
  return hasPort(a[protocol], port);
}

/** Whether both sets hold the same. */
export function connectionsEqual(a: Connections, b: Connections): boolean {
  return a === b || (portsEqual(a.TCP, b.TCP) && portsEqual(a.UDP, b.UDP) && portsEqual(a.SCTP, b.SCTP));
}

/** What either holds. */
export function uniteConnections(a: Connections, b: Connections): Connections {
  if (a === b || b === NO_CONNECTIONS || a === ALL_CONNECTIONS) return a;
  if (a === NO_CONNECTIONS || b === ALL_CONNECTIONS) return b;
  return {
    TCP: unitePorts(a.TCP, b.TCP),
    UDP: unitePorts(a.UDP, b.UDP),
    SCTP: unitePorts(a.SCTP, b.SCTP),
  };
}

/** What any of them holds, in one pass: one after the other, 12,000 sets would cost the square of their number. */
export function uniteAll(sets: readonly Connections[]): Connections {
  if (sets.length <= 2) return uniteConnections(sets[0] ?? NO_CONNECTIONS, sets[1] ?? NO_CONNECTIONS);
  return {
    TCP: mergePorts(sets.map(({ TCP }) => TCP)),
    UDP: mergePorts(sets.map(({ UDP }) => UDP)),
    SCTP: mergePorts(sets.map(({ SCTP }) => SCTP)),
  };
}

/** What both hold. */
export function intersectConnections(a: Connections, b: Connections): Connections {
  if (a === b || b === ALL_CONNECTIONS || a === NO_CONNECTIONS) return a;
  if (a === ALL_CONNECTIONS || b === NO_CONNECTIONS) return b;
  return {
    TCP: intersectPorts(a.TCP, b.TCP),
    UDP: intersectPorts(a.UDP, b.UDP),
    SCTP: intersectPorts(a.SCTP, b.SCTP),
  };
}

/** What `a` holds and `b` does not. */
export function subtractConnections(a: Connections, b: Connections): Connections {
  if (b === NO_CONNECTIONS || a === NO_CONNECTIONS) return a;
  if (a === b || b === ALL_CONNECTIONS) return NO_CONNECTIONS;
  return {
    TCP: subtractPorts(a.TCP, b.TCP),
    UDP: subtractPorts(a.UDP, b.UDP),
    SCTP: subtractPorts(a.SCTP, b.SCTP),
  };
}

/** How many lines `connectionsText` gives for a set that is not everything. */
export function rangeCount(a: Connections): number {
  return (a.TCP.length + a.UDP.length + a.SCTP.length) / 2;
}

/** `['All']`, or one entry a range: `['TCP 80', 'UDP 1-65535']`; `[]` for the empty set. The first `most` of them. */
export function connectionsText(a: Connections, most = Number.POSITIVE_INFINITY): string[] {
  if (allConnections(a)) return ['All'];
  const lines: string[] = [];
  for (const protocol of PROTOCOLS) {
    const ports = a[protocol];
    for (let i = 0; i < ports.length && lines.length < most; i += 2) {
      lines.push(
        ports[i] === ports[i + 1] ? `${protocol} ${ports[i]}` : `${protocol} ${ports[i]}-${ports[i + 1]}`,
      );
    }
  }
  return lines;
}
