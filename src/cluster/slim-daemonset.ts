import { FLAGS_READ, SETTINGS_READ } from './cni/catalogue.ts';
import { isSystemNamespace } from './cni/plugin.ts';
import { listAt, type Raw, rawAt, textAt, textsAt } from './raw.ts';

const CONFIGURATION = 'CNI_NETWORK_CONFIG';

/**
 * A DaemonSet as the network plug-ins are recognised by: images, and of arguments and settings only those that
 * the catalogue reads, in namespaces that administrators own.
 */
export function slimDaemonSet(raw: Raw): Raw {
  const template = rawAt(rawAt(raw, 'spec'), 'template');
  const system = isSystemNamespace(textAt(rawAt(raw, 'metadata'), 'namespace'));
  const containers = (key: string): Raw[] =>
    listAt(rawAt(template, 'spec'), key).map((each) => ({
      name: textAt(each, 'name'),
      image: textAt(each, 'image'),
      ...(system ? { args: argumentsOf(each), env: settingsOf(each) } : {}),
    }));
  const labels = rawAt(rawAt(template, 'metadata'), 'labels');
  const { nodeSelector } = rawAt(template, 'spec');
  const { nodeAffinity } = rawAt(rawAt(template, 'spec'), 'affinity');
  const spec = {
    containers: containers('containers'),
    initContainers: containers('initContainers'),
    ...(nodeSelector === undefined ? {} : { nodeSelector }),
    ...(nodeAffinity === undefined ? {} : { affinity: { nodeAffinity } }),
  };
  return {
    spec: { selector: rawAt(rawAt(raw, 'spec'), 'selector'), template: { metadata: { labels }, spec } },
    status: { desiredNumberScheduled: rawAt(raw, 'status').desiredNumberScheduled ?? 0 },
  };
}

function argumentsOf(container: unknown): string[] {
  const words = [...textsAt(container, 'command'), ...textsAt(container, 'args')];
  return words.flatMap((word, index) => {
    const flag = word.split('=', 1)[0] as string;
    if (!FLAGS_READ.includes(flag)) return [];
    const next = words[index + 1];
    return word !== flag || next === undefined || next.startsWith('-') ? [word] : [word, next];
  });
}

function settingsOf(container: unknown): Raw[] {
  return listAt(container, 'env').flatMap((each) => {
    const name = textAt(each, 'name');
    const value = textAt(each, 'value');
    if (SETTINGS_READ.includes(name)) return [{ name, value }];
    if (name !== CONFIGURATION) return [];
    // Only the types of the plug-ins are read; a configuration may name servers and credentials.
    const types = value.match(/"type"\s*:\s*"[a-z0-9-]+"/g) ?? [];
    return [{ name, value: types.join(', ') }];
  });
}
