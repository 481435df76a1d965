import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Interner } from '../../src/model/intern.ts';
import { parseConfigMap } from '../../src/model/parse/config-map.ts';
import { parsePod } from '../../src/model/parse/pod.ts';
import { Store } from '../../src/model/store.ts';

/** Parsed with pools of its own, as if the model's had forgotten everything. */
function pod(name = 'web', configs: readonly string[] = ['c']) {
  const parsed = parsePod(
    {
      metadata: { name, namespace: 'n' },
      spec: {
        containers: [
          {
            env: [{ name: 'API_HOST', value: 'api' }],
            envFrom: configs.map((each) => ({ configMapRef: { name: each } })),
          },
        ],
      },
    },
    new Interner(),
  );
  assert.ok(parsed);
  return parsed;
}

const config = (data: object, name = 'c', namespace = 'n') =>
  parseConfigMap({ metadata: { namespace, name }, data });

function shown(store: Store, name = 'web'): string[] {
  return (store.spaces.get('n')?.pods.get(name)?.references ?? []).map(
    ({ namespace, service, source }) => `${namespace}/${service} (${source})`,
  );
}

const API = 'n/api (env API_HOST)';
const DB = 'o/db (ConfigMap c key DB)';

test('what a ConfigMap shows counts for the pods that mention it, whichever came first', () => {
  const before = new Store();
  before.putConfig(config({ DB: 'db.o:5432' }));
  before.putPod(pod());
  const after = new Store();
  after.putPod(pod());
  after.putConfig(config({ DB: 'db.o:5432' }));
  for (const store of [before, after]) {
    assert.deepEqual(shown(store), [API, DB]);
    assert.deepEqual(
      [...store.podsNaming('o', 'db')].map(({ name }) => name),
      ['web'],
    );
  }
});

test('it follows the ConfigMap as it changes and goes, and other pods stay the objects that they were', () => {
  const store = new Store();
  const held = (name: string) => store.spaces.get('n')?.pods.get(name);
  store.putPod(pod());
  store.putPod(pod('none', []));
  store.putPod(pod('other', ['other']));
  const classes = () => store.spaces.get('n')?.classes().length;
  const others = [held('none'), held('other')];
  store.putConfig(config({ DB: 'db.o:5432' }, 'c', 'elsewhere'));
  store.putConfig(config({ MODE: 'fast' }));
  assert.deepEqual(shown(store), [API]);
  const alike = held('web')?.ownReferences;
  assert.equal(held('web')?.references, alike);
  const before = classes();
  store.putConfig(config({ DB: 'db.o:5432' }));
  assert.equal(classes(), before);
  const first = held('web');
  store.putConfig(config({ DB: 'db.o:5432', MODE: 'slow' }));
  assert.equal(held('web'), first, 'what it shows is as before');
  store.putConfig(config({ DB: 'queue.o:5672' }));
  assert.deepEqual(shown(store), [API, 'o/queue (ConfigMap c key DB)']);
  assert.deepEqual([store.podsNaming('o', 'db').size, store.podsNaming('o', 'queue').size], [0, 1]);
  store.removeConfig('n', 'c');
  store.removeConfig('n', 'never-there');
  assert.deepEqual(shown(store), [API]);
  assert.equal(held('web')?.references, alike, 'one list again');
  assert.equal(store.podsNaming('o', 'queue').size, 0);
  assert.deepEqual([held('none'), held('other')], others);
  assert.equal(held('none'), others[0]);
  assert.equal(held('other'), others[1]);
  assert.equal(store.podCount, 3);
});

test('a relist of pods and ConfigMaps changes nothing', () => {
  const store = new Store();
  store.putConfig(config({ DB: 'db.o:5432' }));
  store.putPod(pod());
  const held = store.spaces.get('n')?.pods.get('web');
  store.putConfig(config({ DB: 'db.o:5432' }));
  store.putPod(pod());
  assert.equal(store.spaces.get('n')?.pods.get('web'), held);
  store.removePod('n', 'web');
  assert.equal(store.podsNaming('o', 'db').size, 0);
  assert.equal(store.spaces.size, 0);
});

test('a pod sees only the keys that reach it, its own word first, and a bounded number', () => {
  const store = new Store();
  store.putConfig(config({ A_HOST: 'a', B_HOST: 'b', API_HOST: 'api' }));
  const [whole] = [pod()];
  store.putPod({ ...whole, configs: ['c/B_HOST'] });
  assert.deepEqual(shown(store), [API, 'n/b (ConfigMap c key B_HOST)']);
  store.putPod(whole);
  assert.deepEqual(shown(store), [API, 'n/a (ConfigMap c key A_HOST)', 'n/b (ConfigMap c key B_HOST)']);
  const names = ['c', 'd', 'e'];
  for (const name of names) {
    const data = Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`k${i}`, `${name}${i}:80`]));
    store.putConfig(config(data, name));
  }
  store.putPod(pod('web', names));
  assert.equal(shown(store).length, 64);
});
