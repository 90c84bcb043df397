/**
 * `sprintf` of Rego: `%s %v %d %f %q %x %%`, width and precision; what does not fit is written as Go
 * writes it, `%!d(string=x)`.
 *
 * Bounds: widths and precisions have two digits at most. Source: pkg.go.dev/fmt, as OPA applies it.
 *
 * @module
 */

export function sprintf(format: string, values: readonly unknown[]): string {
  let next = 0;
  const text = format.replaceAll(
    /%([-0]?)(\d{0,2})(?:\.(\d{1,2}))?(.)/gs,
    (_whole, flag: string, width: string, precision: string | undefined, verb: string) => {
      if (verb === '%') return '%';
      if (next >= values.length) return `%!${verb}(MISSING)`;
      const value = values[next];
      next += 1;
      return padded(formatOne(verb, value, precision), flag, Number(width));
    },
  );
  const extra = values.slice(next).map(typed).join(', ');
  return extra === '' ? text : `${text}%!(EXTRA ${extra})`;
}

type Format = (value: unknown, precision: number) => string | null;

/** By verb; null is a value that the verb does not take. */
const FORMATS: Readonly<Record<string, Format>> = {
  v: (value) => plain(value),
  s: (value) => (typed(value).startsWith('string=') ? plain(value) : null),
  q: (value) => (typeof value === 'string' ? JSON.stringify(value) : null),
  d: (value) => (Number.isInteger(value) ? String(value) : null),
  f: (value, precision) => (typeof value === 'number' ? value.toFixed(precision) : null),
  x: hexadecimal,
};

function formatOne(verb: string, value: unknown, precision: string | undefined): string {
  const text = FORMATS[verb]?.(value, Number(precision ?? 6)) ?? null;
  return text ?? `%!${verb}(${typed(value)})`;
}

/** A value with the type that it has in OPA, where whatever is no number is a text. */
function typed(value: unknown): string {
  if (typeof value === 'number') return `${Number.isInteger(value) ? 'int64' : 'float64'}=${value}`;
  return `string=${plain(value)}`;
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
