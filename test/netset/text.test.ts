import assert from 'node:assert/strict';
import { isIPv4, isIPv6 } from 'node:net';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  type Address,
  type Addresses,
  addressesEqual,
  addressText,
  cidrTexts,
  intersectAddresses,
  mergeAddresses,
  NO_ADDRESSES,
  noAddresses,
  parseAddress,
  parseCidr,
} from '../../src/netset/addresses.ts';
import { parseBlock } from '../../src/netset/blocks.ts';
import { runs } from '../runs.ts';
import { address, address4, address6, addresses } from './arbitraries.ts';

test('address texts: written and read back, an address is itself', () => {
  fc.assert(
    fc.property(address, (value) => {
      const text = addressText(value);
      assert.equal(parseAddress(text), value);
      assert.ok(typeof value === 'number' ? isIPv4(text) : isIPv6(text));
    }),
    runs(500),
  );
});

test('address texts: RFC 5952 is what the URL standard writes too', () => {
  fc.assert(
    fc.property(address6, (value) => {
      assert.equal(`[${addressText(value)}]`, new URL(`http://[${plain(value)}]/`).hostname);
      assert.equal(parseAddress(plain(value).toUpperCase()), value);
    }),
    runs(500),
  );
});

const TEXTS: readonly (readonly [string, string])[] = [
  ['::', '::'],
  ['0:0:0:0:0:0:0:0', '::'],
  ['::1', '::1'],
  ['2001:DB8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
  ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
  ['fd00:0:0:0:0:0:0:10', 'fd00::10'],
  ['1:2:3:4:5:6:7::', '1:2:3:4:5:6:7:0'],
  ['64:ff9b::192.0.2.1', '64:ff9b::c000:201'],
  ['0.0.0.0', '0.0.0.0'],
  ['255.255.255.255', '255.255.255.255'],
  // An IPv4-mapped address is the IPv4 address (RFC 4291, 2.5.5.2).
  ['::ffff:10.0.0.1', '10.0.0.1'],
  ['::ffff:a00:1', '10.0.0.1'],
];
for (const [from, to] of TEXTS) {
  test(`address texts: ${from} is ${to}`, () => {
    assert.equal(addressText(parseAddress(from) ?? assert.fail('not an address')), to);
  });
}

// Leading zeros are refused as Go's netip.ParseAddr does: some programs read them as octal.
const NOT_ADDRESSES = [
  ...['', ' ', '.', ':', ':::', '1.2.3', '1.2.3.4.5', '256.0.0.1', '1.2.3.-4', '1.2.3.4 ', ' 10.0.0.1'],
  ...['010.0.0.1', '10.0.0.01', '0x0a.0.0.1', '167772161', '10.0.0.1\n', '10.0.0.1/32', '1e1.0.0.1'],
  ...['::1%eth0', 'fe80::1%25', '[::1]', '1::2::3', '1:2:3:4:5:6:7', '1:2:3:4:5:6:7:8:9', '12345::', 'g::'],
  ...['0:0:0:0:0:0:0:0::', '::1:2:3:4:5:6:7:8', ':1:2:3:4:5:6:7', '1:2:3:4:5:6:7:', '::1.2.3', '1.2.3.4::'],
  ...['::01.2.3.4', '::256.1.1.1', '1:2:3:4:5:6:7:1.2.3.4', '::1 ', '٣.1.1.1', '1．2．3．4', 'localhost'],
];
for (const text of NOT_ADDRESSES) {
  test(`address texts: ${JSON.stringify(text)} is no address`, () => {
    assert.equal(parseAddress(text), undefined);
    assert.equal(parseCidr(`${text}/8`), undefined);
  });
}

test('address texts: four numbers are read as an expression of one line reads them', () => {
  const number = '(0|[1-9]\\d{0,2})';
  const pattern = new RegExp(`^${Array.from({ length: 4 }, () => number).join('\\.')}/${number}$`);
  const soup = fc.string({ unit: fc.constantFrom(...'00125./'), maxLength: 20 });
  const part = fc.constantFrom('', '0', '00', '01', '1', '25', '255', '256', '1000', '-1', 'a');
  const near = fc
    .tuple(fc.array(part, { minLength: 3, maxLength: 5 }), part)
    .map(([parts, bits]) => `${parts.join('.')}/${bits}`);
  fc.assert(
    fc.property(fc.oneof(soup, near), (text) => {
      const numbers = pattern.exec(text)?.slice(1).map(Number);
      const right = numbers?.every((one, i) => one <= (i === 4 ? 32 : 255)) === true;
      const found = parseCidr(text);
      assert.equal(found !== undefined, right, text);
      if (numbers === undefined || found === undefined) return;
      const first = numbers.slice(0, 4).reduce((sum, one) => sum * 256 + one, 0);
      assert.ok(first >= (found.v4[0] as number) && first <= (found.v4[1] as number), text);
      assert.equal((found.v4[1] as number) - (found.v4[0] as number) + 1, 2 ** (32 - (numbers[4] as number)));
    }),
    runs(1000),
  );
});

const NOT_CIDRS = [
  ...[
    '10.0.0.0/33',
    '10.0.0.0/08',
    '10.0.0.0/00',
    '10.0.0.0/',
    '10.0.0.0',
    '/8',
    '10.0.0.0/8/8',
    '10.0.0.0/-1',
  ],
  ...[
    '10.0.0.0/+8',
    '10.0.0.0/ 8',
    '10.0.0.0/8 ',
    '10.0.0.0/8\n',
    '10.0.0.0/8.0',
    '10.0.0.0/1e1',
    '10.0.0.0/0x8',
  ],
  ...['::/129', '::/000', '::', 'fd00::%eth0/64', '10.0.0.0/255.0.0.0', '::ffff:10.0.0.0/129', '10.0/8'],
];
for (const text of NOT_CIDRS) {
  test(`address texts: ${JSON.stringify(text)} is no CIDR`, () => {
    assert.equal(parseCidr(text), undefined);
    assert.equal(parseBlock(text, []), undefined);
    assert.equal(parseBlock('10.0.0.0/8', [text]), undefined);
  });
}

test('address texts: whatever is read as an address, Node reads as one too', () => {
  const soup = fc.string({ unit: fc.constantFrom(...'0123456789afF:.::. %/x'), maxLength: 24 });
  const near = fc.tuple(address, fc.nat(40), fc.constantFrom(...'0.:%/ g')).map(([value, at, extra]) => {
    const text = addressText(value);
    return text.slice(0, at) + extra + text.slice(at);
  });
  fc.assert(
    fc.property(fc.oneof(soup, near, fc.string()), (text) => {
      const value = parseAddress(text);
      if (value === undefined) return;
      assert.ok(isIPv4(text) || (isIPv6(text) && !text.includes('%')), text);
      assert.equal(parseAddress(addressText(value)), value);
    }),
    runs(1000),
  );
});

test('address texts: what Node reads as an address is read, but for zones', () => {
  const text = fc.oneof(
    fc.ipV4(),
    fc.ipV6().filter((written) => isIPv6(written)),
  );
  fc.assert(
    fc.property(text, (written) => assert.notEqual(parseAddress(written), undefined)),
    runs(500),
  );
});

test('CIDR texts: read back and united, they are the set; no fewer would do; none overlap', () => {
  fc.assert(
    fc.property(addresses, (set) => {
      const texts = cidrTexts(set);
      const parts = texts.map((text) => parseCidr(text) ?? assert.fail(text));
      let sum: Addresses = NO_ADDRESSES;
      for (const part of parts) {
        assert.ok(noAddresses(intersectAddresses(sum, part)), `${texts} overlap`);
        sum = mergeAddresses([sum, part]);
      }
      assert.ok(addressesEqual(sum, set));
      // Two blocks that could be one are always neighbours in the list, for both are whole halves of it.
      for (let i = 1; i < texts.length; i++) {
        assert.equal(sibling(parts[i - 1] as Addresses, parts[i] as Addresses), false, `${texts}`);
      }
    }),
    runs(300),
  );
});

test('CIDR texts: every prefix length, host bits cut off', () => {
  const cidr4 = fc.tuple(address4, fc.integer({ min: 0, max: 32 }));
  fc.assert(
    fc.property(cidr4, ([value, prefix]) => {
      const size = 2 ** (32 - prefix);
      const first = value - (value % size);
      const set = parseCidr(`${addressText(value)}/${prefix}`);
      assert.deepEqual(set, { v4: [first, first + size - 1], v6: [] });
      assert.deepEqual(cidrTexts(set ?? assert.fail()), [`${addressText(first)}/${prefix}`]);
    }),
    runs(300),
  );
  const cidr6 = fc.tuple(address6, fc.integer({ min: 0, max: 128 }));
  fc.assert(
    fc.property(cidr6, ([value, prefix]) => {
      const size = 1n << BigInt(128 - prefix);
      const first = value - (value % size);
      const set = parseCidr(`${addressText(value)}/${prefix}`);
      assert.deepEqual(set, { v4: [], v6: [first, first + size - 1n] });
      assert.deepEqual(cidrTexts(set ?? assert.fail()), [`${plainBlock(first)}/${prefix}`]);
    }),
    runs(300),
  );
});

test('CIDR texts: a block of IPv4-mapped addresses is a block of IPv4 addresses', () => {
  assert.deepEqual(cidrTexts(parseCidr('::ffff:10.1.2.3/104') ?? assert.fail()), ['10.0.0.0/8']);
  assert.deepEqual(cidrTexts(parseCidr('::ffff:0:0/96') ?? assert.fail()), ['0.0.0.0/0']);
  assert.deepEqual(cidrTexts(parseCidr('::ffff:10.0.0.1/128') ?? assert.fail()), ['10.0.0.1/32']);
  // Not 10.0.0.0/24: the prefix counts from the first of 128 bits.
  assert.deepEqual(cidrTexts(parseCidr('::ffff:10.0.0.0/24') ?? assert.fail()), ['::/24']);
});

test('blocks: exceptions are taken out, of their own family only', () => {
  const block = parseBlock('10.0.0.0/8', ['10.0.1.0/24', '10.0.0.0/25', '::/0']) ?? assert.fail();
  assert.deepEqual(block.addresses, {
    v4: [0x0a00_0080, 0x0a00_00ff, 0x0a00_0200, 0x0aff_ffff],
    v6: [],
  });
  assert.deepEqual(parseBlock('10.0.0.0/8', ['10.0.0.0/8'])?.addresses, NO_ADDRESSES);
  assert.deepEqual(parseBlock('::/0', ['0.0.0.0/0'])?.addresses.v6, [0n, (1n << 128n) - 1n]);
});

/** Whether two blocks are the two halves of one larger block. */
function sibling(a: Addresses, b: Addresses): boolean {
  const [a1, a2, b1, b2] = [...bounds(a), ...bounds(b)].map(BigInt) as [bigint, bigint, bigint, bigint];
  const size = a2 - a1 + 1n;
  return a.v4.length === b.v4.length && size === b2 - b1 + 1n && b1 === a2 + 1n && a1 % (size * 2n) === 0n;
}

function bounds(set: Addresses): [Address, Address] {
  const ends: readonly Address[] = set.v4.length > 0 ? set.v4 : set.v6;
  return [ends[0] as Address, ends[1] as Address];
}

/** All eight groups in full, the form nobody can read wrongly. */
function plain(value: bigint): string {
  return value
    .toString(16)
    .padStart(32, '0')
    .replace(/(.{4})(?!$)/g, '$1:');
}

function plainBlock(first: bigint): string {
  return new URL(`http://[${plain(first)}]/`).hostname.slice(1, -1);
}
