import type { Config, ConfigEntry } from '../objects.ts';
import { metadata } from './meta.ts';
import { FoundReferences } from './references.ts';
import { fields, text } from './wire.ts';

/** Bounds: an object may weigh 1 MiB, and somebody may change it again and again. */
const LONGEST_VALUE = 16_384;
const LONGEST_TOGETHER = 65_536;
const MOST_KEYS = 256;
const MOST_REFERENCES = 64;

/** `db.host=db`, `host: db` or `"host": "db"` in a file: what the value is called there. */
const LINE = /^\s*(?:- +)?["']?([\w.-]{1,128})["']?\s*(?:=|:\s)(.*)$/;

/**
 * A ConfigMap: the Services that its values name, by key. Read as the env values of a pod are, and no value is kept.
 * A value of several lines is a file: each line is read by the name that stands in it.
 */
export function parseConfigMap(raw: unknown): Config {
  const { name, namespace: written } = metadata(raw);
  const namespace = text(written) || 'default';
  const entries: ConfigEntry[] = [];
  let left = LONGEST_TOGETHER;
  let room = MOST_REFERENCES;
  for (const [key, value] of Object.entries(fields(fields(raw).data)).slice(0, MOST_KEYS)) {
    if (left <= 0 || room <= 0) break;
    const read = beginning(text(value), Math.min(left, LONGEST_VALUE));
    left -= read.length;
    const found = new FoundReferences(namespace);
    take(found, read, `ConfigMap ${text(name)} key ${key}`, key);
    const references = found.all().slice(0, room);
    room -= references.length;
    if (references.length > 0) entries.push({ key, references });
  }
  // Texts of their own: one that was cut out of a value would keep the whole value in memory.
  return JSON.parse(JSON.stringify({ namespace, name: text(name), entries })) as Config;
}

function take(found: FoundReferences, value: string, source: string, key: string): void {
  const lines = value.trim().split('\n');
  if (lines.length === 1) {
    found.take(value, source, key);
    return;
  }
  for (const line of lines) {
    if (found.full) return;
    if (/^\s*(#|\/\/)/.test(line)) continue;
    const [, name, rest] = LINE.exec(line) ?? [];
    // The file's own name says nothing of a bare word in it, but that it is secret holds for all of it.
    if (name === undefined) found.take(line, source, key, false);
    else found.take(rest ?? '', source, name);
  }
}

/** Cut between two words: half a name would be another name. */
function beginning(value: string, longest: number): string {
  if (value.length <= longest) return value;
  let end = longest;
  while (end > 0 && !/\s/.test(value[end - 1] as string)) end--;
  return value.slice(0, end);
}
