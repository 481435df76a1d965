import { setFlagsFromString } from 'node:v8';

/**
 * Makes the collector of garbage work for size: the model is nearly all there is, lives long, and everything else
 * is garbage after milliseconds. Left alone, V8 lets young objects take 64 MiB and waits until the rest has
 * doubled. Both settings are read again at each collection, so they count from here on (docs/adr/0003).
 */
export function keepSmall(): void {
  // The room for young objects stays as large as it is: a few MiB.
  setFlagsFromString('--semi-space-growth-factor=1');
  // Old objects are collected when they have grown by so many percent; at 100,000 pods each percent is a MiB.
  setFlagsFromString('--heap-growing-percent=15');
}
