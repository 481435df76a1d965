/** The Grafana dashboard of the chart, from a short list of panels: the names of metrics come from the program. */
import { METRICS } from '../src/telemetry/names.ts';

interface Query {
  readonly expr: string;
  readonly legend: string;
}

interface Panel {
  readonly title: string;
  readonly description: string;
  /** Grafana's name of the unit. */
  readonly unit: string;
  readonly queries: readonly Query[];
}

type Row = readonly [title: string, ...panels: readonly Panel[]];

const OURS = 'namespace="$namespace",pod=~"$pod"';
const WEBHOOK = 'name="validate.portent.dev"';
const RATE = '[$__rate_interval]';

/** A metric of our replicas, with more matchers. */
function of({ name }: { readonly name: string }, matchers = '', suffix = ''): string {
  return `${name}${suffix}{${OURS}${matchers === '' ? '' : `,${matchers}`}}`;
}

const rate = (selector: string): string => `rate(${selector}${RATE})`;
const sum = (by: string, expr: string): string => `sum by (${by}) (${expr})`;
const quantiles = (buckets: string, more = ''): readonly Query[] =>
  [0.5, 0.99].map((share) => ({
    expr: `histogram_quantile(${share}, ${sum(`le${more === '' ? '' : `, ${more}`}`, rate(buckets))})`,
    legend: `p${share * 100}${more === '' ? '' : ` {{${more}}}`}`,
  }));

