import type { DemoChange } from './demo-changes.ts';

/** The AdmissionReview an API server would send for a change; a dry run, so that each is judged by itself. */
export function reviewOf({ operation, object, old }: DemoChange): object {
  const isService = object.kind === 'Service';
  const group = isService ? '' : 'networking.k8s.io';
  const kind = { group, version: 'v1', kind: object.kind };
  const resource = { group, version: 'v1', resource: isService ? 'services' : 'networkpolicies' };
  return {
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: {
      uid: crypto.randomUUID(),
      kind,
      resource,
      requestKind: kind,
      requestResource: resource,
      name: object.metadata.name,
      namespace: object.metadata.namespace,
      operation,
      userInfo: { username: 'jane@example.com', groups: ['developers', 'system:authenticated'] },
      object: operation === 'DELETE' ? null : object,
      oldObject: old ?? null,
      dryRun: true,
      options: { apiVersion: 'meta.k8s.io/v1', kind: 'CreateOptions' },
    },
  };
}
