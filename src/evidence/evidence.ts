import type { Route, Service } from '../model/objects.ts';
import type { View } from '../model/overlay.ts';
import type { PodClass } from '../model/snapshot.ts';
import type { Simulation, Subject } from '../simulate/contract.ts';
import type { Steps } from '../simulate/steps.ts';
import { type ApiCut, apiCuts } from './api-use.ts';
import { type Bystanders, bystandersOf } from './bystanders.ts';
import { type CallbackCut, callbackCuts } from './callbacks.ts';
import { callersFor, ingressControllers } from './controllers.ts';
import { type DnsTarget, dnsTargets } from './dns.ts';
import { type Gains, gainsOf } from './gains.ts';
import { indexOfClasses, type Referrer, type SpaceIndex } from './index-of-space.ts';
import { type Losses, LossSearch } from './losses.ts';
import type { Caller } from './need.ts';
import type { Sources } from './needs.ts';
import { referrersOf } from './referrers.ts';
import { foreignRoutesTo, type RouteTo, routesOf } from './routes.ts';
import { type ScrapeCut, scrapeCuts } from './scrapes.ts';
import { type ServiceLoss, type ServiceLosses, serviceLosses } from './service-losses.ts';
import { type Naming, namingsOf } from './service-names.ts';
import { ClosedServices, policyShares, type Shares, serviceShares } from './shares.ts';

/** Looks through small policies from one step to the next: some milliseconds of work, before it is compiled. */
const LOOKS_IN_STEP = 100;

/** What goes through the subjects of a change, one by one. */
interface Search {
  look(subject: Subject): void;
  readonly looks: number;
}

/** Evidence for one change, each part worked out when it is first asked for. */
export class Evidence implements Sources {
  /** The view the classes of all needs belong to. */
  readonly view: View;
  readonly #simulation: Simulation;
  readonly #indexes = new Map<string, SpaceIndex | undefined>();
  readonly #dnsServices: readonly string[];
  readonly #routes = new Map<string, ReadonlyMap<string, readonly RouteTo[]>>();
  readonly #referrers = new Map<string, readonly Referrer[]>();
  #controllers: readonly PodClass[] | undefined;
  #dns: readonly DnsTarget[] | undefined;
  #losses: Losses | undefined;
  #serviceLosses: ServiceLosses | undefined;
  #closed: ClosedServices['found'] | undefined;
  #scrapeCuts: readonly ScrapeCut[] | undefined;
  #shares: Shares | undefined;

  constructor(simulation: Simulation, dnsServices: readonly string[]) {
    this.#simulation = simulation;
    this.view = simulation.after;
    this.#dnsServices = dnsServices;
  }

  indexOf(namespace: string): SpaceIndex | undefined {
    if (this.#indexes.has(namespace)) return this.#indexes.get(namespace);
    const space = this.view.snapshot.spaces.get(namespace);
    const index = space === undefined ? undefined : indexOfClasses(this.view.classes(space));
    this.#indexes.set(namespace, index);
    return index;
  }

  routesTo(namespace: string, service: string): readonly RouteTo[] {
    let routes = this.#routes.get(namespace);
    if (routes === undefined) {
      const space = this.view.snapshot.spaces.get(namespace);
      routes = space === undefined ? new Map() : routesOf(space);
      this.#routes.set(namespace, routes);
    }
    const far = this.view.snapshot.routesNaming(namespace, service);
    const near = routes.get(service) ?? [];
    return far.size === 0 ? near : [...near, ...foreignRoutesTo(far, namespace, service)];
  }

  referrersOf(namespace: string, service: string): readonly Referrer[] {
    const path = `${namespace}/${service}`;
    const known = this.#referrers.get(path);
    if (known !== undefined) return known;
    const { referrers, complete } = referrersOf(this.view, this.indexOf(namespace), namespace, service);
    if (!complete) this.#simulation.budget.skip(`some of the workloads that name Service ${path}`);
    this.#referrers.set(path, referrers);
    return referrers;
  }

  controllers(): readonly PodClass[] {
    this.#controllers ??= ingressControllers(this.view);
    return this.#controllers;
  }

  callersFor(route: Route): readonly Caller[] {
    return callersFor(route, this.controllers());
  }

  skip(what: string): void {
    this.#simulation.budget.skip(what);
  }

  dns(): readonly DnsTarget[] {
    this.#dns ??= dnsTargets(this.#simulation.after, this.#dnsServices);
    return this.#dns;
  }

  /** Needed connections that a policy change cuts. */
  losses(): Losses {
    this.#losses ??= this.#search(new LossSearch(this.#simulation, this)).found();
    return this.#losses;
  }

  #closedServices(): ClosedServices['found'] {
    this.#closed ??= this.#search(new ClosedServices(this.#simulation)).found;
    return this.#closed;
  }

  #search<T extends Search>(search: T): T {
    const { subjects } = this.#simulation;
    for (let i = 0; i < subjects.length; i++) search.look(subjects[i] as Subject);
    return search;
  }

  /** Works out in steps what takes longest of all for a policy change, before a rule asks for it at once. */
  *prepare(): Steps<undefined> {
    this.#losses ??= (yield* this.#searchInSteps(new LossSearch(this.#simulation, this))).found();
    yield;
    this.scrapeCuts();
    yield;
    this.#closed ??= (yield* this.#searchInSteps(new ClosedServices(this.#simulation))).found;
    return undefined;
  }

  *#searchInSteps<T extends Search>(search: T): Steps<T> {
    let next = LOOKS_IN_STEP;
    for (const subject of this.#simulation.subjects) {
      search.look(subject);
      if (search.looks < next) continue;
      next = search.looks + LOOKS_IN_STEP;
      yield;
    }
    return search;
  }

  /** Who else loses something. */
  bystanders(): Bystanders {
    return bystandersOf(this.#simulation, this.losses().losses);
  }

  /** Clients that a Service change cuts. */
  serviceLosses(): readonly ServiceLoss[] {
    return this.#ofService().losses;
  }

  /** The losses of a change, divided among the rules that tell of them: one cause, one finding. */
  shares(): Shares {
    const { change } = this.#simulation;
    this.#shares ??=
      (change.after ?? change.before)?.kind === 'Service'
        ? serviceShares(this.#simulation, this.#ofService())
        : policyShares(this.#simulation, this.losses(), this.scrapeCuts(), this.#closedServices());
    return this.#shares;
  }

  #ofService(): ServiceLosses {
    this.#serviceLosses ??= serviceLosses(this.#simulation, this);
    return this.#serviceLosses;
  }

  /** Who names the Service that the change is about. */
  namings(service: Service): Naming[] {
    return namingsOf(this.#simulation.after, this, service, this.#dnsServices);
  }

  /** What the API server calls and can no longer reach. */
  callbackCuts(): CallbackCut[] {
    return callbackCuts(this.#simulation);
  }

  /** Who calls the API server and can no longer reach it. */
  apiCuts(): ApiCut[] {
    return apiCuts(this.#simulation);
  }

  /** What Prometheus is told to scrape and can no longer reach. */
  scrapeCuts(): readonly ScrapeCut[] {
    this.#scrapeCuts ??= scrapeCuts(this.#simulation);
    return this.#scrapeCuts;
  }

  /** What a policy change opens. */
  gains(): Gains {
    return gainsOf(this.#simulation);
  }
}