const ROWS: readonly Row[] = [
  [
    'Reviews',
    {
      title: 'Decisions per second',
      description: 'Answered reviews. skip: never judged; error: failed inside.',
      unit: 'reqps',
      queries: [{ expr: sum('decision', rate(of(METRICS.requests))), legend: '{{decision}}' }],
    },
    {
      title: 'Time to answer',
      description: 'From the request headers to the answer, as the replicas measure it.',
      unit: 's',
      queries: quantiles(of(METRICS.duration, '', '_bucket')),
    },
    {
      title: 'Time of the parts',
      description: 'parse: the change; judge: overlay, simulation and rules.',
      unit: 's',
      queries: quantiles(of(METRICS.phase, '', '_bucket'), 'phase'),
    },
    {
      title: 'Turned away or unreadable',
      description: 'Reviews refused to stay alive, and requests that could not be read, per second.',
      unit: 'reqps',
      queries: [
        { expr: sum('reason', rate(of(METRICS.shed))), legend: 'turned away: {{reason}}' },
        { expr: sum('reason', rate(of(METRICS.malformed))), legend: 'unreadable: {{reason}}' },
      ],
    },
    {
      title: 'In flight',
      description: 'Reviews being answered, and admitted changes that the model does not show yet.',
      unit: 'short',
      queries: [
        { expr: sum('pod', of(METRICS.inFlight)), legend: '{{pod}} in flight' },
        { expr: sum('pod', of(METRICS.recent)), legend: '{{pod}} admitted a moment ago' },
      ],
    },
  ],
  [
    'Findings',
    {
      title: 'Findings by rule',
      description: 'Of reviews that were not dry runs, per second.',
      unit: 'cps',
      queries: [{ expr: sum('rule, action', rate(of(METRICS.findings))), legend: '{{rule}} ({{action}})' }],
    },
    {
      title: 'Denied',
      description: 'Share of judged changes that were denied, dry runs left out.',
      unit: 'percentunit',
      queries: [
        {
          expr: `${sum('resource', rate(of(METRICS.requests, 'decision="deny",dry_run="false"')))} / ${sum('resource', rate(of(METRICS.requests, 'decision=~"allow|warn|deny",dry_run="false"')))}`,
          legend: '{{resource}}',
        },
      ],
    },
    {
      title: 'Exemptions',
      description: 'By rule and by what became of them, per second. Dry runs are left out.',
      unit: 'cps',
      queries: [{ expr: sum('rule, result', rate(of(METRICS.exemptions))), legend: '{{rule}} {{result}}' }],
    },
    {
      title: 'Events about denials',
      description: 'Written, failed, or dropped because too many came at once; per second.',
      unit: 'cps',
      queries: [{ expr: sum('result', rate(of(METRICS.events))), legend: '{{result}}' }],
    },
    {
      title: 'Unchecked by rule',
      description: 'Rules that could not run because something was not known, per second.',
      unit: 'cps',
      queries: [{ expr: sum('rule', rate(of(METRICS.unchecked))), legend: '{{rule}}' }],
    },
  ],
  [
    'What the API server sees',
    {
      title: 'Time of a call',
      description: 'With the network between them. The API server gives up at webhook.timeoutSeconds.',
      unit: 's',
      queries: quantiles(`apiserver_admission_webhook_admission_duration_seconds_bucket{${WEBHOOK}}`),
    },
    {
      title: 'Calls',
      description: 'Calls per second, by the code of the answer.',
      unit: 'reqps',
      queries: [
        {
          expr: sum('code', rate(`apiserver_admission_webhook_request_total{${WEBHOOK}}`)),
          legend: '{{code}}',
        },
      ],
    },
    {
      title: 'Refused',
      description: 'no_error: denied by Portent. Anything else: refused without an answer.',
      unit: 'reqps',
      queries: [
        {
          expr: sum('error_type', rate(`apiserver_admission_webhook_rejection_count{${WEBHOOK}}`)),
          legend: '{{error_type}}',
        },
      ],
    },
    {
      title: 'Passed unchecked',
      description: 'Calls without an answer while failurePolicy is Ignore.',
      unit: 'reqps',
      queries: [
        {
          expr: sum('type', rate(`apiserver_admission_webhook_fail_open_count{${WEBHOOK}}`)),
          legend: '{{type}}',
        },
      ],
    },
  ],
  [
    'Model of the cluster',
    {
      title: 'State',
      description: 'The state each replica is in.',
      unit: 'short',
      queries: [{ expr: `${sum('pod, state', of(METRICS.state))} == 1`, legend: '{{pod}} {{state}}' }],
    },
    {
      title: 'Since last contact',
      description: 'How long ago the API server was last heard of about a kind; the worst replica.',
      unit: 's',
      queries: [{ expr: `max by (kind) (time() - ${of(METRICS.lastContact)})`, legend: '{{kind}}' }],
    },
    {
      title: 'Watches down',
      description: 'Replicas that do not follow a kind now.',
      unit: 'short',
      queries: [
        {
          expr: `count by (kind) (${of(METRICS.synced)}) - ${sum('kind', of(METRICS.synced))}`,
          legend: '{{kind}}',
        },
      ],
    },
    {
      title: 'Watches started again, lists fetched again',
      description: 'In the time shown.',
      unit: 'short',
      queries: [
        { expr: sum('kind', `increase(${of(METRICS.restarts)}[$__range])`), legend: '{{kind}} restarts' },
        { expr: sum('kind', `increase(${of(METRICS.relists)}[$__range])`), legend: '{{kind}} lists' },
      ],
    },
    {
      title: 'Configuration',
      description: '0: what was written last is broken, and the version before it is in force.',
      unit: 'short',
      queries: [{ expr: `min by (source) (${of(METRICS.configGood)})`, legend: '{{source}}' }],
    },
    {
      title: 'Configurations read',
      description: 'In the time shown.',
      unit: 'short',
      queries: [
        {
          expr: sum('source, result', `increase(${of(METRICS.configReads)}[$__range])`),
          legend: '{{source}} {{result}}',
        },
      ],
    },
    {
      title: 'Objects',
      description: 'What each kind counts in the cluster.',
      unit: 'short',
      queries: [
        { expr: `max by (kind) (${of(METRICS.objects)})`, legend: '{{kind}}' },
        { expr: `max(${of(METRICS.pods)})`, legend: 'pods in the model' },
      ],
    },
  ],
  [
    'Process',
    {
      title: 'CPU',
      description: 'Cores in use.',
      unit: 'short',
      queries: [{ expr: sum('pod', rate(of(METRICS.cpu))), legend: '{{pod}}' }],
    },
    {
      title: 'Memory',
      description: 'Resident, and the JavaScript heap in use.',
      unit: 'bytes',
      queries: [
        { expr: sum('pod', of(METRICS.memory)), legend: '{{pod}} resident' },
        { expr: sum('pod', of(METRICS.heap)), legend: '{{pod}} heap' },
      ],
    },
    {
      title: 'Event loop lag',
      description: 'New reviews are turned away past limits.lagSeconds.',
      unit: 's',
      queries: [{ expr: `max by (pod) (${of(METRICS.lag)})`, legend: '{{pod}}' }],
    },
    {
      title: 'Certificate left',
      description: 'Life of the serving certificate.',
      unit: 's',
      queries: [{ expr: `min by (pod) (${of(METRICS.certificateExpiry)}) - time()`, legend: '{{pod}}' }],
    },
    {
      title: 'Up since',
      description: 'Age of each process, by version.',
      unit: 's',
      queries: [
        {
          expr: `(time() - ${sum('pod', of(METRICS.started))}) * on (pod) group_left (version) ${of(METRICS.build)}`,
          legend: '{{pod}} {{version}}',
        },
      ],
    },
  ],
];

