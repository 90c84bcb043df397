/**
 * HTML from templates: what is put in is escaped, unless it is markup itself.
 *
 * @module
 */

/** Text that is HTML already. */
export interface Markup {
  readonly html: string;
}

type Part = string | number | Markup | readonly Markup[];

export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  let text = strings[0] ?? '';
  for (const [at, part] of parts.entries()) text += `${rendered(part)}${strings[at + 1] ?? ''}`;
  return { html: text };
}

export const NOTHING: Markup = { html: '' };

export function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}

function rendered(part: Part): string {
  if (typeof part === 'string') return escaped(part);
  if (typeof part === 'number') return part.toString();
  return 'html' in part ? part.html : part.map((one) => one.html).join('\n');
}
