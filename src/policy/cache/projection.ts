/**
 * The part of an input document that a policy says it depends on.
 *
 * A member is named by its path, `request.headers.x-plan`; one that the document does not have stays
 * away. What is left is what the policy sees and what its decision is remembered by: a rule that looks
 * at something else finds nothing there, every time, instead of finding it now and then.
 *
 * @module
 */

import type { PolicyInput } from '../input.ts';

/** Members to keep: null is all of it. */
interface Tree {
  readonly [member: string]: Tree | null;
}

type Json = Readonly<Record<string, unknown>>;

/** The JSON of what `paths` name, and of `version`; members in the order of their paths. */
export function projectionOf(paths: readonly string[]): (input: PolicyInput) => string {
  const tree = treeOf(['version', ...paths].map((path) => path.split('.')));
  return (input) => JSON.stringify(part({ ...input }, tree));
}

function treeOf(paths: readonly (readonly string[])[]): Tree {
  const below = new Map<string, (readonly string[])[]>();
  for (const [member = '', ...rest] of paths) {
    below.set(member, [...(below.get(member) ?? []), rest]);
  }
  return Object.fromEntries(
    Array.from(below, ([member, rests]) => [
      member,
      rests.some((rest) => rest.length === 0) ? null : treeOf(rests),
    ]),
  );
}

function part(document: Json, tree: Tree): Json {
  const kept: Record<string, unknown> = {};
  for (const member of Object.keys(tree)) {
    if (!Object.hasOwn(document, member)) continue;
    const value = document[member];
    const below = tree[member] ?? null;
    // Nothing is left of a list or a text whose members are asked for.
    if (below === null || value === null) kept[member] = value;
    else if (isObject(value)) kept[member] = part(value, below);
  }
  return kept;
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
