/**
 * `sprintf` of Rego, in the part that policies use: `%s %v %d %f %t %q %x %%`, width and precision.
 *
 * Bounds: widths and precisions have two digits at most. Everything else throws, which is
 * undefined in the policy. Source: pkg.go.dev/fmt, as OPA applies it.
 *
 * @module
 */

export function sprintf(format: string, values: readonly unknown[]): string {
  let next = 0;
  const text = format.replaceAll(
    /%([-0]?)(\d{0,2})(?:\.(\d{1,2}))?(.)/gs,
    (_whole, flag: string, width: string, precision: string | undefined, verb: string) => {
      if (verb === '%') return '%';
      if (next >= values.length) throw new Error('too few values');
      const value = values[next];
      next += 1;
      return padded(formatOne(verb, value, precision), flag, Number(width));
    },
  );
  if (next < values.length) throw new Error('too many values');
  return text;
}

type Format = (value: unknown, precision: number) => string | null;

/** By verb; null is a value that the verb does not take. */
const FORMATS: Readonly<Record<string, Format>> = {
  v: (value) => plain(value),
  s: (value) => plain(value),
  q: (value) => (typeof value === 'string' ? JSON.stringify(value) : null),
  t: (value) => (typeof value === 'boolean' ? String(value) : null),
  d: (value) => (Number.isInteger(value) ? String(value) : null),
  f: (value, precision) => (typeof value === 'number' ? value.toFixed(precision) : null),
  x: hexadecimal,
};

function formatOne(verb: string, value: unknown, precision: string | undefined): string {
  const text = FORMATS[verb]?.(value, Number(precision ?? 6)) ?? null;
  if (text === null) throw new Error(`%${verb} does not take this value`);
  return text;
}

function hexadecimal(value: unknown): string | null {
  if (typeof value === 'string') return Buffer.from(value).toString('hex');
  return typeof value === 'number' && Number.isInteger(value) ? value.toString(16) : null;
}

/** Texts as they are, anything else as OPA writes it: JSON with a space behind `:` and `,`. */
function plain(value: unknown, nested = false): string {
  if (typeof value === 'string') return nested ? JSON.stringify(value) : value;
  if (Array.isArray(value)) return `[${value.map((one) => plain(one, true)).join(', ')}]`;
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value).map(
      ([key, one]) => `${JSON.stringify(key)}: ${plain(one, true)}`,
    );
    return `{${members.join(', ')}}`;
  }
  return String(value);
}

function padded(text: string, flag: string, width: number): string {
  if (flag === '-') return text.padEnd(width);
  return text.padStart(width, flag === '0' ? '0' : ' ');
}