const WIDTH = 24;
const HEIGHT = 8;
const SOURCE = { type: 'prometheus', uid: '$datasource' };

/** The dashboard as Grafana imports it. */
export function dashboard(): { readonly path: string; readonly text: string } {
  const panels: object[] = [];
  let y = 0;
  for (const [title, ...row] of ROWS) {
    panels.push({
      id: panels.length + 1,
      type: 'row',
      title,
      collapsed: false,
      gridPos: { x: 0, y, w: WIDTH, h: 1 },
    });
    y++;
    const width = WIDTH / Math.min(row.length, 3);
    for (const [index, panel] of row.entries()) {
      const gridPos = { x: (index % 3) * width, y: y + Math.floor(index / 3) * HEIGHT, w: width, h: HEIGHT };
      panels.push({ id: panels.length + 1, ...drawn(panel), gridPos });
    }
    y += Math.ceil(row.length / 3) * HEIGHT;
  }
  const whole = {
    title: 'Portent',
    uid: 'portent',
    tags: ['kubernetes', 'network policy'],
    schemaVersion: 39,
    editable: true,
    refresh: '30s',
    time: { from: 'now-6h', to: 'now' },
    templating: { list: VARIABLES },
    panels,
  };
  return { path: 'charts/portent/dashboards/portent.json', text: `${JSON.stringify(whole, null, 2)}\n` };
}

const BUILD = METRICS.build.name;
const VARIABLES = [
  { name: 'datasource', label: 'Data source', type: 'datasource', query: 'prometheus' },
  variable('namespace', 'Namespace', `label_values(${BUILD}, namespace)`, {}),
  variable('pod', 'Replica', `label_values(${BUILD}{namespace="$namespace"}, pod)`, {
    multi: true,
    includeAll: true,
    allValue: '.+',
    current: { text: 'All', value: '$__all' },
  }),
];

function variable(name: string, label: string, query: string, more: object): object {
  return {
    name,
    label,
    type: 'query',
    datasource: SOURCE,
    definition: query,
    query: { query, refId: name },
    refresh: 2,
    sort: 1,
    ...more,
  };
}

function drawn({ title, description, unit, queries }: Panel): object {
  return {
    type: 'timeseries',
    title,
    description,
    datasource: SOURCE,
    fieldConfig: {
      defaults: { unit, min: 0, custom: { fillOpacity: 10, showPoints: 'never' } },
      overrides: [],
    },
    options: {
      legend: { displayMode: 'list', placement: 'bottom' },
      tooltip: { mode: 'multi', sort: 'desc' },
    },
    targets: queries.map(({ expr, legend }, index) => ({
      refId: String.fromCharCode(65 + index),
      datasource: SOURCE,
      expr,
      legendFormat: legend,
    })),
  };
}
