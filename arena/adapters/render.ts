/**
 * Renders templates: Eta, nothing escaped, and nothing left out silently. A name that does not
 * exist, a value that is no text or number, and a fault in a template are errors with file and line.
 *
 * @module
 */

import { createHash } from 'node:crypto';
import { Eta } from 'eta/core';

import type { RenderedConfig } from './target.ts';
import type { TemplateValues } from './values.ts';

const ENGINE = new Eta({
  autoEscape: false,
  autoFilter: true,
  autoTrim: false,
  debug: true,
  filterFunction: written,
  plugins: [{ processTemplate: withoutStatementLines }],
});

/** A line with nothing but a statement leaves no empty line behind. */
function withoutStatementLines(template: string): string {
  return template.replaceAll(/^[ \t]*<%(?![=~])((?:(?!%>).)*?)-?%>[ \t]*$/gm, '<%$1-%>');
}

/** Renders the text of `template`; `source` is how errors name it. */
export function renderText(template: string, source: string, values: TemplateValues): string {
  try {
    const compiled = ENGINE.compile(template, { filepath: source });
    return compiled.call(ENGINE, strict(values, 'it'), { filepath: source });
  } catch (error) {
    throw new Error(`${source}: ${messageOf(error)}`, { cause: error });
  }
}

export function renderConfig(
  file: string,
  template: { readonly text: string; readonly source: string },
  values: TemplateValues,
): RenderedConfig {
  const text = renderText(template.text, template.source, values);
  return { file, text, sha256: createHash('sha256').update(text).digest('hex') };
}

/** What an interpolation may give. */
function written(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' && Number.isFinite(value)) return `${value}`;
  throw new TypeError(`expected text or a number, found ${String(value)}`);
}

/** What Eta and JSON.stringify look for on any object. */
const ASKED_IN_PASSING: ReadonlySet<string> = new Set(['__blocks', 'toJSON']);

/** The same, where reading what does not exist throws. */
function strict<T extends object>(value: T, name: string): T {
  return new Proxy(value, {
    get(target, key) {
      const found: unknown = Reflect.get(target, key);
      if (typeof key === 'symbol' || ASKED_IN_PASSING.has(key)) return found;
      if (!(key in target)) throw new ReferenceError(`there is no ${name}.${key}`);
      const isNested = typeof found === 'object' && found !== null;
      return isNested ? strict(found, `${name}.${key}`) : found;
    },
  });
}

/** Eta shows the lines around a fault between the place and the reason: the place comes first. */
function messageOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const [, line] = /^(?:.*:)?(?:line )?(\d+)\n/.exec(message) ?? [];
  const reason = error instanceof Error && error.cause instanceof Error ? error.cause : undefined;
  return line === undefined || reason === undefined ? message : `line ${line}: ${reason.message}`;
}
