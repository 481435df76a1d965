/** Who calls the API server, and whether they still reach it. */
import type { NetworkPolicy } from '../model/objects.ts';
import type { View } from '../model/overlay.ts';
import { sameItems } from '../model/same.ts';
import type { PodClass } from '../model/snapshot.ts';
import { addressSet, addressText } from '../netset/addresses.ts';
import type { End, Simulation, Verdict } from '../simulate/contract.ts';
import { canLose } from '../simulate/loss.ts';
import { bestVerdict, verdictBetween } from '../simulate/reach.ts';
import { weightOf } from '../simulate/weight.ts';
import { type ApiEndpoint, apiEndpoints } from './api-server.ts';
import type { Grade } from './need.ts';

/** Words that tell a program of the cluster's own machinery from one that only has an account of its own. */
const MACHINERY =
  /(^|-)(operator|controller|manager|provisioner|autoscaler|scheduler|injector|cainjector|reloader|runner|kube|prometheus|argocd|flux|external-dns)(-|$)/;
const ACCOUNT = 'service account ';

/** What shows that a class calls the API server. */
export interface ApiUse {
  readonly grade: Grade;
  readonly source: string;
}

/**
 * Whether a class calls the API server. An account of its own is a hint only together with a telling name: many a
 * chart makes one for a program that never uses it.
 */
export function apiUseOf({ pods, workload }: PodClass): ApiUse | undefined {
  const [pod] = pods;
  if (pod === undefined) return undefined;
  const named = pod.references.find(
    ({ namespace, service }) => namespace === 'default' && service === 'kubernetes',
  );
  if (named !== undefined) return { grade: 'declared', source: named.source };
  const source = pod.apiUse;
  if (source === '') return undefined;
  if (!source.startsWith(ACCOUNT)) return { grade: 'declared', source };
  const telling = MACHINERY.test(workload.name) || MACHINERY.test(source.slice(ACCOUNT.length));
  return telling ? { grade: 'likely', source } : undefined;
}

/** Classes that a policy change cuts from the API server. */
export interface ApiCut {
  readonly podClass: PodClass;
  readonly use: ApiUse;
  readonly policies: readonly NetworkPolicy[];
  /**
   * `certain`: no address behind default/kubernetes is allowed any more. `by-cluster-ip`: nor is any, but the
   * Service's own address is, which counts only before translation. `by-kind`: the addresses are not known, and
   * only pods are allowed.
   */
  readonly how: 'certain' | 'by-cluster-ip' | 'by-kind';
}

/** The users of the API server that a change of egress cuts from it. */
export function apiCuts(simulation: Simulation): ApiCut[] {
  const cuts: ApiCut[] = [];
  let endpoints: readonly ApiEndpoint[] | undefined;
  let last:
    | { readonly before: Policies; readonly after: Policies; readonly how: ApiCut['how'] | undefined }
    | undefined;
  for (const subject of simulation.subjects) {
    const { podClass, directions } = subject;
    if (!directions.includes('egress') || !canLose(simulation, subject, 'egress')) continue;
    const use = apiUseOf(podClass);
    if (use === undefined) continue;
    const { egress } = subject;
    endpoints ??= apiEndpoints(simulation.after.snapshot);
    // Pods under the same policies fare alike: the API server is the same for all.
    if (
      last === undefined ||
      !sameItems(last.before, egress.before) ||
      !sameItems(last.after, egress.after)
    ) {
      const weight = weightOf(egress.before, 'egress') + weightOf(egress.after, 'egress');
      if (!simulation.budget.spend(weight * (endpoints.length + 1))) {
        simulation.budget.skip('whether pods still reach the API server');
        return cuts;
      }
      last = { ...egress, how: howCut(simulation, podClass, egress, endpoints) };
    }
    const { how } = last;
    if (how !== undefined) cuts.push({ podClass, use, policies: egress.after, how });
  }
  return cuts;
}

type Policies = readonly NetworkPolicy[];

function howCut(
  { before, after }: Simulation,
  podClass: PodClass,
  egress: { readonly before: Policies; readonly after: Policies },
  endpoints: readonly ApiEndpoint[],
): ApiCut['how'] | undefined {
  if (endpoints.length === 0) {
    return allowsAddresses(egress.before) && !allowsAddresses(egress.after) ? 'by-kind' : undefined;
  }
  if (!endpoints.some((one) => verdictOn(before, podClass, one) === 'allowed')) return undefined;
  if (endpoints.some((one) => verdictOn(after, podClass, one) !== 'denied')) return undefined;
  const service = after.service('default', 'kubernetes');
  const byClusterIp = service?.clusterIPs.some((address) =>
    service.ports.some(
      ({ protocol, port }) =>
        verdictOn(after, podClass, { address, ports: [{ name: '', protocol, port }] }) !== 'denied',
    ),
  );
  return byClusterIp === true ? 'by-cluster-ip' : 'certain';
}

function verdictOn(view: View, podClass: PodClass, { address, ports }: ApiEndpoint): Verdict {
  // A slice without ports does not say where it listens.
  if (ports.some(({ port }) => port === 0) || ports.length === 0) return 'unknown';
  const to: End = { kind: 'outside', addresses: addressSet(address) };
  return bestVerdict(ports.map((port) => verdictBetween(view, { kind: 'class', podClass }, to, port)));
}

/** Whether anything but pods is allowed on any port: the API server may be meant. */
function allowsAddresses(policies: readonly NetworkPolicy[]): boolean {
  if (policies.length === 0) return true;
  return policies.some(({ egress }) =>
    egress?.some(({ peers }) => peers === 'any' || peers.some(({ kind }) => kind === 'block')),
  );
}

/** `10.0.0.1:6443`, each once, in order. */
export function endpointTexts(endpoints: readonly ApiEndpoint[]): string[] {
  const texts = endpoints.flatMap(({ address, ports }) =>
    ports.map(({ port }) =>
      typeof address === 'number' ? `${addressText(address)}:${port}` : `[${addressText(address)}]:${port}`,
    ),
  );
  return [...new Set(texts)].sort();
}
