import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { type Access, openAccess } from '../../src/cluster/access.ts';
import { policyConsumer } from '../../src/cluster/consumers.ts';
import { Hold } from '../../src/cluster/hold.ts';
import type { Raw } from '../../src/cluster/raw.ts';
import { Reflector, type ReflectorOptions } from '../../src/cluster/reflector.ts';
import { Store } from '../../src/model/store.ts';
import { QUICK, until, writeKubeconfig } from './harness.ts';
import { bookmark, type Exchange, object, ScriptedServer } from './scripted-server.ts';

let server: ScriptedServer;
let folder: string;
let access: Access;
let reflector: Reflector;
/** What the consumer holds: name → the object's `value`, or its version. */
let held: Map<string, unknown>;
/** The smallest number of objects the consumer was left with by a removal. */
let least: number;

function kubeconfig(token: string): void {
  writeKubeconfig(join(folder, 'config'), { server: server.url }, { token });
}

function start(options: Partial<ReflectorOptions> = {}): void {
  reflector = new Reflector({
    kind: 'Things',
    path: '/api/v1/things',
    required: true,
    access,
    timings: QUICK,
    consumer: {
      put: (raw: Raw) => {
        const { name, resourceVersion } = raw.metadata as { name: string; resourceVersion: string };
        held.set(name, raw.value ?? resourceVersion);
      },
      remove: (_, name) => {
        held.delete(name);
        least = Math.min(least, held.size);
      },
    },
    ...options,
  });
  reflector.start();
}

/** Streams the objects as the initial list, and leaves the watch open. */
function stream(exchange: Exchange, version: number, objects: readonly object[]): void {
  for (const each of objects) exchange.event('ADDED', each);
  exchange.event('BOOKMARK', bookmark(version, true));
}

const initial = ({ query }: Exchange): boolean => query.get('sendInitialEvents') === 'true';
const names = (): string => [...held.keys()].sort().join();
const live = (): boolean => reflector.report().state === 'live';

beforeEach(async () => {
  server = await ScriptedServer.start();
  folder = await mkdtemp(join(tmpdir(), 'portent-feed-'));
  kubeconfig('first');
  access = openAccess({ kubeconfigPath: join(folder, 'config') });
  held = new Map();
  least = Number.POSITIVE_INFINITY;
});

afterEach(async () => {
  await reflector.stop();
  await access.close();
  await server.stop();
  await rm(folder, { recursive: true });
});

test('streams the initial list, then follows events', async () => {
  let open: Exchange | undefined;
  server.script = (exchange) => {
    stream(exchange, 10, [object('a', 3), object('b', 7)]);
    open = exchange;
  };
  start();
  assert.equal(reflector.report().state, 'syncing');
  await until('listed', live);
  assert.equal(names(), 'a,b');
  open?.event('ADDED', object('c', 11));
  open?.event('MODIFIED', object('a', 12));
  open?.event('DELETED', object('b', 13));
  await until('followed', () => names() === 'a,c' && held.get('a') === '12');
  const { objects, relists, restarts, consumerErrors } = reflector.report();
  assert.deepEqual(
    { objects, relists, restarts, consumerErrors },
    { objects: 2, relists: 0, restarts: 0, consumerErrors: 0 },
  );
  const [request = ''] = server.seen;
  const query = new URL(request, server.url).searchParams;
  assert.equal(query.get('resourceVersionMatch'), 'NotOlderThan');
  assert.equal(query.get('allowWatchBookmarks'), 'true');
  const seconds = Number(query.get('timeoutSeconds'));
  assert.ok(seconds >= 240 && seconds <= 480, `${seconds}`);
});

