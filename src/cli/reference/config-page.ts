/**
 * `docs/reference/config.md`, from the JSON Schema: a table for each mapping of the configuration.
 *
 * @module
 */

import { alternatives, configJsonSchema, type JsonSchema } from '../../config/json-schema.ts';

const INTRODUCTION = `# Configuration reference

<!-- Generated from src/config/schema.ts by "make reference"; change it there. -->

The configuration is one YAML file. \`stoa-gateway check FILE\` says whether it is valid, and each
problem with its line and column; \`stoa-gateway schema\` prints the JSON Schema, which is also in
[schema/config.json](../../schema/config.json). A whole example is
[examples/quickstart/gateway.yaml](../../examples/quickstart/gateway.yaml).

Durations end in \`Ms\` (milliseconds), sizes in \`Bytes\`. An unknown key is an error.

## References

| written | becomes |
|---|---|
| \`\${NAME}\` | the environment variable \`NAME\`; an error when it is not set |
| \`\${NAME:-default}\` | the same, or \`default\` when it is not set or empty |
| \`$\${NAME}\` | \`\${NAME}\`, as it is |
| \`file:PATH\` | in \`consumers.*.apiKeys[].value\` only: what the file holds, without its last line break |

Names of environment variables are in capitals; everything else in \`\${…}\` is a template variable.
Files are relative to the configuration's folder. No value that came by reference is ever printed.

## Templates

Values of \`headers.set\` and \`headers.add\`, \`request.path.rewrite\` and \`redirect.to\` may hold
\`\${consumer}\`, \`\${tenant}\`, \`\${route}\`, \`\${clientIp}\`, \`\${requestId}\`, \`\${host}\` and
\`\${path.NAME}\`, the segment that \`{NAME}\` of \`match.path\` took. \`$\${\` is a plain \`\${\`.
`;

export function configPage(): string {
  return `${INTRODUCTION}${sections('', configJsonSchema()).join('')}`;
}

/** The section of one mapping, then those of the mappings in it. */
function sections(path: string, schema: JsonSchema): string[] {
  const mappings = alternatives(schema).filter(({ properties }) => properties !== undefined);
  const below = alternatives(schema).flatMap((one) => sectionsBelow(path, one));
  if (mappings.length === 0) return below;

  const title = path === '' ? 'The file' : `\`${path}\``;
  const text = path === '' || descriptionOf(schema) === '' ? '' : `${descriptionOf(schema)}\n\n`;
  const isChoice = mappings.length > 1;
  const rows = mappings.flatMap(({ properties = {}, required = [] }) =>
    Object.entries(properties).map(([key, field]) =>
      row(
        key,
        field,
        isChoice ? 'one of these' : required.includes(key) ? '**required**' : defaultOf(field),
      ),
    ),
  );
  const table = `| key | value | default | meaning |\n|---|---|---|---|\n${rows.join('')}`;
  return [`\n## ${title}\n\n${text}${table}`, ...below];
}

function sectionsBelow(path: string, schema: JsonSchema): string[] {
  const { items, additionalProperties, properties = {} } = schema;
  const inner = Object.entries(properties).flatMap(([key, field]) =>
    sections(path === '' ? key : `${path}.${key}`, field),
  );
  if (items !== undefined) inner.push(...sections(`${path}[]`, items));
  if (typeof additionalProperties === 'object') {
    inner.push(...sections(`${path}.NAME`, additionalProperties));
  }
  return inner;
}

function row(key: string, field: JsonSchema, fallback: string): string {
  const meaning = descriptionOf(field).replaceAll('|', String.raw`\|`);
  return `| \`${key}\` | ${kind(field)} | ${fallback} | ${meaning} |\n`;
}

/** A field that may be null has its description one level down. */
function descriptionOf(schema: JsonSchema): string {
  const described = [schema, ...alternatives(schema), ...(schema.anyOf ?? [])];
  return described.find(({ description }) => description !== undefined)?.description ?? '';
}

function defaultOf({ default: value }: JsonSchema): string {
  if (value === undefined || value === null) return '–';
  if (typeof value === 'object' && Object.keys(value).length === 0) return '–';
  return `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``;
}

/** What may be written, in words. */
function kind(schema: JsonSchema): string {
  const kinds = alternatives(schema)
    .filter(({ type }) => type !== 'null')
    .map(kindOfOne);
  return [...new Set(kinds)].join(' or ');
}

function kindOfOne(schema: JsonSchema): string {
  const { type, items, additionalProperties } = schema;
  if (schema.const !== undefined) return word(schema.const);
  if (schema.enum !== undefined) return schema.enum.map(word).join(', ');
  if (type === 'integer') return `${schema.minimum ?? ''} to ${schema.maximum ?? ''}`;
  if (type === 'boolean') return '`true` or `false`';
  if (type === 'array') return `list of ${kind(items ?? {})}`;
  if (type === 'string') return 'text';
  return typeof additionalProperties === 'object'
    ? `mapping of names to ${kind(additionalProperties)}`
    : 'mapping';
}

function word(value: unknown): string {
  return `\`${String(value)}\``;
}
