/**
 * A request's head as one string, from the pieces that the front gives.
 *
 * @module
 */

export interface HeadJoiner {
  /** Begins another head, with its request line. `query` is without its question mark. */
  start(method: string, path: string, query: string | undefined): void;
  /** Appends a field. */
  readonly addField: (name: string, value: string) => void;
  /** The head, ended by its empty line. */
  end(): string;
}

/** Joins one head at a time. */
export function headJoiner(): HeadJoiner {
  let head = '';
  return {
    start: (method, path, query) => {
      const target = query === undefined ? path : `${path}?${query}`;
      head = `${method} ${target} HTTP/1.1\r\n`;
    },
    addField: (name, value) => {
      // Left to right: a list that grows at one end is what the engine flattens fastest.
      head = head + name + ': ' + value + '\r\n';
    },
    end: () => head + '\r\n',
  };
}