test('while somebody reads the model it stays as it is, and then everything follows, in order', async () => {
  let open: Exchange | undefined;
  const hold = new Hold();
  server.script = (exchange) => {
    stream(exchange, 10, [object('a', 3), object('b', 7)]);
    open = exchange;
  };
  const early = hold.take();
  start({ hold });
  await setTimeout(100);
  assert.equal(names(), '');
  early();
  await until('listed', live);
  const [one, two] = [hold.take(), hold.take()];
  open?.event('ADDED', object('c', 11));
  open?.event('MODIFIED', object('a', 12));
  one();
  one();
  await setTimeout(100);
  assert.equal(names(), 'a,b');
  open?.event('MODIFIED', object('a', 13));
  open?.event('DELETED', object('b', 14));
  two();
  assert.equal(names(), 'a,b', 'not in the middle of a turn');
  await until('followed', () => names() === 'a,c' && held.get('a') === '13');
  assert.equal(reflector.report().consumerErrors, 0);
});

test('a list in pages waits too, and so does a kind that is forgotten', async () => {
  const hold = new Hold();
  let release = (): void => {};
  server.script = (exchange) => {
    const { query } = exchange;
    if (initial(exchange)) return exchange.status(422, 'Invalid', 'sendInitialEvents is forbidden');
    if (query.has('watch')) return;
    release = hold.take();
    exchange.json({ metadata: { resourceVersion: '10' }, items: [object('a', 3)] });
  };
  start({ hold });
  await setTimeout(200);
  assert.deepEqual([names(), live()], ['', false]);
  release();
  await until('listed', () => names() === 'a' && live());
  release = hold.take();
  await reflector.stop();
  const cleared = reflector.clear();
  await setTimeout(20);
  assert.equal(names(), 'a');
  release();
  await cleared;
  assert.equal(names(), '');
});

test('a server that cannot stream lists is asked for pages of 500 of one resourceVersion', async () => {
  server.script = (exchange) => {
    const { query } = exchange;
    if (initial(exchange)) return exchange.status(422, 'Invalid', 'sendInitialEvents is forbidden');
    if (query.has('watch')) return exchange.event('ADDED', object('late', 31));
    const first = query.get('continue') === null;
    const from = first ? 0 : 500;
    const items = Array.from({ length: first ? 500 : 3 }, (_, index) => object(`n${from + index}`, 5));
    exchange.json({ metadata: { resourceVersion: '30', ...(first ? { continue: 'more' } : {}) }, items });
  };
  start();
  await until('both pages and the watch', () => held.size === 504);
  assert.deepEqual(
    server.seen.slice(1, 3).map((each) => each.split('?')[1]),
    ['limit=500', 'limit=500&continue=more'],
  );
  assert.equal(new URL(server.seen[3] ?? '', server.url).searchParams.get('resourceVersion'), '30');
});

test('a server that does not know of streamed lists and never ends one is asked for pages', async () => {
  server.script = (exchange) => {
    const { query } = exchange;
    if (initial(exchange)) return exchange.event('ADDED', object('a', 3));
    if (query.has('watch')) return exchange.event('ADDED', object('b', 11));
    exchange.json({ metadata: { resourceVersion: '10' }, items: [object('a', 3)] });
  };
  start();
  await until('listed and followed', () => names() === 'a,b');
  assert.equal(server.count('sendInitialEvents'), 1);
});

test('a page token that expires in a slow list starts the list anew with larger pages', async () => {
  server.script = (exchange) => {
    const { query } = exchange;
    if (initial(exchange)) return exchange.status(400, 'BadRequest');
    if (query.has('watch')) return exchange.event('BOOKMARK', bookmark(41));
    if (query.has('continue')) return exchange.status(410, 'Expired');
    if (query.get('limit') === '500') {
      return exchange.json({
        metadata: { resourceVersion: '40', continue: 'x' },
        items: [object('gone', 1)],
      });
    }
    exchange.json({ metadata: { resourceVersion: '41' }, items: [object('a', 2)] });
  };
  start();
  await until('listed', live);
  assert.equal(names(), 'a', 'an object of the abandoned list that is in no complete list is not kept');
});

test('a slow list is syncing, not live, and is not given up while it moves', async () => {
  server.script = (exchange) => {
    const send = async (): Promise<void> => {
      for (let index = 0; index < 8; index++) {
        exchange.event('ADDED', object(`n${index}`, index + 1));
        await setTimeout(QUICK.listSilenceMs / 4);
      }
      exchange.event('BOOKMARK', bookmark(9, true));
    };
    void send();
  };
  start();
  await until('half way', () => held.size >= 4);
  assert.equal(reflector.report().state, 'syncing');
  await until('listed', live);
  assert.equal(held.size, 8);
  assert.equal(server.seen.length, 1);
});

