import type { RawChange } from './changes.ts';

/** A review as the API server sends it. A dry run: an admitted change would wait for a watch that never comes. */
export function reviewOf({ operation, object, oldObject }: RawChange, index: number): string {
  const named = object ?? oldObject;
  const isPolicy = named?.kind === 'NetworkPolicy';
  const group = isPolicy ? 'networking.k8s.io' : '';
  const kind = { group, version: 'v1', kind: named?.kind };
  const resource = { group, version: 'v1', resource: isPolicy ? 'networkpolicies' : 'services' };
  return JSON.stringify({
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: {
      uid: `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`,
      kind,
      resource,
      requestKind: kind,
      requestResource: resource,
      name: named?.metadata.name,
      namespace: named?.metadata.namespace,
      operation,
      userInfo: { username: 'jane', groups: ['system:authenticated'] },
      object,
      oldObject,
      dryRun: true,
      options: { apiVersion: 'meta.k8s.io/v1', kind: 'CreateOptions' },
    },
  });
}
