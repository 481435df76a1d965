import { type Fields, fields, items, text } from './wire.ts';

/** The volume by which the control plane mounts the token of a pod's service account (KEP-1205). */
const MOUNTED = /^kube-api-access-/;
/** The same before Kubernetes 1.22, as a Secret. */
const MOUNTED_SECRET = /-token-[a-z0-9]{5}$/;
const ELECTION = /^--?(enable-)?leader-elect(ion)?(=true)?$/;

/**
 * What in a pod's spec shows that it calls the API server by a token of its own; '' when nothing does. The token of
 * the account `default` is mounted into every pod, and a token for another audience is not for the API server.
 */
export function parseApiUse(spec: Fields, containers: readonly Fields[], stored: boolean): string {
  const volumes = items(spec.volumes).map(fields);
  for (const { env, command, args } of containers) {
    if (items(env).some((entry) => fields(entry).name === 'KUBERNETES_SERVICE_HOST')) {
      return 'env KUBERNETES_SERVICE_HOST';
    }
    const election = [...items(command), ...items(args)].find((word) => ELECTION.test(text(word)));
    if (election !== undefined) return 'argument --leader-elect';
  }
  if (volumes.some((volume) => holdsToken(volume) && !MOUNTED.test(text(volume.name)))) {
    return 'a projected token';
  }
  const account = text(spec.serviceAccountName) || text(spec.serviceAccount);
  if (account === '' || account === 'default') return '';
  const mounted = stored
    ? volumes.some((volume) => holdsToken(volume) || isOldToken(volume))
    : spec.automountServiceAccountToken !== false;
  return mounted ? `service account ${account}` : '';
}

function holdsToken({ projected }: Fields): boolean {
  return items(fields(projected).sources).some((source) => {
    const { serviceAccountToken } = fields(source);
    return serviceAccountToken !== undefined && text(fields(serviceAccountToken).audience) === '';
  });
}

function isOldToken({ name, secret }: Fields): boolean {
  return secret !== undefined && MOUNTED_SECRET.test(text(name));
}
