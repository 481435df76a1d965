import { emptiedCallbacks, NAMERS, type Naming, namingOf } from '../evidence/service-names.ts';
import type { Service } from '../model/objects.ts';
import { portsWithout } from './ports.ts';
import { CALLBACKS, CONFIG_MAPS, ROUTES } from './reads.ts';
import type { Rule, RuleContext, Severity, Statement } from './rule.ts';
import { compareSentences, listText, serviceText, sortedTexts } from './text.ts';
import {
  API_SERVICE,
  DNS,
  INGRESS,
  SHOP,
  SHOP_DB,
  SHOP_WEB,
  WEBHOOK,
  WEBHOOK_PODS,
  WEBHOOK_SERVICE,
} from './worlds/references.ts';

/** Findings for one change: one for each port that is gone. */
const MOST_FINDINGS = 4;

export const breaksReferences: Rule = {
  id: 'breaks-references',
  title: 'Something that others name is gone',
  kinds: ['Service'],
  operations: ['UPDATE', 'DELETE'],
  severity: 'high',
  action: 'warn',
  needs: 'model',
  reads: [...ROUTES, ...CALLBACKS, ...CONFIG_MAPS],
  summary:
    'A Service, a port of it or its selector goes, while webhooks, APIs, routes, DNS or pods still name it. Refused when the API server itself cannot do without it.',
  why: 'Nothing ties a name to what it names: the Service goes in silence, and who names it fails later. Without the Service of a required webhook the API server refuses whatever the webhook should have seen, often the repair too.',
  fix: 'First change those who name it, then the Service; or keep the old port beside the new one for a while.',
  limits: [
    'Names are read from webhook configurations, APIServices, conversion webhooks, Ingresses and Gateway routes, the configured DNS Services, and the env and arguments of pods, and their ConfigMaps where these are read (evidence.configMaps). Names in Secrets and in files of an image are not seen.',
    'Pods that only share an application label are named with severity medium.',
    'It refuses (action deny in the profile standard) where a webhook with failurePolicy Fail, an APIService or a conversion webhook loses its Service, its port or its last pod. When a release is removed, delete the webhook configuration first.',
    'Whether those who name it still need it is not known. Who loses connections to back ends is said by connectivity-lost.',
    'A pod that names the Service without a port is only counted when none of the ports remains.',
  ],
  examples: {
    good: [
      {
        title: 'Nobody names it',
        cluster: SHOP + SHOP_WEB,
        operation: 'DELETE',
        manifest: SHOP_WEB,
        findings: [],
      },
      {
        title: 'A new port beside the old one',
        cluster: SHOP + SHOP_DB,
        operation: 'UPDATE',
        manifest: SHOP_DB.replace('[{port: 5432}]', '[{name: sql, port: 5432}, {name: metrics, port: 9187}]'),
        findings: [],
      },
      {
        title: 'Another port of the Service than the one that is named',
        cluster:
          SHOP +
          SHOP_WEB.replace('[{', '[{name: admin, port: 9000, targetPort: 8080}, {name: http, ') +
          INGRESS,
        operation: 'UPDATE',
        manifest: SHOP_WEB.replace('[{', '[{name: http, '),
        findings: [],
      },
    ],
    bad: [
      {
        title: 'The Service of a required webhook is deleted',
        cluster: WEBHOOK_PODS + WEBHOOK_SERVICE + WEBHOOK('Fail'),
        operation: 'DELETE',
        manifest: WEBHOOK_SERVICE,
        findings: [
          {
            subject: 'Service guard/webhook',
            severity: 'critical',
            action: 'deny',
            message:
              'is deleted, but ValidatingWebhookConfiguration hooks/check.guard.example.com still needs it: the API server will fail requests that it cannot ask about.',
          },
        ],
      },
      {
        title: 'A webhook that may fail',
        cluster: WEBHOOK_PODS + WEBHOOK_SERVICE + WEBHOOK('Ignore'),
        operation: 'UPDATE',
        manifest: WEBHOOK_SERVICE.replace('{port: 443', '{port: 8443'),
        findings: [
          {
            subject: 'Service guard/webhook',
            severity: 'critical',
            message:
              'no longer has port 443, but ValidatingWebhookConfiguration hooks/check.guard.example.com still needs it.',
          },
        ],
      },
      {
        title: 'No pod is left behind an aggregated API',
        cluster: WEBHOOK_PODS + WEBHOOK_SERVICE + API_SERVICE,
        operation: 'UPDATE',
        manifest: WEBHOOK_SERVICE.replace('app: guard', 'app: gard'),
        findings: [
          {
            subject: 'Service guard/webhook',
            severity: 'critical',
            action: 'deny',
            message:
              'has no pod behind port 443 any more, but APIService v1.guard.example.com still needs it: the API server will fail requests that it cannot ask about.',
          },
        ],
      },
      {
        title: 'An Ingress names the port',
        cluster: SHOP + SHOP_WEB.replace('[{', '[{name: http, ') + INGRESS,
        operation: 'UPDATE',
        manifest: SHOP_WEB.replace('[{', '[{name: web, '),
        findings: [
          {
            subject: 'Service shop/web',
            message: 'no longer has a port named http, but Ingress shop/front still needs it.',
          },
        ],
      },
      {
        title: 'A Service that a pod names is deleted',
        cluster: SHOP + SHOP_DB,
        operation: 'DELETE',
        manifest: SHOP_DB,
        findings: [
          {
            subject: 'Service shop/db',
            message: 'is deleted, but shop/web (env DB_URL) still needs it.',
          },
        ],
      },
      {
        title: 'The selector is dropped',
        cluster: SHOP + SHOP_DB,
        operation: 'UPDATE',
        manifest: SHOP_DB.replace('selector: {app: db}', 'selector: {}'),
        findings: [
          {
            subject: 'Service shop/db',
            message:
              'loses its selector, and nothing keeps its endpoints up to date any more, but shop/web (env DB_URL) still needs it.',
          },
        ],
      },
      {
        title: "The cluster's DNS",
        cluster: DNS,
        operation: 'DELETE',
        manifest: DNS.slice(DNS.indexOf('---', 4)),
        findings: [
          {
            subject: 'Service kube-system/kube-dns',
            severity: 'critical',
            message: 'is deleted, but the DNS of every pod still needs it.',
          },
        ],
      },
    ],
  },
  *check(context) {
    const { before: old, after: now } = context.change;
    if (old?.kind !== 'Service' || (now !== undefined && now.kind !== 'Service')) return;
    if (now === undefined || now.type === 'ExternalName' || lostSelector(context, old, now)) {
      yield* whole(context, old, now);
      return;
    }
    yield* ports(context, old, now);
    yield* emptied(context, old, now);
  },
};