test('silence: the watch is given up, reconnects where it was, and says how long it was silent', async () => {
  const versions: (string | null)[] = [];
  server.script = (exchange) => {
    if (initial(exchange)) return stream(exchange, 10, [object('a', 3)]);
    versions.push(exchange.query.get('resourceVersion'));
    if (versions.length === 1) exchange.event('ADDED', object('b', 15));
  };
  start({ timings: { ...QUICK, silenceMs: 400 } });
  await until('second watch', () => held.has('b'));
  await until('third watch', () => versions.length >= 2);
  assert.deepEqual(versions.slice(0, 2), ['10', '15']);
  assert.match(reflector.report().lastError, /^no contact for/);
  assert.equal(server.count('sendInitialEvents'), 1, 'nothing was listed again');
});

test('bookmarks move the place where the next watch starts', async () => {
  const versions: (string | null)[] = [];
  server.script = (exchange) => {
    if (initial(exchange)) {
      stream(exchange, 10, [object('a', 3)]);
      exchange.event('BOOKMARK', bookmark(700));
      exchange.response.end();
      return;
    }
    versions.push(exchange.query.get('resourceVersion'));
  };
  start();
  await until('next watch', () => versions.length > 0);
  assert.equal(versions[0], '700');
  assert.equal(reflector.report().restarts, 0, 'a watch that the server ends is no failure');
});

for (const how of ['status', 'event'] as const) {
  test(`410 as ${how}: lists again, removes what is gone, and is never empty in between`, async () => {
    let lists = 0;
    server.script = (exchange) => {
      if (initial(exchange)) {
        lists++;
        if (lists === 1) {
          stream(exchange, 10, [object('a', 1), object('b', 2), object('c', 3)]);
          return exchange.response.end();
        }
        return stream(exchange, 90, [object('b', 2), object('c', 80), object('d', 85)]);
      }
      if (how === 'status') exchange.status(410, 'Expired', 'too old resource version');
      else exchange.event('ERROR', { kind: 'Status', code: 410, reason: 'Expired' });
    };
    start();
    await until('listed again', () => names() === 'b,c,d');
    assert.equal(held.get('c'), '80');
    assert.ok(least >= 3, `held only ${least} objects during the relist`);
    assert.equal(reflector.report().relists, 1);
    assert.equal(reflector.report().objects, 3);
  });
}

test('a relist leaves what says the same in place, whatever its version, and replaces what does not', async () => {
  const policy = (name: string, version: number, app: string): object =>
    object(name, version, { spec: { podSelector: { matchLabels: { app } } } });
  let first: Exchange | undefined;
  server.script = (exchange) => {
    // After a restore etcd counts anew: the second list has other content under a version that was known.
    if (first !== undefined) return stream(exchange, 90, [policy('a', 80, 'web'), policy('b', 2, 'db')]);
    first = exchange;
    stream(exchange, 10, [policy('a', 1, 'web'), policy('b', 2, 'web')]);
  };
  const store = new Store();
  const policies = () => store.spaces.get('default')?.policies;
  start({ consumer: policyConsumer(store) });
  await until('listed', live);
  const [a, b] = [policies()?.get('a'), policies()?.get('b')];
  first?.event('ERROR', { kind: 'Status', code: 410, reason: 'Expired' });
  await until('listed again', () => reflector.report().relists === 1);
  assert.equal(policies()?.get('a'), a);
  assert.notEqual(policies()?.get('b'), b);
  assert.deepEqual(policies()?.get('b')?.subject.requirements[0]?.values, ['db']);
});

