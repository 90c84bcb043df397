/**
 * What the gateway promises to make of a request target, written down once more.
 *
 * Source: docs/configuration.md; RFC 3986 §6.2.2.
 *
 * @module
 */

function escapes(path: string): string {
  return path.replace(/%([0-9A-Fa-f]{2})/g, (escape, digits: string) => {
    const letter = String.fromCharCode(Number.parseInt(digits, 16));
    return /[A-Za-z0-9._~-]/.test(letter) ? letter : escape.toUpperCase();
  });
}

function withoutDots(path: string): string {
  const kept: string[] = [];
  const segments = path.split('/').slice(1);
  for (const segment of segments) {
    if (segment === '..') kept.pop();
    else if (segment !== '.') kept.push(segment);
  }
  const endsInDots = /\/\.\.?$/.test(path);
  return `/${kept.join('/')}${endsInDots && kept.length > 0 ? '/' : ''}`;
}

/** The target that is forwarded for this one, if any is. */
export function normalised(target: string): string {
  const origin = target.replace(/^http:\/\/[^/?]*/i, '');
  const question = origin.indexOf('?');
  const path = question < 0 ? origin : origin.slice(0, question);
  const query = question < 0 ? '' : origin.slice(question);
  return withoutDots(escapes(path || '/').replace(/\/+/g, '/')) + query;
}
