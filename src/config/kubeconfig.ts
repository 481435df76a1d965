import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';

/** Whether the usual rules lead to a cluster: KUBECONFIG, ~/.kube/config, or a pod's service account. */
export function hasCluster(environment: Readonly<Record<string, string | undefined>> = process.env): boolean {
  const listed = environment.KUBECONFIG ?? '';
  if (listed !== '') return listed.split(delimiter).some((path) => path !== '' && existsSync(path));
  if (existsSync(join(environment.HOME || homedir(), '.kube', 'config'))) return true;
  return (environment.KUBERNETES_SERVICE_HOST ?? '') !== '';
}

/** Whether this runs in a pod: the kubelet says in every container where the API server is. */
export function inPod(environment: Readonly<Record<string, string | undefined>> = process.env): boolean {
  return environment.KUBERNETES_SERVICE_HOST !== undefined;
}