for (const code of [500, 503, 429]) {
  test(`${code}: stale, tried again with pauses, live again`, async () => {
    let failures = 0;
    server.script = (exchange) => {
      if (initial(exchange)) {
        stream(exchange, 10, [object('a', 3)]);
        return exchange.response.end();
      }
      if (failures++ < 4) return exchange.status(code, 'Trouble', 'not now');
      exchange.event('ADDED', object('b', 11));
    };
    start();
    await until('stale', () => reflector.report().state === 'stale');
    assert.equal(names(), 'a', 'what is known stays');
    await until('live', () => live() && names() === 'a,b');
    assert.equal(reflector.report().restarts, 4);
    assert.match(reflector.report().lastError, new RegExp(`${code} Trouble: not now`));
  });
}

test('Retry-After is obeyed, up to the longest pause', async () => {
  const at: number[] = [];
  server.script = (exchange) => {
    at.push(Date.now());
    if (at.length === 1) return exchange.status(429, 'TooManyRequests', '', { 'retry-after': '3600' });
    stream(exchange, 10, []);
  };
  start({ timings: { ...QUICK, pauseMs: [5, 300] } });
  await until('listed', live);
  const waited = (at[1] ?? 0) - (at[0] ?? 0);
  assert.ok(waited >= 290 && waited < 2_000, `${waited} ms`);
});

test('reset in mid-event, half a line and garbage: nothing half is taken, the watch resumes', async () => {
  let watches = 0;
  server.script = (exchange) => {
    if (initial(exchange)) {
      stream(exchange, 10, [object('a', 3)]);
      exchange.response.end();
      return;
    }
    const half = `${JSON.stringify({ type: 'MODIFIED', object: object('a', 20) })}`.slice(0, 40);
    switch (++watches) {
      case 1:
        exchange.response.write(half, () => exchange.response.destroy());
        return;
      case 2:
        exchange.response.end(half);
        return;
      case 3:
        exchange.response.end('<html>Bad gateway</html>\n');
        return;
      default:
        exchange.event('ADDED', object('b', 21));
    }
  };
  start();
  await until('resumed', () => held.has('b'));
  assert.equal(held.get('a'), '3');
  assert.ok(reflector.report().restarts >= 2);
});

test('a line cut anywhere, even in mid-character, and a huge object', async () => {
  const huge = 'ü'.repeat(3_000_000);
  server.script = (exchange) => {
    stream(exchange, 10, []);
    const bytes = Buffer.from(
      `${JSON.stringify({ type: 'ADDED', object: object('huge', 11, { value: huge }) })}\n` +
        `${JSON.stringify({ type: 'ADDED', object: object('small', 12, { value: 'größer' }) })}\n`,
    );
    const send = async (): Promise<void> => {
      for (let at = 0; at < bytes.length; at += 65_537)
        exchange.response.write(bytes.subarray(at, at + 65_537));
      await setTimeout(1);
    };
    void send();
  };
  start();
  await until('both', () => held.has('small'));
  assert.equal(held.get('small'), 'größer');
  assert.ok(held.get('huge') === huge);
});

test('repeated events change nothing; late ones never undo newer ones', async () => {
  const puts: string[] = [];
  server.script = (exchange) => {
    if (!initial(exchange)) return;
    stream(exchange, 10, [object('a', 3), object('b', 4)]);
    exchange.event('MODIFIED', object('a', 12));
    exchange.event('MODIFIED', object('a', 12));
    exchange.event('MODIFIED', object('a', 11, { value: 'old' }));
    exchange.event('DELETED', object('a', 9));
    exchange.event('DELETED', object('nobody', 13));
    exchange.event('DELETED', object('nobody', 13));
    exchange.event('ADDED', object('end', 14));
  };
  start({
    consumer: {
      put: (raw) => {
        const { name, resourceVersion } = raw.metadata as { name: string; resourceVersion: string };
        held.set(name, resourceVersion);
        puts.push(`${name}@${resourceVersion}`);
      },
      remove: (_, name) => void held.delete(name),
    },
  });
  await until('all', () => held.has('end'));
  assert.deepEqual(puts, ['a@3', 'b@4', 'a@12', 'end@14']);
  assert.equal(names(), 'a,b,end');
});

