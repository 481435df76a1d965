import { type AccessOptions, openAccess, unreachable } from './access.ts';
import { ApiError } from './api-error.ts';
import { CONFIGURATIONS } from './certificate-place.ts';

/** Deletes a ValidatingWebhookConfiguration. Throws `ApiError` when it may not, or cannot be asked. */
export async function deleteConfiguration(
  name: string,
  options: AccessOptions,
): Promise<'deleted' | 'absent'> {
  const access = openAccess(options);
  try {
    await access.call('DELETE', `${CONFIGURATIONS}/${encodeURIComponent(name)}`);
    return 'deleted';
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return 'absent';
    throw unreachable(access, error);
  } finally {
    await access.close();
  }
}
