import type { DaemonSetFacts } from '../objects.ts';
import type { Selector } from '../selector.ts';
import { parseMeta } from './meta.ts';
import { parseSelector } from './selector.ts';
import { type Fields, fields, items, text, texts } from './wire.ts';

/** Namespaces where network plug-ins live. Only there are plain env values looked at. */
const SYSTEM_NAMESPACE =
  /^(kube|calico|cilium|tigera|weave|antrea|openshift|contrail|romana|flannel|canal)(-|$)|-system$/;
/** Names whose values are nobody's business, whatever the namespace. */
const SECRET_NAME = /PASS|SECRET|TOKEN|KEY|CERT|CREDENTIAL|AUTH/i;

/** What a DaemonSet tells about the network plug-in. */
export function parseDaemonSet(raw: unknown): DaemonSetFacts {
  const { namespace, name } = parseMeta(raw);
  const pod = fields(fields(fields(fields(raw).spec).template).spec);
  const containers = [...items(pod.containers), ...items(pod.initContainers)].map(fields);
  return {
    namespace,
    name,
    images: containers.map(({ image }) => text(image)).filter((image) => image !== ''),
    arguments: containers.flatMap(({ command, args }) => [...texts(command), ...texts(args)]),
    nodes: nodeSelectors(pod),
    settings: SYSTEM_NAMESPACE.test(namespace) ? containers.flatMap(({ env }) => settingsOf(env)) : [],
  };
}

/** The nodes a pod may run on: its nodeSelector together with each of the required terms of its node affinity. */
function nodeSelectors(pod: Fields): readonly Selector[] {
  const plain = parseSelector({ matchLabels: pod.nodeSelector });
  const required = fields(fields(pod.affinity).nodeAffinity).requiredDuringSchedulingIgnoredDuringExecution;
  const terms = items(fields(required).nodeSelectorTerms).map((term) =>
    parseSelector({ matchExpressions: items(fields(term).matchExpressions).filter(isSetBased) }),
  );
  if (terms.length === 0) return [plain];
  return terms.map(({ requirements }) => ({ requirements: [...plain.requirements, ...requirements] }));
}

/** `Gt` and `Lt` compare numbers; a term is taken for wider than it is rather than for narrower. */
function isSetBased(expression: unknown): boolean {
  const { operator } = fields(expression);
  return operator !== 'Gt' && operator !== 'Lt';
}

function settingsOf(env: unknown): string[] {
  return items(env).flatMap((item) => {
    const { name, value } = fields(item);
    if (text(name) === '' || typeof value !== 'string' || SECRET_NAME.test(text(name))) return [];
    return `${text(name)}=${value}`;
  });
}
