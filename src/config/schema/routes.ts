/**
 * Routes: which requests are taken, what they need, and what happens to them.
 *
 * Whether a path pattern, a host, a regular expression or a template can be compiled is native
 * code's to say; what is checked here needs no compiler.
 *
 * @module
 */

import * as z from 'zod';

import { AbsolutePath, HeaderName, Method, Name, Template, whole } from './fields.ts';
import { JwtAuth } from './identity.ts';
import { RoutePolicy } from './policy.ts';

const Test = z
  .union([
    z.string().transform((exact) => ({ exact })),
    z.strictObject({ exact: z.string().max(1024).describe('The value is this.') }),
    z.strictObject({ regex: z.string().max(1024).describe('The whole value matches this.') }),
    z.strictObject({ present: z.literal(true).describe('It is there, whatever its value.') }),
  ])
  .describe('A value, or one of `exact`, `regex`, `present`.');

const Match = z
  .strictObject({
    path: z
      .string()
      .max(2048)
      .regex(/^[/~]/, 'a path starts with "/", a regular expression with "~"')
      .default('/*')
      .describe(
        '`/a/b` exactly; `/a/*` everything under it, and `/a`; `/a/{id}` one segment by name; `~REGEX` the whole path.',
      ),
    hosts: z
      .array(z.string().min(1).max(300).describe('`api.example.test`, `*.example.test` or `*`.'))
      .max(1024)
      .default([])
      .describe('Hosts, without port; none is any.'),
    methods: z.array(Method).max(64).default([]).describe('Methods; none is any.'),
    headers: z
      .record(HeaderName, Test)
      .default({})
      .transform(lowerKeys)
      .describe('Tests on headers, by name; all must hold.'),
    query: z
      .record(z.string().min(1).max(256), Test)
      .default({})
      .describe('Tests on query parameters, by name; all must hold.'),
  })
  .describe('What the route takes.');

const Share = z.strictObject({
  name: Name.describe('Name of the upstream.'),
  weight: whole(0, 10_000).default(1).describe('Its share of requests; 0 is none.'),
});

const UpstreamChoice = z
  .union([Name.transform((name) => [{ name, weight: 1 }]), z.array(Share).min(1).max(64)])
  .describe('Name of the upstream, or a list of upstreams with weights.');

const Redirect = z
  .strictObject({
    status: z.literal([301, 302, 303, 307, 308]).default(302).describe('Status of the answer.'),
    to: Template.min(1).describe(
      'New location; a template, which also has `${path}` and `${query}`.',
    ),
  })
  .describe('Answer with a redirect.');

const Auth = z
  .strictObject({
    require: z
      .enum(['any', 'all'])
      .default('any')
      .describe(
        'Whether any of the following is enough, or all are needed. The first of certificate, key, password and token says who calls.',
      ),
    apiKey: z
      .strictObject({
        header: HeaderName.transform((name) => name.toLowerCase())
          .nullable()
          .default(null)
          .describe('Header that holds the key; `x-api-key` when neither is given.'),
        query: z
          .string()
          .regex(
            /^[A-Za-z0-9._~-]{1,64}$/,
            'a query parameter is letters, digits, ".", "_", "~" or "-"',
          )
          .nullable()
          .default(null)
          .describe(
            'Query parameter that holds the key. Keys in URLs end up in logs: prefer a header.',
          ),
        keep: z.boolean().default(false).describe('Let the upstream see the key.'),
      })
      .transform((key) =>
        key.header === null && key.query === null ? { ...key, header: 'x-api-key' } : key,
      )
      .nullable()
      .default(null)
      .describe('By API key.'),
    clientCertificate: z
      .boolean()
      .default(false)
      .describe(
        'By the client certificate of the connection, which `consumers` maps; asked before the key.',
      ),
    basic: z
      .strictObject({
        realm: z
          .string()
          .regex(
            /^[\x20\x21\x23-\x5b\x5d-\x7e]{1,128}$/,
            'a realm is 1 to 128 ASCII characters without quotes and backslashes',
          )
          .default('stoa')
          .describe('What the password is for, as browsers show it.'),
        keep: z.boolean().default(false).describe('Let the upstream see user and password.'),
      })
      .nullable()
      .default(null)
      .describe(
        'By user and password: `Authorization: Basic`. Anybody on the way reads them without TLS.',
      ),
    jwt: JwtAuth.nullable().default(null),
  })
  .refine(
    ({ apiKey, clientCertificate, basic, jwt }) =>
      apiKey !== null || clientCertificate || basic !== null || jwt !== null,
    'needs apiKey, clientCertificate, basic or jwt; leave auth out for an open route',
  )
  .refine(
    ({ require, apiKey, clientCertificate, basic, jwt }) =>
      require === 'any' ||
      [apiKey, basic, jwt, clientCertificate || null].filter(Boolean).length > 1,
    { path: ['require'], message: 'all of one is that one: name another method, or leave it out' },
  )
  .refine(({ require, basic, jwt }) => require === 'any' || basic === null || jwt === null, {
    path: ['require'],
    message: 'basic and jwt stand in one Authorization field: nobody can send both',
  })
  .describe(
    'Who may call: a certificate, else a key, else a password, else a token; or who has all of those named.',
  );