/** The Service as a whole is gone, or is something else now. */
function* whole({ evidence }: RuleContext, old: Service, now: Service | undefined): Iterable<Statement> {
  if (old.type === 'ExternalName' && now?.type === 'ExternalName') return;
  // An alias answers whoever asks for the name; it has no address for those who need one.
  const namings = evidence
    .namings(old)
    .filter(({ by }) => now?.type !== 'ExternalName' || (by !== 'pod' && by !== 'application'));
  const what =
    now === undefined
      ? 'is deleted'
      : now.type === 'ExternalName'
        ? 'becomes an alias (ExternalName)'
        : 'loses its selector, and nothing keeps its endpoints up to date any more';
  yield* statements(old, new Map([[what, namings]]), now === undefined);
}

/** Ports, or names of ports, are gone. */
function* ports({ evidence }: RuleContext, old: Service, now: Service): Iterable<Statement> {
  const gone = goneOf(old, now);
  if (gone.numbers.size === 0 && gone.names.size === 0) return;
  const groups = new Map<string, Naming[]>();
  for (const naming of evidence.namings(old)) {
    const what = goneText(naming, gone);
    if (what !== undefined) addTo(groups, what, naming);
  }
  yield* statements(old, groups, true);
}

/** What an update takes from a Service's ports. A Service may have thousands of ports, and as many who name it. */
interface Gone {
  readonly numbers: ReadonlySet<number>;
  /** Names that no port has any more, each with the number where that is gone too. */
  readonly names: ReadonlyMap<string, number | undefined>;
  /** All ports, in words, where none is left. */
  readonly all: string | undefined;
}

