/** The live model against a real API server that is killed, frozen and refuses, under 100 changes a second. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Storm } from './storm.ts';

let storm: Storm | undefined;

before(
  async () => {
    storm = await Storm.start(100);
  },
  { timeout: 60_000 },
);

after(async () => {
  const weather = await storm?.stop();
  if (weather !== undefined) {
    assert.ok(weather.changes > 200, `only ${weather.changes} changes`);
    assert.ok(weather.answers > 100, `only ${weather.answers} answers`);
  }
});

const troubles: readonly (readonly [string, (storm: Storm) => Promise<void>])[] = [
  ['the API server is killed', (each) => each.kill(1_000)],
  ['etcd stands still', (each) => each.freeze(5_000)],
  ['the rights are taken away and given back', (each) => each.revoke(500)],
];

for (const [trouble, happen] of troubles) {
  test(`${trouble}: the model equals a fresh list after it, the webhook answers throughout`, {
    timeout: 90_000,
  }, async () => {
    assert.ok(storm);
    await happen(storm);
    await storm.settled(45_000);
    storm.goOn();
  });
}
