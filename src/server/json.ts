/** A body that is no JSON; the message says where. */
export class JsonError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'JsonError';
  }
}

/**
 * Where a text stops being JSON. V8's own message quotes the text around the place; the text is a stranger's,
 * so only the place is taken from it.
 */
export function jsonError(body: string): JsonError {
  try {
    JSON.parse(body);
  } catch (error) {
    const message = error instanceof Error ? error.message : '';
    const place = /at position (\d+)(?: \(line (\d+) column (\d+)\))?/.exec(message);
    if (place !== null) {
      const line = place[2] === undefined ? '' : ` (line ${place[2]}, column ${place[3]})`;
      return new JsonError(`the body is not JSON: it goes wrong at position ${place[1]}${line}`);
    }
    return new JsonError(`the body is not JSON: it ends too early, after ${body.length} characters`);
  }
  return new JsonError('the body holds a key that is not accepted');
}
