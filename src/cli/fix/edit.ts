/**
 * Changes a manifest as a person would: the lines that must change and no others. Comments, order and style of the
 * rest stay as they are.
 */
import { isDeepStrictEqual } from 'node:util';
import { createPatch, type Operation, type Pointer } from 'rfc6902';
import { type Document, isCollection, isMap, isSeq, type Node, type Pair, parseDocument } from 'yaml';
import type { PatchOperation } from '../../rules/patch.ts';
import { locate } from './locate.ts';
import { patched } from './patched.ts';
import { type Style, styleOf, writeBlock, writeFlow } from './style.ts';

/**
 * The text of a file with the patch applied to the object that begins on the line. Undefined when the text cannot
 * be changed in place (aliases, say): whatever comes back reads as the patched object.
 */
export function edited(file: string, line: number, patch: readonly PatchOperation[]): string | undefined {
  if (file.includes('\r\n')) {
    return edited(file.replaceAll('\r\n', '\n'), line, patch)?.replaceAll('\n', '\r\n');
  }
  const place = locate(file, line);
  if (place === undefined) return undefined;
  const { start, end, path } = place;
  const text = file.slice(start, end);
  const at = (source: string): unknown => valueAt(parse(source), path);
  const raw = at(text);
  const right = patched(raw, patch);
  if (right === undefined) return undefined;
  let changed: string | undefined = text;
  // The least that turns the one into the other: a whole new selector is mostly one new word.
  for (const operation of createPatch(raw, right, wholly) as PatchOperation[]) {
    const steps = [...path, ...stepsOf(operation.path)];
    changed = changed === undefined ? undefined : applied(changed, steps, operation);
  }
  if (changed === undefined || !isDeepStrictEqual(at(changed), right)) return undefined;
  return file.slice(0, start) + changed + file.slice(end);
}

/** An object of which no field stays is replaced as a whole. */
function wholly(before: unknown, after: unknown, pointer: Pointer): Operation[] | undefined {
  if (!isFields(before) || !isFields(after)) return undefined;
  if (Object.keys(before).some((field) => Object.hasOwn(after, field))) return undefined;
  return [{ op: 'replace', path: pointer.toString(), value: after }];
}