function goneOf(old: Service, now: Service): Gone {
  const ports = portsWithout(old, now);
  const left = new Set(now.ports.map(({ name }) => name));
  const without = new Set(ports);
  const names = new Map<string, number | undefined>();
  for (const port of old.ports) {
    if (port.name === '' || left.has(port.name)) continue;
    names.set(port.name, without.has(port) ? port.port : undefined);
  }
  const numbers = new Set(ports.map(({ port }) => port));
  const all = `port${ports.length === 1 ? '' : 's'} ${listText(sortedTexts([...numbers].map(String)))}`;
  return { numbers, names, all: ports.length < old.ports.length ? undefined : all };
}

/** What of the Service the naming means is no longer there; undefined when it still is. */
function goneText({ port }: Naming, { numbers, names, all }: Gone): string | undefined {
  if (port === 0) return all === undefined ? undefined : `no longer has ${all}`;
  if (typeof port === 'number') return numbers.has(port) ? `no longer has port ${port}` : undefined;
  if (!names.has(port)) return undefined;
  const number = names.get(port);
  return number === undefined ? `no longer has a port named ${port}` : `no longer has port ${number}`;
}

/** The API server finds nobody behind a port any more. */
function* emptied({ before, after }: RuleContext, old: Service, now: Service): Iterable<Statement> {
  const groups = new Map<string, Naming[]>();
  for (const callback of emptiedCallbacks(before, after, old, now)) {
    addTo(groups, `has no pod behind port ${callback.port} any more`, namingOf(callback));
  }
  yield* statements(old, groups, true);
}

function* statements(
  service: Service,
  groups: ReadonlyMap<string, readonly Naming[]>,
  outage: boolean,
): Iterable<Statement> {
  const sorted = [...groups].sort(([one], [other]) => compareSentences(one, other)).slice(0, MOST_FINDINGS);
  for (const [what, namings] of sorted) {
    const first = namings.toSorted(byWeight)[0];
    if (first === undefined) continue;
    const names = [...new Set(namings.toSorted(byWeight).map(({ text }) => text))];
    const required = first.required && outage;
    const need = names.length === 1 ? 'needs' : 'need';
    yield {
      subject: serviceText(service),
      severity: GRAVITY[first.by],
      ...(required ? { action: 'deny' as const } : {}),
      message: `${what}, but ${listText(names)} still ${need} it${required ? ': the API server will fail requests that it cannot ask about.' : '.'}`,
      because: names.slice(0, 5),
      ...(first.by === 'callback' ? { fix: FIRST_THE_CALLBACK } : {}),
    };
  }
}

const FIRST_THE_CALLBACK =
  'First delete or change the webhook configuration, APIService or conversion that names the Service, then the Service.';

const GRAVITY: Readonly<Record<Naming['by'], Severity>> = {
  callback: 'critical',
  dns: 'critical',
  route: 'high',
  pod: 'high',
  application: 'medium',
};

function byWeight(one: Naming, other: Naming): number {
  return (
    Number(other.required) - Number(one.required) ||
    NAMERS.indexOf(one.by) - NAMERS.indexOf(other.by) ||
    compareSentences(one.text, other.text)
  );
}

function addTo(groups: Map<string, Naming[]>, what: string, naming: Naming): void {
  const group = groups.get(what);
  if (group === undefined) groups.set(what, [naming]);
  else group.push(naming);
}

function lostSelector({ before }: RuleContext, old: Service, now: Service): boolean {
  return old.selector !== undefined && now.selector === undefined && before.behind(old).length > 0;
}
