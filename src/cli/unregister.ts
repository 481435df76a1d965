import { deleteConfiguration } from '../cluster/unregister.ts';
import { ALLOWED } from './failure.ts';
import { accessOf } from './live.ts';
import type { StateOptions } from './options.ts';

/** `portent unregister`: what is not there any more is no error, since it may be run twice. */
export async function unregister(name: string, options: StateOptions): Promise<number> {
  const outcome = await deleteConfiguration(name, accessOf(options));
  const what = `ValidatingWebhookConfiguration ${name}`;
  process.stdout.write(outcome === 'deleted' ? `deleted ${what}\n` : `there is no ${what}\n`);
  return ALLOWED;
}