function isFields(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

type Steps = readonly (string | number)[];

function parse(text: string): Document {
  return parseDocument(text, { keepSourceTokens: false, logLevel: 'silent' });
}

function valueAt(document: Document, path: Steps): unknown {
  const node = document.getIn(path, true);
  return isCollection(node) ? node.toJS(document) : undefined;
}

/** A JSON pointer (RFC 6901) as steps; numbers stay texts, which both kinds of collections take. */
function stepsOf(pointer: string): string[] {
  return pointer
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** One operation on the text. */
function applied(text: string, steps: Steps, operation: PatchOperation): string | undefined {
  const document = parse(text);
  if (document.errors.length > 0) return undefined;
  const style = styleOf(document, text);
  const key = steps.at(-1) as string | number;
  const parentPath = steps.slice(0, -1);
  const parent = document.getIn(parentPath, true);
  if (!isCollection(parent) || parent.range == null) return undefined;
  const flow = outermostFlow(document, parentPath);
  // An empty list in a manifest of blocks becomes a block; any other list on one line stays on it.
  if (flow !== undefined) {
    const { depth, node } = flow;
    if (operation.op !== 'remove' && node.items.length === 0 && depth === parentPath.length && depth > 0) {
      const grandparent = document.getIn(parentPath.slice(0, -1), true);
      const value = isSeq(node) ? [operation.value] : { [key]: operation.value };
      if (isMap(grandparent)) return setField(text, grandparent, parentPath.at(-1) as string, value, style);
    }
    return rewriteFlow(text, document, node, parentPath, key, operation);
  }
  if (isMap(parent)) {
    if (operation.op === 'remove') return removeField(text, parent, String(key));
    return setField(text, parent, String(key), operation.value, style);
  }
  if (!isSeq(parent)) return undefined;
  const place = key === '-' ? parent.items.length : Number(key);
  if (operation.op === 'add') return insertItem(text, parent, place, operation.value, style);
  if (operation.op === 'remove') return removeItem(text, parent, place);
  const item = parent.items[place] as Node;
  return replaceNode(text, item, operation.value, columnOf(text, item), style);
}

interface Flow {
  readonly depth: number;
  readonly node: ReturnType<typeof collection>;
}

function collection(node: unknown) {
  if (!isCollection(node)) throw new Error('not a collection');
  return node;
}

/** The outermost collection on the path that is written on one line. */
function outermostFlow(document: Document, path: Steps): Flow | undefined {
  for (let depth = 0; depth <= path.length; depth++) {
    const node = document.getIn(path.slice(0, depth), true);
    if (isCollection(node) && node.flow === true) return { depth, node };
  }
  return undefined;
}

function rewriteFlow(
  text: string,
  document: Document,
  flow: Flow['node'],
  parentPath: Steps,
  key: string | number,
  operation: PatchOperation,
): string | undefined {
  const [start, end] = flow.range as [number, number, number];
  const before = text.slice(start, end);
  const parent = collection(document.getIn(parentPath, true));
  const place = isSeq(parent) ? (key === '-' ? parent.items.length : Number(key)) : key;
  if (operation.op === 'remove') parent.delete(place);
  else {
    const value = document.createNode(operation.value);
    if (operation.op === 'add' && isSeq(parent)) parent.items.splice(Number(place), 0, value);
    else parent.set(place, value);
  }
  return text.slice(0, start) + writeFlow(flow.toJS(document), before) + text.slice(end);
}

function setField(text: string, map: Node, key: string, value: unknown, style: Style): string | undefined {
  if (!isMap(map) || map.range == null) return undefined;
  const pair = map.items.find(({ key: written }) => keyText(written) === key);
  const column = columnOf(text, map);
  if (pair === undefined) return insertLines(text, endOf(map), writeBlock({ [key]: value }, column, style));
  const node = pair.value as Node | null;
  const start = (pair.key as Node).range?.[0];
  if (start === undefined || node?.range == null) return undefined;
  if (!isCollection(node) && !isNested(value)) return replaceNode(text, node, value, column, style);
  const written = writeBlock({ [key]: value }, column, style).trimStart();
  return text.slice(0, start) + written + text.slice(endOf(node));
}

function replaceNode(
  text: string,
  node: Node,
  value: unknown,
  column: number,
  style: Style,
): string | undefined {
  if (node.range == null) return undefined;
  const written = isNested(value)
    ? writeBlock(value, column, style).trimStart()
    : writeFlow(value, text.slice(node.range[0], endOf(node)));
  const gap = text[node.range[0] - 1] === ':' ? ' ' : '';
  return text.slice(0, node.range[0]) + gap + written + text.slice(endOf(node));
}

function insertItem(
  text: string,
  list: Node,
  place: number,
  value: unknown,
  style: Style,
): string | undefined {
  if (!isSeq(list) || list.range == null) return undefined;
  const lines = writeBlock([value], columnOf(text, list), style);
  if (place >= list.items.length) return insertLines(text, endOf(list), lines);
  const dash = dashOf(text, list.items[place] as Node);
  const start = text.lastIndexOf('\n', dash) + 1;
  if (text.slice(start, dash).trim() !== '') return undefined;
  return `${text.slice(0, start)}${lines}\n${text.slice(start)}`;
}

function removeItem(text: string, list: Node, place: number): string | undefined {
  if (!isSeq(list) || list.items.length === 1) return undefined;
  const item = list.items[place] as Node;
  return removeLines(text, dashOf(text, item), endOf(item));
}

function removeField(text: string, map: Node, key: string): string | undefined {
  if (!isMap(map) || map.items.length === 1) return undefined;
  const place = map.items.findIndex(({ key: written }) => keyText(written) === key);
  const pair = map.items[place] as Pair<Node, Node | null>;
  const start = pair.key.range?.[0];
  if (start === undefined) return undefined;
  const end = pair.value === null ? start : endOf(pair.value);
  const next = (map.items[place + 1]?.key as Node | undefined)?.range?.[0];
  const first = text.slice(text.lastIndexOf('\n', start) + 1, start).trim() !== '';
  // The first field stands behind the dash of its list: the next one takes its place.
  if (first) return next === undefined ? undefined : text.slice(0, start) + text.slice(next);
  return removeLines(text, start, end);
}

function removeLines(text: string, from: number, to: number): string | undefined {
  const start = text.lastIndexOf('\n', from - 1) + 1;
  if (text.slice(start, from).trim() !== '') return undefined;
  return text.slice(0, start) + text.slice(lineEnd(text, to) + 1);
}

/** Whole lines behind the line that holds this place. */
function insertLines(text: string, place: number, lines: string): string {
  const end = lineEnd(text, place);
  return `${text.slice(0, end)}\n${lines}${text.slice(end)}`;
}

function lineEnd(text: string, place: number): number {
  const end = text.indexOf('\n', place);
  return end < 0 ? text.length : end;
}

function keyText(key: unknown): string {
  return typeof key === 'object' && key !== null && 'value' in key ? String(key.value) : String(key);
}

function isNested(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length > 0;
}

function columnOf(text: string, node: Node): number {
  const start = node.range?.[0] ?? 0;
  return start - (text.lastIndexOf('\n', start - 1) + 1);
}

function dashOf(text: string, item: Node): number {
  return text.lastIndexOf('-', (item.range?.[0] ?? 1) - 1);
}

/** Where the last thing written in the node ends; a block's own range takes in what follows it. */
function endOf(node: Node): number {
  if (isCollection(node) && node.flow !== true) {
    const last = node.items.at(-1) as Node | Pair<Node, Node | null> | undefined;
    if (last !== undefined) {
      if (!('key' in last)) return endOf(last);
      return last.value === null ? (last.key.range?.[1] ?? 0) : endOf(last.value);
    }
  }
  const end = node.range?.[1] ?? 0;
  // A block of text ends with its last line break.
  return 'type' in node && String(node.type).startsWith('BLOCK') ? end - 1 : end;
}
