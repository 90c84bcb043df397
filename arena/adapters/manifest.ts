/**
 * The manifest of a target, `arena/targets/NAME/target.yaml`, once: types, JSON Schema
 * (`schema/arena-target.json`) and every check of a value come from here.
 *
 * Texts with `<%= it.NAME %>` are templates; arena/adapters/values.ts says what is in `it`.
 *
 * @module
 */

import * as z from 'zod';

import type { JsonSchema } from '../../src/config/json-schema.ts';
import { TIERS } from '../tiers/tiers.ts';

/** What is measured beside plain requests; a target says which of it it can do at all. */
export const SCENARIOS = [
  'churn',
  'sse',
  'websocket',
  'slow-clients',
  'reload',
  'upstream-kill',
] as const;

const READY_TIMEOUT_MS = 15_000;

const Text = z.string().min(1).max(4096);
const Words = z.array(z.string().max(4096)).max(64);
/** A file inside `arena/targets`, from the target's own folder. */
const TemplateFile = z
  .string()
  .regex(/^(?:\.\.\/)?[\w.-]+(?:\/[\w.-]+)*\.eta$/, 'not a template: a file that ends in .eta');
const WrittenFile = z
  .string()
  .regex(/^[\w-][\w.-]*$/, 'not a file name: letters, digits, ".", "_" and "-" only');
const Variable = z
  .string()
  .regex(/^[A-Z][A-Z0-9_]*$/, 'not the name of an environment variable, such as HTTP_PROXY');

const Files = z
  .record(WrittenFile, TemplateFile)
  .describe('Files that are rendered, by the name they get in `it.folder`, and their templates.');

const Command = z
  .strictObject({
    names: z
      .array(Text)
      .min(1)
      .max(8)
      .optional()
      .describe(
        'Executables, the first that is found on PATH or in /usr/sbin; `node` is this one.',
      ),
    install: Text.optional().describe(
      'A script of this repository and its arguments, instead: it installs once and prints the executable.',
    ),
    get: Text.describe('The command that gets it, for people.'),
    version: z
      .strictObject({
        args: Words.describe('Its arguments.'),
        pattern: Text.describe('A regular expression; what its first group takes is the version.'),
      })
      .describe('How it is asked for its version.'),
    args: Words.describe('Arguments that start it in the foreground; templates.'),
    check: Words.optional().describe('Arguments that make it check its configuration; templates.'),
  })
  .describe('An executable on this machine.');

const Container = z
  .strictObject({
    image: z
      .string()
      .regex(
        /^[a-z0-9.-]+(?::\d+)?(?:\/[a-z0-9._-]+)+:[\w.-]+(?:@sha256:[0-9a-f]{64})?$/,
        'not a whole name of an image: registry/name:tag, and @sha256:… to pin it',
      )
      .describe('Image with registry and tag; `@sha256:…` pins it.'),
    args: Words.default([]).describe('Arguments of its entry point; templates.'),
    mounts: z
      .record(WrittenFile, z.string().regex(/^\/[\w./-]+$/, 'not a whole path'))
      .default({})
      .describe(
        'Rendered files that it looks for in places of its own; those of `/arena` need none.',
      ),
  })
  .describe('An image for docker or podman, on the network of this machine.');

const Reload = z
  .union([
    z.strictObject({ signal: z.enum(['SIGHUP', 'SIGUSR1', 'SIGUSR2']).describe('To its root.') }),
    z.strictObject({ command: Words.min(1).describe('Arguments of its executable; templates.') }),
  ])
  .describe('How it reads its configuration again without stopping.');

export const Manifest = z
  .strictObject({
    title: z.string().min(1).max(40).describe('How it is shown.'),
    kind: z
      .enum(['process', 'container', 'url'])
      .describe('An executable, an image, or something that runs already.'),
    documentation: z
      .array(z.url())
      .max(16)
      .default([])
      .describe('Where its configuration was looked up.'),
    command: Command.optional(),
    container: Container.optional(),
    url: z
      .union([
        z.literal('upstream'),
        z.strictObject({
          variable: Variable.describe('Environment variable that holds `http://HOST:PORT`.'),
        }),
      ])
      .optional()
      .describe('Where it runs; `upstream` is the upstream itself, without a gateway.'),
    env: z
      .record(Variable, z.string().max(4096))
      .default({})
      .describe('Environment variables; templates.'),
    values: z
      .record(z.string().regex(/^[a-z]\w*$/), z.string().max(4096))
      .default({})
      .describe('What its templates read as `it.values.NAME`.'),
    ports: z
      .array(z.string().regex(/^[a-z]\w*$/))
      .max(8)
      .default([])
      .describe('Ports beside that of the traffic, which its templates read as `it.ports.NAME`.'),
    ready: z
      .strictObject({
        path: z.string().regex(/^\//, 'a path starts with "/"').default('/'),
        timeoutMs: z.int().min(100).max(120_000).default(READY_TIMEOUT_MS),
      })
      .prefault({})
      .describe('It is ready when it answers a GET for this path, whatever it answers.'),
    reload: Reload.optional(),
    tiers: z
      .partialRecord(z.enum(TIERS), Files)
      .describe('The tiers whose work it does, and the files it does it with.'),
    scenarios: z.array(z.enum(SCENARIOS)).default([]).describe('The scenarios it can be put to.'),
    cannot: z
      .partialRecord(z.enum([...TIERS, ...SCENARIOS]), Text)
      .default({})
      .describe('Why it does not do the others, each of them.'),
  })
  .meta({ title: 'A target of the Gateway Arena' });

export type Manifest = z.output<typeof Manifest>;
export type CommandManifest = z.output<typeof Command>;
export type ContainerManifest = z.output<typeof Container>;

let cached: JsonSchema | undefined;

/** Made once a process: it costs some milliseconds. */
export function manifestJsonSchema(): JsonSchema {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- zod's type allows keywords that are not in use here
  cached ??= z.toJSONSchema(Manifest, { io: 'input' }) as JsonSchema;
  return cached;
}
