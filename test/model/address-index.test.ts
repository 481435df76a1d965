import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parsePod, parseService } from '../../src/model/parse/index.ts';
import { Store } from '../../src/model/store.ts';
import { parseAddress } from '../../src/netset/addresses.ts';

const service = (name: string, clusterIP: string) =>
  parseService({ metadata: { name, namespace: 'shop' }, spec: { clusterIP, ports: [{ port: 80 }] } });

function pod(name: string, ip: string, hostNetwork = false) {
  const found = parsePod({
    metadata: { name, namespace: 'shop' },
    spec: { hostNetwork },
    status: { podIP: ip },
  });
  assert.ok(found !== undefined);
  return found;
}

/** Who has these addresses, whether the index is built before the objects come or after. */
function ownersAfter(early: boolean, write: (store: Store) => void): Record<string, string | undefined> {
  const store = new Store();
  const owner = (ip: string): string | undefined => {
    const address = parseAddress(ip);
    assert.ok(address !== undefined);
    return store.podAt(address)?.name ?? store.serviceAt(address)?.name;
  };
  if (early) owner('10.0.0.1');
  write(store);
  const ips = ['10.0.0.1', '10.0.0.2', '10.0.0.3', '10.96.0.1', '10.96.0.2', 'fd00::1'];
  return Object.fromEntries(ips.map((ip) => [ip, owner(ip)]));
}

for (const early of [true, false]) {
  test(`addresses lead to those who have them now (index built ${early ? 'before' : 'after'})`, () => {
    const owners = ownersAfter(early, (store) => {
      store.putPod(pod('old', '10.0.0.1'));
      store.putPod(pod('new', '10.0.0.1'));
      store.removePod('shop', 'old');
      store.putPod(pod('node', '10.0.0.2', true));
      store.putPod(pod('moved', '10.0.0.3'));
      store.putPod(pod('moved', 'fd00::1'));
      store.putService(service('web', '10.96.0.1'));
      store.putService(service('web', '10.96.0.2'));
      store.putService(service('gone', '10.96.0.1'));
      store.removeService('shop', 'gone');
      store.putService(service('headless', 'None'));
    });
    assert.deepEqual(owners, {
      '10.0.0.1': 'new',
      '10.0.0.2': undefined,
      '10.0.0.3': undefined,
      '10.96.0.1': undefined,
      '10.96.0.2': 'web',
      'fd00::1': 'moved',
    });
  });
}
