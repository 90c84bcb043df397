/**
 * Whether JSON says the same to everybody: `JSON.parse` takes the last of two members with one name,
 * another reader takes the first.
 *
 * Bounds: 32 levels; the length of the text is the caller's to bound. Source: RFC 8259 §4.
 *
 * @module
 */

const LEVELS_MAX = 32;

/**
 * Whether no object in `text` has a name twice, and none is nested deeper than 32 levels. `text` is JSON
 * already; so a string is a name where the last mark was `{` or `,` in an object.
 */
export function isUnambiguous(text: string): boolean {
  const open: (Set<string> | null)[] = [];
  let mark = '';
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\],:]/g)) {
    if (token.startsWith('"')) {
      const names = open.at(-1);
      if (!names || mark === ':') continue;
      const name = String(JSON.parse(token));
      if (names.has(name)) return false;
      names.add(name);
      continue;
    }
    mark = token;
    if (token === '{') open.push(new Set());
    else if (token === '[') open.push(null);
    else if (token === '}' || token === ']') open.pop();
    if (open.length > LEVELS_MAX) return false;
  }
  return true;
}
