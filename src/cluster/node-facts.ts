import { type Raw, rawAt, textAt } from './raw.ts';

/** k3s writes its own command line here (JSON, secrets hashed); with the flags decides its embedded kube-router. */
const K3S_ARGUMENTS = 'k3s.io/node-args';
const K3S_FLAGS = ['--disable-network-policy', '--flannel-backend'];

/** What a Node says about its network plug-in beside its labels, as `NAME=value`. Nothing else is kept. */
export function nodeSettings(raw: unknown): string[] {
  const settings: string[] = [];
  const version = textAt(rawAt(rawAt(raw, 'status'), 'nodeInfo'), 'kubeletVersion');
  const distribution = /\+(k3s|rke2|k0s)/.exec(version)?.[1];
  if (distribution !== undefined) settings.push(`distribution=${distribution}`);
  const written = textAt(rawAt(rawAt(raw, 'metadata'), 'annotations'), K3S_ARGUMENTS);
  if (written !== '') settings.push(...k3sSettings(written));
  return settings;
}

/** The annotation with only what `nodeSettings` reads of it, for a saved snapshot. */
export function nodeSettingsAnnotation(raw: unknown): Raw {
  const written = textAt(rawAt(rawAt(raw, 'metadata'), 'annotations'), K3S_ARGUMENTS);
  const settings = k3sSettings(written);
  if (settings.length === 0) return {};
  const words = ['server', ...settings.filter((each) => each.startsWith('--'))];
  return { annotations: { [K3S_ARGUMENTS]: JSON.stringify(words) } };
}

function k3sSettings(written: string): string[] {
  let words: unknown;
  try {
    words = JSON.parse(written);
  } catch {
    return [];
  }
  if (!Array.isArray(words)) return [];
  // An agent's arguments say nothing about what its server was told.
  if (words[0] !== 'server') return [];
  const settings = ['k3s-role=server'];
  for (const [index, word] of words.entries()) {
    if (typeof word !== 'string') continue;
    const [flag = '', ...value] = word.split('=');
    if (!K3S_FLAGS.includes(flag)) continue;
    const next: unknown = words[index + 1];
    const following = typeof next === 'string' && !next.startsWith('-') ? next : 'true';
    settings.push(`${flag}=${value.length > 0 ? value.join('=') : following}`);
  }
  return settings;
}
