/**
 * What each target can do, and why not the rest, as tables of docs/arena-targets.md.
 *
 * @module
 */

import { TIERS } from '../tiers/tiers.ts';
import { type Manifest, SCENARIOS } from './manifest.ts';
import type { Description } from './prepared.ts';

const CAPABILITIES = [...TIERS, ...SCENARIOS];

/** Both tables, as Markdown. */
export function matrixOf(descriptions: readonly Description[]): string {
  const does = table(
    ['target', 'kind', ...CAPABILITIES],
    descriptions.map(({ name, manifest }) => [
      `\`${name}\``,
      manifest.kind,
      ...CAPABILITIES.map((capability) => (isDone(manifest, capability) ? '✓' : '–')),
    ]),
  );
  const reasons = descriptions.flatMap(({ name, manifest }) =>
    [...reasonsOf(manifest)].map(([why, what]) => [`\`${name}\``, what.join(', '), why]),
  );
  return `${does}\n\n${table(['target', 'does not', 'because'], reasons)}`;
}

function isDone({ cannot }: Manifest, capability: (typeof CAPABILITIES)[number]): boolean {
  return cannot[capability] === undefined;
}

/** What is not done, by the reason. */
function reasonsOf({ cannot }: Manifest): Map<string, string[]> {
  const byReason = new Map<string, string[]>();
  for (const capability of CAPABILITIES) {
    const why = cannot[capability];
    if (why !== undefined) byReason.set(why, [...(byReason.get(why) ?? []), capability]);
  }
  return byReason;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, head.map(() => '---'), ...rows];
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
