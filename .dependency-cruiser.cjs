const { readdirSync } = require('node:fs');
const { join } = require('node:path');

/**
 * The arrows between the folders of src, each with its reason. From the wire to the answer there is one
 * direction; what is not listed in `mayImport` is forbidden. Libraries with an owner are imported there only.
 */
const mayImport = {
  netset: [[], 'Sets of ports and addresses know nothing of Kubernetes.'],
  model: [['netset'], 'The model is pure; nothing that reads, writes or waits may get into it.'],
  'model/parse': [['model', 'netset'], 'Parsing makes the model and knows nothing of what is done with it.'],
  simulate: [['model', 'netset'], 'A simulation depends on a snapshot and a change alone, or it cannot be repeated.'],
  evidence: [['model', 'netset', 'simulate'], 'What somebody needs is read from the model, not from rules.'],
  rules: [['simulate', 'evidence', 'model', 'netset'], 'A rule judges; configuration and words for users belong to decision.'],
  decision: [['rules', 'simulate', 'evidence', 'model', 'netset'], 'A decision is the same in the webhook and in the CLI.'],
  admission: [['decision', 'rules', 'simulate', 'evidence', 'model', 'model/parse', 'netset'], 'Reviews in, answers out: no server, no cluster.'],
  server: [['admission', 'telemetry', 'config', 'decision', 'simulate', 'model', 'model/parse', 'netset'], 'The server is a shell; it starts nothing by itself.'],
  cluster: [['model', 'model/parse', 'netset'], 'The feed writes the model and knows no rule.'],
  tls: [[], 'Certificates know nothing of what they protect.'],
  telemetry: [[], 'Telemetry is told what happened; it never asks.'],
  config: [['model', 'netset', 'rules', 'decision'], 'Configuration describes; it never acts. It reads the list of rules to name them in its schema.'],
  cli: [['*', '!server'], 'Commands run over the same core, without the web server; `serve` goes through main.'],
};

/** The rules: each has a generated page. What several of them use stands in files of its own. */
const ruleIds = readdirSync(join(__dirname, 'docs', 'rules'))
  .filter((name) => name !== 'README.md')
  .map((name) => name.replace(/\.md$/, ''));

/** Shells that pure layers must never reach, named for a clear message. */
const pure = '^src/(netset|model|simulate|evidence|rules|decision)/';

/** Libraries with one owner. */
const owners = {
  '@kubernetes/client-node': [['src/cluster/'], 'Its types and its informer have traps; one folder knows them.'],
  undici: [['src/cluster/'], 'One connection pool to the API server.'],
  fastify: [['src/server/'], 'Only the server speaks HTTP.'],
  'node-forge': [['src/tls/'], 'Cryptography in one place.'],
  'prom-client': [['src/telemetry/'], 'All metrics in one place.'],
  pino: [['src/telemetry/'], 'All logging in one place.'],
  'ip-num': [['src/netset/'], 'Its `contains` mixes address families; one folder guards against that.'],
  zod: [['src/config/'], 'One schema of the configuration.'],
  'js-yaml': [['src/model/parse/'], 'One reader of manifests.'],
  yaml: [['src/config/', 'src/cli/fix/'], 'The configuration file is read with it; a fix is written into a manifest with it.'],
  rfc6902: [['src/cli/fix/'], 'Rules say what to change; one folder changes it.'],
  diff: [['src/cli/fix/'], 'One place shows what changes in a file.'],
  commander: [['src/cli/'], 'Only the CLI has arguments.'],
  'close-with-grace': [['src/main.ts'], 'Only the composition root ends the process.'],
};

const folderPath = (folder) =>
  folder === 'model' ? '^src/model/(?!parse/)' : folder === '*' ? '^src/' : `^src/${folder}/`;

const arrows = Object.entries(mayImport).map(([folder, [targets, reason]]) => {
  const own = folderPath(folder);
  const common = { name: `only-down-from-${folder.replace('/', '-')}`, comment: reason, severity: 'error' };
  if (targets.includes('*')) {
    const not = targets.filter((target) => target.startsWith('!')).map((target) => folderPath(target.slice(1)));
    return { ...common, from: { path: own }, to: { path: not.join('|') } };
  }
  const allowed = [own, ...targets.map(folderPath)].join('|');
  return { ...common, from: { path: own }, to: { path: '^src/', pathNot: allowed } };
});

const libraries = Object.entries(owners).map(([library, [paths, reason]]) => ({
  name: `only-its-owner-imports-${library.replace(/^@/, '').replace('/', '-')}`,
  comment: reason,
  severity: 'error',
  from: { path: '^src/', pathNot: `^(${paths.join('|')})` },
  to: { path: `(^|/)node_modules/${library}/` },
}));

module.exports = {
  forbidden: [
    ...arrows,
    ...libraries,
    {
      name: 'no-circular',
      comment: 'A cycle has no order in which it could be read, started or tested (types alone vanish, and may).',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'rules-are-independent',
      comment: 'A rule can be added, removed and read alone.',
      severity: 'error',
      from: { path: '^src/rules/', pathNot: '^src/rules/index\\.ts$' },
      to: { path: `^src/rules/(${ruleIds.join('|')})\\.ts$` },
    },
    {
      name: 'pure-core',
      comment: 'The core never waits, reads files or opens sockets: an answer depends on its arguments alone.',
      severity: 'error',
      from: { path: pure },
      to: { path: '^(node:)?(fs|fs/promises|http|https|net|tls|child_process|dns|worker_threads|timers|timers/promises)$', dependencyTypes: ['core'] },
    },
    {
      name: 'no-tests-in-the-program',
      comment: 'What ships does not depend on what tests it.',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^(test|scripts)/' },
    },
    {
      name: 'no-development-packages',
      comment: 'A development package is missing where the program runs.',
      severity: 'error',
      from: { path: '^src/' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'everything-resolves',
      comment: 'An import that leads nowhere fails when it is too late.',
      severity: 'error',
      from: { path: '^src/' },
      to: { couldNotResolve: true },
    },
    {
      name: 'main-is-the-root',
      comment: 'Only the CLI hands over to the composition root.',
      severity: 'error',
      from: { path: '^src/(?!cli/|main)' },
      to: { path: '^src/main\\.ts$' },
    },
  ],
  options: {
    // TypeScript 7 has no programming interface yet, so the sources are parsed by swc; types-only imports count.
    parser: 'swc',
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'require', 'types'] },
  },
};
