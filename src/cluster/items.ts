import { GarbledError, LONGEST_LINE } from './lines.ts';

const QUOTE = 34;
const BACKSLASH = 92;
const OPEN_LIST = 91;
const CLOSE_LIST = 93;
const OPEN = 123;
const CLOSE = 125;

/** Where the items of a list stand: `{"items":[` is the second level. */
const ITEMS_DEPTH = 2;

/**
 * Takes the objects out of a list (`{"kind":"PodList","metadata":{…},"items":[…]}`) one by one while its bytes
 * arrive, whatever way the network cut them: a page of five megabytes is never in memory as one text.
 */
export class ListSplitter {
  readonly #decoder = new TextDecoder();
  readonly #limit: number;
  /** The bytes of the item that is under way. */
  #item: Uint8Array[] = [];
  /** Everything that is not an item. */
  #rest: Uint8Array[] = [];
  #length = 0;
  #depth = 0;
  #inString = false;
  #escaped = false;
  /** Inside the list `items` of the outermost object. */
  #inItems = false;
  #inItem = false;
  /** The last text on the first level: before a bracket, its key. */
  #key: number[] = [];

  constructor(limit = LONGEST_LINE) {
    this.#limit = limit;
  }

  /** Adds a chunk; gives the objects it completes. Throws `GarbledError` for what is not JSON, or endless. */
  push(chunk: Uint8Array): unknown[] {
    const found: unknown[] = [];
    let start = 0;
    for (let i = 0; i < chunk.length; i++) {
      const byte = chunk[i] as number;
      if (this.#inString) {
        this.#text(byte);
        continue;
      }
      switch (byte) {
        case QUOTE:
          this.#inString = true;
          if (this.#depth === 1) this.#key = [];
          break;
        case OPEN:
        case OPEN_LIST:
          if (this.#inItems && !this.#inItem && byte === OPEN) {
            start = i;
            this.#inItem = true;
          } else if (byte === OPEN_LIST && this.#depth === 1 && this.#isItems()) {
            this.#keep(chunk.subarray(start, i + 1));
            this.#inItems = true;
          }
          this.#depth++;
          break;
        case CLOSE:
        case CLOSE_LIST:
          this.#depth--;
          if (this.#inItem && this.#depth === ITEMS_DEPTH) {
            this.#keep(chunk.subarray(start, i + 1));
            found.push(this.#take());
          } else if (this.#inItems && this.#depth === ITEMS_DEPTH - 1) {
            start = i;
            this.#inItems = false;
          }
          break;
      }
    }
    // Between items there are commas and blanks.
    if (!this.#inItems || this.#inItem) this.#keep(chunk.subarray(start));
    return found;
  }

  /** The list without its items. Throws when it ended too early. */
  end(): unknown {
    if (this.#depth !== 0 || this.#rest.length === 0) {
      throw new GarbledError('the connection ended in the middle of a list');
    }
    return parse(this.#decoder.decode(Buffer.concat(this.#rest)));
  }

  #text(byte: number): void {
    if (this.#escaped) this.#escaped = false;
    else if (byte === BACKSLASH) this.#escaped = true;
    else if (byte === QUOTE) {
      this.#inString = false;
      return;
    }
    if (this.#depth === 1 && this.#key.length < 8) this.#key.push(byte);
  }

  #isItems(): boolean {
    return String.fromCharCode(...this.#key) === 'items';
  }

  #keep(piece: Uint8Array): void {
    if (piece.length === 0) return;
    this.#length += piece.length;
    if (this.#length > this.#limit) {
      throw new GarbledError(`the API server sent more than ${this.#limit} bytes without an end`);
    }
    (this.#inItem ? this.#item : this.#rest).push(piece);
  }

  #take(): unknown {
    const text = this.#decoder.decode(this.#item.length === 1 ? this.#item[0] : Buffer.concat(this.#item));
    this.#inItem = false;
    for (const { length } of this.#item) this.#length -= length;
    this.#item = [];
    return parse(text);
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new GarbledError(`the API server sent ${text.length} characters that are not JSON`);
  }
}
