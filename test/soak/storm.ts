/**
 * The long form of test/e2e/model.test.ts: a real API server that is killed, whose etcd stands still for a minute,
 * that takes Portent's rights away, again and again for SOAK_SECONDS (ten minutes unless given), under 100 changes
 * a second. After each trouble the model equals a fresh list, object by object.
 */
import { Storm } from '../e2e/storm.ts';

const seconds = Number(process.env.SOAK_SECONDS ?? '600');
const end = Date.now() + seconds * 1_000;
const storm = await Storm.start(100);
let rounds = 0;
try {
  const troubles = [() => storm.kill(20_000), () => storm.freeze(60_000), () => storm.revoke(40_000)];
  do {
    for (const trouble of troubles) {
      await trouble();
      await storm.settled(120_000);
      await storm.portentSettled(120_000);
      storm.goOn();
    }
    rounds++;
  } while (Date.now() < end);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
} finally {
  const { changes, answers } = await storm.stop();
  console.log(JSON.stringify({ name: 'storm', value: rounds, unit: 'rounds', changes, answers, seconds }));
}
