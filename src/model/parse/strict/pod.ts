import { selects } from '../../selector.ts';
import { parseLabels } from '../meta.ts';
import { type Path, shown } from '../problem.ts';
import { parseSelector } from '../selector.ts';
import { dnsLabelProblem, portNameProblem } from '../syntax.ts';
import { fields, isAbsent, items } from '../wire.ts';
import { checkLabels, checkSelector } from './metadata.ts';
import { checkPortNumber, checkProtocol } from './network.ts';
import type { Report } from './report.ts';

/**
 * What the model uses of a pod's spec: containers, their names and ports. `sketch`: a state written by hand for
 * questions about its network need not name images, nor containers that have no ports.
 */
export function checkPodSpec(raw: unknown, path: Path, report: Report, sketch: boolean): void {
  const spec = fields(raw);
  if (items(spec.containers).length === 0 && !sketch)
    report([...path, 'containers'], 'at least one container is needed');
  const names = new Set<unknown>();
  for (const list of ['initContainers', 'containers'] as const) {
    items(spec[list]).forEach((container, i) => {
      const at = [...path, list, i];
      const { name, ports, image } = fields(container);
      const problem = typeof name === 'string' ? dnsLabelProblem(name) : 'is missing';
      if (isAbsent(name)) report([...at, 'name'], 'a name is missing');
      else if (problem !== undefined) report([...at, 'name'], `${shown(name)} ${problem}`);
      else if (names.has(name)) report([...at, 'name'], `the name ${shown(name)} stands twice`);
      names.add(name);
      if (isAbsent(image) && !sketch) report([...at, 'image'], 'an image is missing');
      checkContainerPorts(ports, [...at, 'ports'], report);
    });
  }
}

function checkContainerPorts(raw: unknown, path: Path, report: Report): void {
  const names = new Set<string>();
  items(raw).forEach((item, i) => {
    const { name, containerPort, protocol, hostPort } = fields(item);
    if (typeof name === 'string' && name !== '') {
      const problem = portNameProblem(name);
      if (problem !== undefined) report([...path, i, 'name'], `port name ${shown(name)} ${problem}`);
      else if (names.has(name)) report([...path, i, 'name'], `the name ${shown(name)} stands twice`);
      names.add(name);
    }
    if (isAbsent(containerPort)) report([...path, i, 'containerPort'], 'a containerPort is missing');
    else checkPortNumber(containerPort, [...path, i, 'containerPort'], report);
    if (hostPort !== 0) checkPortNumber(hostPort, [...path, i, 'hostPort'], report);
    checkProtocol(protocol === '' ? undefined : protocol, [...path, i, 'protocol'], report);
  });
}

/** A workload's selector and template: the selector must select the pods that the template makes. */
export function checkWorkload(kind: string, raw: unknown, report: Report, sketch: boolean): void {
  const spec = fields(fields(raw).spec);
  const base: Path = kind === 'CronJob' ? ['spec', 'jobTemplate', 'spec', 'template'] : ['spec', 'template'];
  const template = fields(
    kind === 'CronJob' ? fields(fields(spec.jobTemplate).spec).template : spec.template,
  );
  const labels = fields(template.metadata).labels;
  checkLabels(labels, [...base, 'metadata', 'labels'], report);
  checkPodSpec(template.spec, [...base, 'spec'], report, sketch);
  for (const field of ['replicas', 'parallelism']) {
    const count = spec[field];
    if (typeof count === 'number' && count < 0) report(['spec', field], `${count} must not be negative`);
  }
  if (kind === 'Job' || kind === 'CronJob' || kind === 'ReplicationController') return;
  const path = ['spec', 'selector'];
  if (isAbsent(spec.selector)) {
    report(path, 'a selector is missing');
    return;
  }
  checkSelector(spec.selector, path, report);
  const selector = parseSelector(spec.selector);
  if (selector.problem !== undefined) return;
  if (selector.requirements.length === 0) report(path, 'an empty selector is not allowed here');
  else if (!selects(selector, parseLabels(labels))) {
    report(path, 'does not select the labels of spec.template', 'Write the same labels in both');
  }
}
