/**
 * Every metric there is: name, help, labels. The documentation, the dashboard and the alerts are checked
 * against this list. Labels take their values from closed sets only; whatever else comes is `other`.
 */

/** Values that a label may take; `other` is always one of them. */
export const LABEL_VALUES = {
  resource: ['networkpolicies', 'services'],
  operation: ['create', 'update', 'delete'],
  decision: ['allow', 'warn', 'deny', 'skip', 'error'],
  dry_run: ['true', 'false'],
  severity: ['critical', 'high', 'medium', 'low', 'info'],
  action: ['note', 'warn', 'deny'],
  shed: ['in_flight', 'lag', 'memory', 'deadline', 'gone'],
  malformed: [
    'json',
    'content_type',
    'too_large',
    'timeout',
    'http',
    'caller',
    'review',
    'version',
    'object',
  ],
  event: ['written', 'failed', 'dropped'],
  exemption: ['used', 'expired', 'refused', 'unanswered', 'invalid'],
  config_source: ['file', 'policy'],
  config_result: ['applied', 'broken', 'removed'],
  phase: ['parse', 'judge'],
  state: ['fixed', 'syncing', 'live', 'stale'],
  watch_state: ['syncing', 'live', 'stale', 'forbidden', 'absent'],
} as const;

/** One metric as it is documented. */
export interface MetricName {
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  readonly labels: readonly string[];
  /** Upper bounds, of histograms only. */
  readonly buckets?: readonly number[];
}

const REQUEST_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] as const;
const PHASE_BUCKETS = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5] as const;

export const METRICS = {
  requests: {
    name: 'portent_admission_requests_total',
    type: 'counter',
    help: 'Admission reviews answered. decision is skip for what is never judged, error for a failure inside.',
    labels: ['resource', 'operation', 'decision', 'dry_run'],
  },
  duration: {
    name: 'portent_admission_duration_seconds',
    type: 'histogram',
    help: 'Time from the request headers to the answer.',
    labels: ['resource', 'decision'],
    buckets: REQUEST_BUCKETS,
  },
  inFlight: {
    name: 'portent_admission_in_flight',
    type: 'gauge',
    help: 'Admission reviews that are there and wait for their answer now.',
    labels: [],
  },
  shed: {
    name: 'portent_admission_shed_total',
    type: 'counter',
    help: 'Admission reviews refused to stay alive: too many at once, event loop too late, memory short, deadline over, caller gone.',
    labels: ['reason'],
  },
  malformed: {
    name: 'portent_admission_malformed_total',
    type: 'counter',
    help: 'Requests that could not be read, and were answered with an error.',
    labels: ['reason'],
  },
  findings: {
    name: 'portent_findings_total',
    type: 'counter',
    help: 'Findings of rules in reviews that were not dry runs.',
    labels: ['rule', 'severity', 'action'],
  },
  unchecked: {
    name: 'portent_unchecked_total',
    type: 'counter',
    help: 'Rules that could not run on a review, because something was not known.',
    labels: ['rule'],
  },
  exemptions: {
    name: 'portent_exemptions_total',
    type: 'counter',
    help: 'Exemptions in reviews that were not dry runs: used, or not because expired, refused, unanswered or invalid (rule other).',
    labels: ['rule', 'result'],
  },
  phase: {
    name: 'portent_simulation_duration_seconds',
    type: 'histogram',
    help: 'Time of the parts of a review: parse, and judge (overlay, simulation and rules).',
    labels: ['phase'],
    buckets: PHASE_BUCKETS,
  },
  events: {
    name: 'portent_events_total',
    type: 'counter',
    help: 'Kubernetes Events about denials: written, failed, or dropped because too many came at once.',
    labels: ['result'],
  },
  recent: {
    name: 'portent_admission_recent',
    type: 'gauge',
    help: 'Changes admitted a moment ago that the model does not show yet.',
    labels: [],
  },
  configGood: {
    name: 'portent_config_good',
    type: 'gauge',
    help: '1 when what was read last is in force (the file; all PortentPolicies), 0 when an older version still is.',
    labels: ['source'],
  },
  configReads: {
    name: 'portent_config_reads_total',
    type: 'counter',
    help: 'Changes of the configuration file and of PortentPolicies while running: applied, broken or removed.',
    labels: ['source', 'result'],
  },
  state: {
    name: 'portent_model_state',
    type: 'gauge',
    help: '1 for the state the model of the cluster is in, 0 for the others.',
    labels: ['state'],
  },
  pods: {
    name: 'portent_model_pods',
    type: 'gauge',
    help: 'Pods in the model.',
    labels: [],
  },
  watchState: {
    name: 'portent_watch_state',
    type: 'gauge',
    help: '1 for the state the watch of the kind is in, 0 for the others. forbidden: the ClusterRole lacks it.',
    labels: ['kind', 'state'],
  },
  synced: {
    name: 'portent_watch_synced',
    type: 'gauge',
    help: '1 when the kind was listed once and its watch is up.',
    labels: ['kind'],
  },
  lastContact: {
    name: 'portent_watch_last_contact_timestamp_seconds',
    type: 'gauge',
    help: 'When the API server was last heard of about the kind.',
    labels: ['kind'],
  },
  restarts: {
    name: 'portent_watch_restarts_total',
    type: 'counter',
    help: 'Watches of the kind that had to be started again after an error.',
    labels: ['kind'],
  },
  relists: {
    name: 'portent_watch_relists_total',
    type: 'counter',
    help: 'Whole lists of the kind fetched after the first one.',
    labels: ['kind'],
  },
  objects: {
    name: 'portent_watch_objects',
    type: 'gauge',
    help: 'Objects of the kind seen by its watch.',
    labels: ['kind'],
  },
  certificateExpiry: {
    name: 'portent_certificate_expiry_timestamp_seconds',
    type: 'gauge',
    help: 'When the serving certificate ends; 0 while there is none.',
    labels: [],
  },
  lag: {
    name: 'portent_event_loop_lag_seconds',
    type: 'gauge',
    help: 'How late the event loop was when last looked at.',
    labels: [],
  },
  build: {
    name: 'portent_build_info',
    type: 'gauge',
    help: 'Always 1; the version of Portent and of Node.',
    labels: ['version', 'node'],
  },
  cpu: {
    name: 'process_cpu_seconds_total',
    type: 'counter',
    help: 'User and system CPU time.',
    labels: [],
  },
  memory: {
    name: 'process_resident_memory_bytes',
    type: 'gauge',
    help: 'Resident memory.',
    labels: [],
  },
  heap: {
    name: 'portent_heap_used_bytes',
    type: 'gauge',
    help: 'JavaScript heap in use.',
    labels: [],
  },
  started: {
    name: 'process_start_time_seconds',
    type: 'gauge',
    help: 'When the process started.',
    labels: [],
  },
} as const satisfies Readonly<Record<string, MetricName>>;