const U32_MAX = 4_294_967_295;

const RateLimit = z
  .strictObject({
    by: z
      .union([
        z.enum(['consumer', 'tenant', 'route', 'clientIp']),
        z.strictObject({
          header: HeaderName.transform((name) => name.toLowerCase()).describe(
            'Name of the header.',
          ),
        }),
      ])
      .describe('Whose requests are counted together; `{ header: NAME }` takes a header’s value.'),
    requests: whole(1, U32_MAX).describe('This many requests …'),
    windowMs: whole(1, 86_400_000).describe('… in this many milliseconds …'),
    burst: whole(1, U32_MAX)
      .nullable()
      .default(null)
      .describe('… and this many at once; without it, as many as `requests`.'),
    headers: z
      .enum(['ietf', 'x', 'both', 'none'])
      .default('both')
      .describe('Which headers tell the caller: `RateLimit`, `X-RateLimit-*`, both or none.'),
  })
  .transform((limit) => ({ ...limit, burst: limit.burst ?? limit.requests }))
  .describe('How often; more is 429. Exact over all workers.');

const HeaderOperations = z
  .strictObject({
    set: z
      .record(HeaderName, Template)
      .default({})
      .describe('Headers to put in place of whatever was there; values are templates.'),
    add: z
      .record(HeaderName, Template)
      .default({})
      .describe('Headers to put beside whatever was there; values are templates.'),
    remove: z.array(HeaderName).max(128).default([]).describe('Headers to take off.'),
  })
  .describe('What happens to headers.');

const PathOperations = z
  .strictObject({
    stripPrefix: AbsolutePath.nullable().default(null).describe('Taken off the front.'),
    rewrite: AbsolutePath.nullable()
      .default(null)
      .describe('A template for the whole path, such as `/v2/${path.id}`; not with the other two.'),
    addPrefix: AbsolutePath.nullable().default(null).describe('Put in front, after `stripPrefix`.'),
  })
  .describe('What happens to the path.');

const RequestChanges = z
  .strictObject({
    path: PathOperations.prefault({}),
    headers: HeaderOperations.prefault({}),
    bodyMaxBytes: whole(0, 1_099_511_627_776)
      .nullable()
      .default(null)
      .describe('Largest body on this route; without it, `limits.bodyMaxBytes`.'),
  })
  .describe('What happens to the request.');

const ResponseChanges = z
  .strictObject({ headers: HeaderOperations.prefault({}) })
  .describe('What happens to the response.');

export const Route = z
  .strictObject({
    name: Name.describe('Its name in logs and metrics; each once.'),
    match: Match.prefault({}),
    priority: whole(-1_000_000, 1_000_000)
      .default(0)
      .describe(
        'Higher is looked at first; among equals the more specific match wins, then the earlier.',
      ),
    upstream: UpstreamChoice.nullable().default(null),
    redirect: Redirect.nullable().default(null),
    deny: z.boolean().default(false).describe('Answer 403.'),
    auth: Auth.nullable().default(null),
    rateLimit: RateLimit.nullable().default(null),
    policy: RoutePolicy.nullable().default(null),
    request: RequestChanges.prefault({}),
    response: ResponseChanges.prefault({}),
  })
  .describe(
    'A kind of request and what is done with it: one of `upstream`, `redirect` and `deny`.',
  );

function lowerKeys<T>(record: Record<string, T>): Record<string, T> {
  return Object.fromEntries(Object.entries(record).map(([key, test]) => [key.toLowerCase(), test]));
}
