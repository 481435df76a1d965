import type { DaemonSetFacts } from '../objects.ts';
import { parseMeta } from './meta.ts';
import { fields, items, text, texts } from './wire.ts';

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
    settings: SYSTEM_NAMESPACE.test(namespace) ? containers.flatMap(({ env }) => settingsOf(env)) : [],
  };
}

function settingsOf(env: unknown): string[] {
  return items(env).flatMap((item) => {
    const { name, value } = fields(item);
    if (text(name) === '' || typeof value !== 'string' || SECRET_NAME.test(text(name))) return [];
    return `${text(name)}=${value}`;
  });
}
