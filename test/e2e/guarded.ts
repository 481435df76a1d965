/** A whole cluster that asks Portent about every change, for all the tests of a file. */
import { after, before } from 'node:test';
import { type Cluster, startCluster } from '../cluster/cluster.ts';
import { type Portent, register, startPortent } from './portent.ts';

/** Starts both before the tests of the file, and ends them after. `begin` is given the cluster, and may fill it. */
export function guarded(begin: (cluster: Cluster) => Promise<void> | void): void {
  let cluster: Cluster | undefined;
  let portent: Portent | undefined;
  before(
    async () => {
      cluster = await startCluster({ full: true });
      portent = await startPortent(cluster);
      await register(cluster, portent);
      await begin(cluster);
    },
    { timeout: 120_000 },
  );
  after(async () => {
    await portent?.stop();
    await cluster?.stop();
  });
}
