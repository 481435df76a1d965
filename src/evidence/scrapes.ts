/** What Prometheus is told to scrape, and can no longer reach. */
import { labelValue } from '../model/labels.ts';
import type { Monitor, NetworkPolicy } from '../model/objects.ts';
import type { View } from '../model/overlay.ts';
import { selects } from '../model/selector.ts';
import type { PodClass } from '../model/snapshot.ts';
import { targetsOf } from '../simulate/backends.ts';
import type { Simulation, Verdict } from '../simulate/contract.ts';
import { canLose } from '../simulate/loss.ts';
import { verdictBetween } from '../simulate/reach.ts';

/** A port of a class at which Prometheus is told to scrape, over TCP. */
export interface Scrape {
  readonly port: number;
  /** What tells so: `annotation prometheus.io/scrape`, `ServiceMonitor shop/web`. */
  readonly source: string;
}

/** A scrape that was possible before the change and is for no Prometheus any more. */
export interface ScrapeCut extends Scrape {
  readonly podClass: PodClass;
  /** The Prometheus pods that could. */
  readonly scrapers: readonly PodClass[];
  readonly policies: readonly NetworkPolicy[];
}

/** Prometheus workloads that are asked, and cuts after which nobody reads on. */
const MOST_SCRAPERS = 8;
const MOST_CUTS = 300;

/** The scrapes that a policy change cuts at the side of those who are scraped. */
export function scrapeCuts(simulation: Simulation): ScrapeCut[] {
  const { before, after, budget, subjects } = simulation;
  if (after.snapshot.scrapers.size === 0 || subjects.length === 0) return [];
  const cuts: ScrapeCut[] = [];
  let scrapers: readonly PodClass[] | undefined;
  let monitors: readonly Monitor[] | undefined;
  for (const subject of subjects) {
    const { podClass, directions } = subject;
    if (!directions.includes('ingress') || !canLose(simulation, subject, 'ingress')) continue;
    monitors ??= monitorsOf(after, podClass.space.name);
    for (const scrape of scrapesOf(after, podClass, monitors)) {
      scrapers ??= scrapersOf(after);
      if (cuts.length >= MOST_CUTS || !budget.spend(2 * scrapers.length * simulation.weight)) {
        budget.skip('some of what Prometheus scrapes');
        return cuts;
      }
      if (scrapers.some((one) => verdictOn(after, one, podClass, scrape.port) !== 'denied')) continue;
      const could = scrapers.filter((one) => verdictOn(before, one, podClass, scrape.port) === 'allowed');
      if (could.length > 0)
        cuts.push({ ...scrape, podClass, scrapers: could, policies: subject.ingress.after });
    }
  }
  return cuts;
}

/** Where a class is scraped, each port once: by annotations of its pods and Services, and by monitors. */
export function scrapesOf(view: View, podClass: PodClass, monitors: readonly Monitor[]): Scrape[] {
  const found = new Map<number, Scrape>();
  const add = (ports: readonly number[], source: string): void => {
    for (const port of ports) if (!found.has(port)) found.set(port, { port, source });
  };
  const at = podClass.pods[0]?.scrapedAt ?? 0;
  const declared = podClass.namedPorts.filter(({ protocol }) => protocol === 'TCP');
  if (at !== 0) add(at > 0 ? [at] : declared.map(({ port }) => port), 'annotation prometheus.io/scrape');
  const services = view.servicesOf(podClass);
  for (const service of services) {
    if (labelValue(service.annotations, 'prometheus.io/scrape') !== 'true') continue;
    const port = Number(labelValue(service.annotations, 'prometheus.io/port'));
    const targets = service.ports.flatMap((one) => targetsOf(service, one, podClass.namedPorts));
    add(
      Number.isInteger(port) && port > 0 && port <= 65_535 ? [port] : targets,
      `annotation prometheus.io/scrape of Service ${service.namespace}/${service.name}`,
    );
  }
  for (const { kind, namespace, name, selector, ports } of monitors) {
    const source = `${kind} ${namespace}/${name}`;
    const own = (wanted: number | string): number[] =>
      typeof wanted === 'number'
        ? [wanted]
        : declared.filter((one) => one.name === wanted).map(({ port }) => port);
    if (kind === 'PodMonitor') {
      if (selects(selector, podClass.labels)) for (const { port } of ports) add(own(port), source);
      continue;
    }
    for (const service of services.filter(({ labels }) => selects(selector, labels))) {
      for (const { port, ofPods } of ports) {
        if (ofPods) add(own(port), source);
        else {
          const named = service.ports.filter(({ name: one }) => one === port);
          add(
            named.flatMap((one) => targetsOf(service, one, podClass.namedPorts)),
            source,
          );
        }
      }
    }
  }
  return [...found.values()].sort((a, b) => a.port - b.port);
}

/** The monitors that look into a namespace. */
export function monitorsOf({ snapshot }: View, namespace: string): Monitor[] {
  const found: Monitor[] = [];
  for (const monitor of snapshot.monitors.values()) {
    if (monitor.namespaces === 'any' || monitor.namespaces.includes(namespace)) found.push(monitor);
  }
  return found;
}

/** One class for each workload of Prometheus. */
function scrapersOf(view: View): PodClass[] {
  const found = new Map<string, PodClass>();
  for (const pod of view.snapshot.scrapers) {
    const key = `${pod.workload.namespace}/${pod.workload.kind}/${pod.workload.name}`;
    if (found.has(key)) continue;
    if (found.size >= MOST_SCRAPERS) break;
    const podClass = view.classOf(pod);
    if (podClass !== undefined) found.set(key, podClass);
  }
  return [...found.values()];
}

function verdictOn(view: View, from: PodClass, to: PodClass, port: number): Verdict {
  const wanted = { protocol: 'TCP', port } as const;
  return verdictBetween(view, { kind: 'class', podClass: from }, { kind: 'class', podClass: to }, wanted);
}
