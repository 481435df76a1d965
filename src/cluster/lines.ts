/** Past this a line is no object any more: etcd refuses objects above a few MiB. */
export const LONGEST_LINE = 64 * 1024 * 1024;

/** The stream held something that is no event. */
export class GarbledError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'GarbledError';
  }
}

const LINE_FEED = 10;
const EMPTY: Uint8Array = new Uint8Array(0);

/**
 * Cuts a stream of bytes into lines, whatever way the network cut it into chunks: in mid-line, in mid-character.
 * Bytes are joined before they are decoded, once for each line, so a huge line costs no repeated copying.
 */
export class LineSplitter {
  #pieces: Uint8Array[] = [];
  #length = 0;
  readonly #limit: number;
  readonly #decoder = new TextDecoder();

  constructor(limit = LONGEST_LINE) {
    this.#limit = limit;
  }

  /** Adds a chunk; gives the lines it completes, blank ones left out. Throws past the length limit. */
  *push(chunk: Uint8Array): Generator<string> {
    let start = 0;
    for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, start)) {
      const line = this.#take(chunk.subarray(start, end));
      start = end + 1;
      if (line.trim() !== '') yield line;
    }
    if (start < chunk.length) this.#keep(chunk.subarray(start));
  }

  /** What is left when the stream ends: a line without its end, or ''. */
  rest(): string {
    return this.#take(EMPTY);
  }

  #keep(piece: Uint8Array): void {
    this.#length += piece.length;
    if (this.#length > this.#limit) {
      throw new GarbledError(`the API server sent a line of more than ${this.#limit} bytes`);
    }
    this.#pieces.push(piece);
  }

  #take(last: Uint8Array): string {
    if (this.#pieces.length === 0) return this.#decoder.decode(last);
    if (last.length > 0) this.#keep(last);
    const line = this.#decoder.decode(Buffer.concat(this.#pieces, this.#length));
    this.#pieces = [];
    this.#length = 0;
    return line;
  }
}
