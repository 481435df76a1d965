import { METRICS, type MetricName } from './names.ts';

/** The page of all metrics, from the list the program registers. */
export function docs(): { readonly path: string; readonly text: string }[] {
  return [{ path: 'docs/metrics.md', text: page() }];
}

function page(): string {
  const metrics: readonly MetricName[] = Object.values(METRICS);
  return `# Metrics

Served on a port of their own (\`metrics.port\`, path \`/metrics\`), with those of the Node process. Labels take their values
from closed sets; whatever else comes is \`other\`. No label holds a namespace, a name or a user.

The same port shows the state of the model and of each of its sources under \`/debug/model\`, to its own machine alone:
\`kubectl port-forward deployment/portent 9090\`, then http://localhost:9090/debug/model.

| metric | type | labels | meaning |
| --- | --- | --- | --- |
${metrics.map(row).join('\n')}
`;
}

function row({ name, type, labels, help }: MetricName): string {
  const names = labels.map((label) => `\`${label}\``).join(', ');
  return `| \`${name}\` | ${type} | ${names} | ${help.replaceAll('|', '\\|')} |`;
}
