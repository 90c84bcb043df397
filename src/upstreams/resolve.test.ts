import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it, mock } from 'node:test';

import { type Lookup, type NamedEndpoint, type ResolveEvent, Resolver } from './resolve.ts';

const MIN_REFRESH_MS = 1000;

function endpoint(host: string, overrides: Partial<NamedEndpoint> = {}): NamedEndpoint {
  return { upstream: 'echo', endpoint: 0, host, refreshMs: 10_000, ...overrides };
}

interface Seen {
  readonly resolver: Resolver;
  readonly set: [string, number, string[]][];
  readonly events: ResolveEvent[];
}

function resolving(endpoints: NamedEndpoint[], lookup: Lookup): Seen {
  const set: Seen['set'] = [];
  const events: ResolveEvent[] = [];
  const resolver = new Resolver({
    endpoints,
    lookup,
    setAddresses: (...call) => void set.push(call),
    onEvent: (event) => void events.push(event),
    random: () => 0.5,
  });
  return { resolver, set, events };
}

/** Lets every promise that is already settled run its continuations. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
}

describe('name resolution', () => {
  beforeEach(() => mock.timers.enable({ apis: ['setTimeout'] }));
  afterEach(() => mock.timers.reset());

  it('sets IP literals without a lookup', async () => {
    const lookup = mock.fn<Lookup>();
    const { resolver, set } = resolving([endpoint('10.0.0.1'), endpoint('::1')], lookup);
    await resolver.start(1000);
    assert.deepEqual(set, [
      ['echo', 0, ['10.0.0.1']],
      ['echo', 0, ['::1']],
    ]);
    assert.equal(lookup.mock.callCount(), 0);
  });

  it('asks once for a name that several endpoints share, and sorts IPv4 first', async () => {
    const lookup = mock.fn<Lookup>(() => Promise.resolve(['::1', '10.0.0.2', '10.0.0.1', '::1']));
    const shared = [endpoint('a.test'), endpoint('A.test', { upstream: 'other', endpoint: 3 })];
    const { resolver, set } = resolving(shared, lookup);
    await resolver.start(1000);
    const addresses = ['10.0.0.1', '10.0.0.2', '::1'];
    assert.deepEqual(set, [
      ['echo', 0, addresses],
      ['other', 3, addresses],
    ]);
    assert.equal(lookup.mock.callCount(), 1);
    resolver.close();
  });

  it('keeps the last good answer through failures and says so once', async () => {
    const answers = [['10.0.0.1'], new Error('SERVFAIL'), [], ['10.0.0.1'], ['10.0.0.9']];
    const lookup: Lookup = () => {
      const answer = answers.shift();
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer ?? []);
    };
    const { resolver, set, events } = resolving([endpoint('a.test')], lookup);
    await resolver.start(1000);

    mock.timers.tick(10_000); // regular refresh: fails
    await settle();
    mock.timers.tick(1000); // first retry after 1 s: empty
    await settle();
    mock.timers.tick(2000); // second after 2 s: back, unchanged
    await settle();
    assert.deepEqual(set, [['echo', 0, ['10.0.0.1']]]);
    assert.deepEqual(
      events.map(({ kind }) => kind),
      ['resolved', 'failing', 'resolved'],
    );

    mock.timers.tick(10_000);
    await settle();
    assert.deepEqual(set.at(-1), ['echo', 0, ['10.0.0.9']]);
    resolver.close();
  });

  it('has at most two lookups in flight and never two for one name', async () => {
    const waiting: (() => void)[] = [];
    const asked: string[] = [];
    const lookup: Lookup = (host) => {
      asked.push(host);
      return new Promise((resolve) => waiting.push(() => resolve(['10.0.0.1'])));
    };
    const names = ['a.test', 'b.test', 'c.test'].map((host) =>
      endpoint(host, { refreshMs: MIN_REFRESH_MS }),
    );
    const { resolver } = resolving(names, lookup);
    const started = resolver.start(5000);
    mock.timers.tick(4000);
    await settle();
    assert.deepEqual(asked, ['a.test', 'b.test']);

    for (let turn = 0; turn < 3; turn += 1) {
      waiting.shift()?.();
      await settle();
    }
    await started;
    assert.deepEqual(asked, ['a.test', 'b.test', 'c.test']);
    resolver.close();
  });

  it('does not hold a start longer than its patience', async () => {
    const { resolver, set } = resolving([endpoint('a.test')], () => new Promise(() => {}));
    const started = resolver.start(3000);
    mock.timers.tick(3000);
    await started;
    assert.deepEqual(set, []);
    resolver.close();
  });

  it('sets nothing after it is closed', async () => {
    const waiting: ((addresses: string[]) => void)[] = [];
    const lookup: Lookup = () => new Promise((resolve) => void waiting.push(resolve));
    const { resolver, set, events } = resolving([endpoint('a.test')], lookup);
    const started = resolver.start(1000);
    resolver.close();
    waiting[0]?.(['10.0.0.1']);
    await started;
    assert.deepEqual([set, events], [[], []]);
  });
});

it('resolves localhost through the system', async () => {
  const set: string[][] = [];
  const resolver = new Resolver({
    endpoints: [endpoint('localhost')],
    setAddresses: (_upstream, _endpoint, addresses) => void set.push(addresses),
    onEvent: () => {},
  });
  await resolver.start(10_000);
  resolver.close();
  assert.ok(set[0]?.some((address) => address === '127.0.0.1' || address === '::1'));
});