test('an event from before a deletion does not bring the object back: order is broken, so it lists again', async () => {
  let lists = 0;
  server.script = (exchange) => {
    if (!initial(exchange)) return;
    if (++lists === 2) return stream(exchange, 30, [object('b', 2)]);
    stream(exchange, 10, [object('a', 3), object('b', 2)]);
    exchange.event('DELETED', object('a', 20));
    exchange.event('MODIFIED', object('a', 15));
  };
  start();
  await until('listed again', () => lists === 2 && live());
  assert.equal(names(), 'b');
  assert.match(reflector.report().lastError, /15 came after 20/);
});

test('a restored etcd is behind what is known: the bookmark says so, and it lists again', async () => {
  let lists = 0;
  server.script = (exchange) => {
    if (!initial(exchange)) return;
    if (++lists === 2) return stream(exchange, 500, [object('a', 400)]);
    stream(exchange, 900, [object('a', 800), object('b', 850)]);
    exchange.event('BOOKMARK', bookmark(490));
  };
  start();
  await until('listed again', () => lists === 2 && live());
  assert.equal(names(), 'a');
  assert.equal(held.get('a'), '400');
});

test('an expired token: 401, the kubeconfig is read again, the new token works', async () => {
  const tokens: string[] = [];
  let expired = false;
  server.script = (exchange) => {
    tokens.push(exchange.token);
    if (expired && exchange.token === 'first') return exchange.status(401, 'Unauthorized');
    if (initial(exchange)) {
      stream(exchange, 10, [object('a', 3)]);
      expired = true;
      return void setTimeout(1_100).then(() => {
        kubeconfig('second');
        exchange.response.end();
      });
    }
    exchange.event('ADDED', object('b', 11));
  };
  start();
  await until('followed with the new token', () => held.has('b'));
  assert.deepEqual(tokens, ['first', 'first', 'second']);
  assert.equal(reflector.report().restarts, 0, 'nothing was lost on the way');
});

test('a consumer that throws is counted and named, and the watch goes on', async () => {
  server.script = (exchange) => {
    if (!initial(exchange)) return;
    stream(exchange, 10, [object('good', 1), object('bad', 2)]);
    exchange.event('ADDED', { metadata: { resourceVersion: '11' } });
    exchange.event('ADDED', object('later', 12));
  };
  let fails = true;
  start({
    consumer: {
      put: (raw) => {
        const { name } = raw.metadata as { name: string };
        if (name === 'bad' && fails) throw new Error('no such selector');
        held.set(name, true);
      },
      remove: (_, name) => void held.delete(name),
    },
  });
  await until('went on', () => held.has('later'));
  const { consumerErrors, unread, state } = reflector.report();
  assert.equal(consumerErrors, 2);
  assert.deepEqual(unread, ['default/bad', '(no name)']);
  assert.equal(state, 'live');
  fails = false;
});

test('forbidden is a state of its own, tried again, and ends when the right is granted', async () => {
  let granted = false;
  server.script = (exchange) => {
    if (!granted) return exchange.status(403, 'Forbidden', 'things is forbidden');
    if (initial(exchange)) stream(exchange, 10, [object('a', 3)]);
  };
  const warnings: string[] = [];
  const logger = {
    info: () => undefined,
    warn: (_: object, text: string) => void warnings.push(text),
    error: () => undefined,
  };
  start({ logger });
  await until('forbidden', () => reflector.report().state === 'forbidden');
  await until('asked again', () => server.seen.length >= 3);
  assert.equal(warnings.length, 1, 'one line, not one for each attempt');
  granted = true;
  await until('granted', live);
});

test('nobody listens: it goes on trying', async () => {
  await server.stop();
  start();
  await until('several attempts', () => reflector.report().restarts >= 4);
  assert.equal(reflector.report().state, 'syncing');
  assert.match(reflector.report().lastError, /ECONNREFUSED/);
});

test('stop ends at once, whatever is going on', async () => {
  server.script = (exchange) => stream(exchange, 10, []);
  start();
  await until('listed', live);
  const begun = Date.now();
  await reflector.stop();
  assert.ok(Date.now() - begun < 500);
});
