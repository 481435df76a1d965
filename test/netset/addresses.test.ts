import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  type Address,
  type Addresses,
  ALL_ADDRESSES,
  ALL_V4,
  ALL_V6,
  addressesEqual,
  addressSet,
  containsAddresses,
  coverage,
  hasAddress,
  intersectAddresses,
  LAST_V4,
  LAST_V6,
  mergeAddresses,
  NO_ADDRESSES,
  noAddresses,
  parseCidr,
  subtractAddresses,
} from '../../src/netset/addresses.ts';
import { runs } from '../runs.ts';
import { address, addresses } from './arbitraries.ts';
import { testLaws } from './laws.ts';

testLaws<Addresses, Address>({
  name: 'addresses',
  set: addresses,
  element: address,
  samples: (sets) => [
    ...[0, LAST_V4, ...sets.flatMap((set) => set.v4.flatMap((n) => [n - 1, n, n + 1]))].filter(
      (n) => n >= 0 && n <= LAST_V4,
    ),
    ...[0n, LAST_V6, ...sets.flatMap((set) => set.v6.flatMap((n) => [n - 1n, n, n + 1n]))].filter(
      (n) => n >= 0n && n <= LAST_V6,
    ),
  ],
  none: NO_ADDRESSES,
  all: ALL_ADDRESSES,
  unite: (a, b) => mergeAddresses([a, b]),
  intersect: intersectAddresses,
  subtract: subtractAddresses,
  equal: addressesEqual,
  has: hasAddress,
  canonical: ({ v4, v6 }) => {
    for (const [i, n] of v4.entries()) {
      assert.equal(typeof n, 'number');
      if (i > 0) assert.ok(n > (v4[i - 1] as number) + (i % 2 === 0 ? 1 : -1), `${v4}`);
    }
    for (const [i, n] of v6.entries()) {
      assert.equal(typeof n, 'bigint');
      if (i > 0) assert.ok(n > (v6[i - 1] as bigint) + (i % 2 === 0 ? 1n : -1n), `${v6}`);
    }
    assert.equal(v4.length % 2, 0);
    assert.equal(v6.length % 2, 0);
  },
});

test('addresses: the families never meet', () => {
  fc.assert(
    fc.property(addresses, (set) => {
      assert.deepEqual(intersectAddresses(set, ALL_V4).v6, []);
      assert.deepEqual(intersectAddresses(set, ALL_V6).v4, []);
      assert.deepEqual(subtractAddresses(set, ALL_V6), { v4: set.v4, v6: [] });
      assert.deepEqual(subtractAddresses(set, ALL_V4), { v4: [], v6: set.v6 });
    }),
    runs(300),
  );
  const everyV6 = parseCidr('::/0') ?? assert.fail();
  assert.equal(hasAddress(everyV6, 0x0a000001), false);
  assert.equal(hasAddress(everyV6, 0), false);
  assert.equal(hasAddress(everyV6, 0n), true);
  assert.equal(containsAddresses(everyV6, parseCidr('10.0.0.0/8') ?? assert.fail()), false);
  assert.equal(hasAddress(parseCidr('0.0.0.0/0') ?? assert.fail(), 0n), false);
});

test('addresses: containment is an order', () => {
  fc.assert(
    fc.property(addresses, addresses, (a, b) => {
      assert.equal(containsAddresses(a, b), addressesEqual(mergeAddresses([a, b]), a));
      assert.equal(containsAddresses(a, intersectAddresses(a, b)), true);
      assert.equal(containsAddresses(mergeAddresses([a, b]), a), true);
      assert.equal(noAddresses(a), addressesEqual(a, NO_ADDRESSES));
    }),
    runs(300),
  );
});

test('addresses: a set covers all, some or none of another', () => {
  fc.assert(
    fc.property(addresses, addresses, (a, b) => {
      const expected = containsAddresses(a, b)
        ? 'all'
        : noAddresses(intersectAddresses(a, b))
          ? 'none'
          : 'some';
      assert.equal(coverage(a, b), expected);
      assert.equal(coverage(a, { v4: [...a.v4], v6: [...a.v6] }), 'all');
    }),
    runs(1000),
  );
});

test('addresses: many sets at once are the same as one after the other, in whatever order', () => {
  fc.assert(
    fc.property(fc.array(addresses), (sets) => {
      const expected = sets.reduce((sum, one) => mergeAddresses([sum, one]), NO_ADDRESSES);
      assert.ok(addressesEqual(mergeAddresses(sets), expected));
      assert.ok(addressesEqual(mergeAddresses(sets.toReversed()), expected));
    }),
    runs(300),
  );
});

test('addresses: a hole in the middle leaves both sides', () => {
  const ten = parseCidr('10.0.0.0/8') ?? assert.fail();
  const hole = parseCidr('10.128.0.0/16') ?? assert.fail();
  assert.deepEqual(subtractAddresses(ten, hole).v4, [0x0a00_0000, 0x0a7f_ffff, 0x0a81_0000, 0x0aff_ffff]);
  const six = parseCidr('fd00::/8') ?? assert.fail();
  const rest = subtractAddresses(six, parseCidr('fd80::/9') ?? assert.fail());
  assert.deepEqual(rest.v6, [0xfd00n << 112n, (0xfd80n << 112n) - 1n]);
});

test('addresses: one address is a set of one', () => {
  fc.assert(
    fc.property(address, addresses, (one, set) => {
      assert.equal(hasAddress(addressSet(one), one), true);
      assert.equal(hasAddress(subtractAddresses(set, addressSet(one)), one), false);
      assert.equal(hasAddress(mergeAddresses([set, addressSet(one)]), one), true);
      assert.equal(containsAddresses(set, addressSet(one)), hasAddress(set, one));
    }),
    runs(300),
  );
});
