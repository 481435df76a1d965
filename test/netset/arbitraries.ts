import fc from 'fast-check';
import {
  type Addresses,
  addressSet,
  LAST_V4,
  LAST_V6,
  mergeAddresses,
  NO_ADDRESSES,
} from '../../src/netset/addresses.ts';
import { ALL_CONNECTIONS, type Connections, NO_CONNECTIONS } from '../../src/netset/connections.ts';
import { ALL_PORTS, NO_PORTS, type Ports, portRange, unitePorts } from '../../src/netset/ports.ts';

/** Crowded ports meet and touch often; the ends of the range are where off-by-one errors live. */
export const port = fc.oneof(
  fc.integer({ min: 1, max: 24 }),
  fc.integer({ min: 65520, max: 65535 }),
  fc.integer({ min: 1, max: 65535 }),
);

const span = fc.tuple(port, port).map(([a, b]) => portRange(Math.min(a, b), Math.max(a, b)));

export const ports: fc.Arbitrary<Ports> = fc.oneof(
  { weight: 1, arbitrary: fc.constantFrom(NO_PORTS, ALL_PORTS) },
  {
    weight: 6,
    arbitrary: fc.array(span, { maxLength: 6 }).map((spans) => spans.reduce(unitePorts, NO_PORTS)),
  },
);

export const connections: fc.Arbitrary<Connections> = fc.oneof(
  { weight: 1, arbitrary: fc.constantFrom(NO_CONNECTIONS, ALL_CONNECTIONS) },
  { weight: 6, arbitrary: fc.record({ TCP: ports, UDP: ports, SCTP: ports }, { noNullPrototype: true }) },
);

export const address4 = fc.oneof(
  fc.integer({ min: 0, max: 40 }),
  fc.integer({ min: LAST_V4 - 40, max: LAST_V4 }),
  fc.integer({ min: 0x0a00_0000, max: 0x0a00_0400 }),
  fc.integer({ min: 0, max: LAST_V4 }),
);

/** IPv4-mapped addresses are IPv4 addresses to the model: they never stand in an IPv6 set. */
export const address6 = fc
  .oneof(
    fc.bigInt({ min: 0n, max: 40n }),
    fc.bigInt({ min: LAST_V6 - 40n, max: LAST_V6 }),
    fc.bigInt({ min: 0xfd00n << 112n, max: (0xfd00n << 112n) + 0x400n }),
    fc.bigInt({ min: 0n, max: LAST_V6 }),
  )
  .filter((value) => value >> 32n !== 0xffffn);

export const address = fc.oneof(address4, address6);

const block4 = fc
  .tuple(address4, address4)
  .map(([a, b]): Addresses => ({ v4: [Math.min(a, b), Math.max(a, b)], v6: [] }));
const block6 = fc
  .tuple(address6, address6)
  .map(([a, b]): Addresses => ({ v4: [], v6: a < b ? [a, b] : [b, a] }));
const single = address.map(addressSet);
const whole = fc.constantFrom<Addresses>(
  { v4: [0, LAST_V4], v6: [] },
  { v4: [], v6: [0n, LAST_V6] },
  { v4: [0, LAST_V4], v6: [0n, LAST_V6] },
  NO_ADDRESSES,
);

export const addresses: fc.Arbitrary<Addresses> = fc.oneof(
  { weight: 1, arbitrary: whole },
  {
    weight: 6,
    arbitrary: fc.array(fc.oneof(block4, block6, single), { maxLength: 6 }).map(mergeAddresses),
  },
);
