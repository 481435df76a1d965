import type { Labels } from './labels.ts';
import type { Selector } from './selector.ts';

/** What is asked about the value of one key. */
interface Asked {
  readonly id: number;
  /** Whether it is asked if the key is there at all. */
  exists: boolean;
  /** The first value named, which has mark 1; of most keys it is the only one. */
  first: string | undefined;
  /** Marks of the other values: those that no requirement tells apart have the same. */
  others: Map<string, number> | undefined;
  marks: number;
}

/**
 * What the selectors of a change tell apart. Unlike a `Vocabulary` it takes nothing back, and values that are always
 * named together count as one: a selector of 12,000 values parts the pods it selects from the others, no more.
 */
export class Distinctions {
  readonly #keys = new Map<string, Asked>();

  add(selector: Selector): void {
    for (const { key, operator, values } of selector.requirements) {
      let asked = this.#keys.get(key);
      if (asked === undefined) {
        asked = { id: this.#keys.size, exists: false, first: undefined, others: undefined, marks: 1 };
        this.#keys.set(key, asked);
      }
      if (operator === 'Exists' || operator === 'DoesNotExist') asked.exists = true;
      else if (values.length === 1) markOne(asked, values[0] as string);
      else markTogether(asked, values);
    }
  }

  get empty(): boolean {
    return this.#keys.size === 0;
  }

  /** A text that is equal for labels that are not told apart. */
  textOf(labels: Labels): string {
    let text = '';
    for (let i = 0; i < labels.length; i += 2) {
      const asked = this.#keys.get(labels[i] as string);
      if (asked === undefined) continue;
      const mark = markOf(asked, labels[i + 1] as string);
      if (mark !== 0 || asked.exists) text += `${asked.id}:${mark} `;
    }
    return text;
  }
}

/** 0 for a value that nobody names. */
function markOf({ first, others }: Asked, value: string): number {
  return value === first ? 1 : (others?.get(value) ?? 0);
}

function setMark(asked: Asked, value: string, mark: number): void {
  asked.others ??= new Map();
  asked.others.set(value, mark);
}

function markOne(asked: Asked, value: string): void {
  if (asked.first === undefined && asked.others === undefined) asked.first = value;
  else if (asked.first !== value) setMark(asked, value, ++asked.marks);
}

/** Values that had one mark until now, and are among these, have a new one from now on. */
function markTogether(asked: Asked, values: readonly string[]): void {
  const renewed = new Map<number, number>();
  // A value may be written twice.
  for (const value of new Set(values)) {
    const old = markOf(asked, value);
    // The first value is alone with its mark.
    if (old === 1) continue;
    let mark = renewed.get(old);
    if (mark === undefined) {
      mark = ++asked.marks;
      renewed.set(old, mark);
    }
    setMark(asked, value, mark);
  }
}
