import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { parseResponses } from '../../support/http1.ts';
import type { Heard } from './client.ts';
import { dissent, type Evidence, faultOf } from './judge.ts';
import { opinionOn } from './llhttp.ts';
import { readingOf } from './reading.ts';
import { type Arrival, answerTo } from './upstream.ts';

const HIDDEN = 'GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n';
const SENT = [
  'GET /a/%62 HTTP/1.1\r\nHost: a\r\n\r\n',
  `POST /c HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n23;x="y"\r\n${HIDDEN}\r\n0\r\nx: y\r\n\r\n`,
].join('');

function arrivalsOf(sent: string): Arrival[] {
  return readingOf(Buffer.from(sent, 'latin1')).requests.map((request, at) => ({
    serial: at + 1,
    request: { ...request, target: request.target.replace('%62', 'b') },
    requestId: `id-${at}`,
  }));
}

/** Everything as it should be, but for what is said. */
function evidence(
  change: { arrivals?: Arrival[]; answered?: Arrival[]; heard?: Partial<Heard> } = {},
) {
  const { arrivals = arrivalsOf(SENT), answered = arrivals, heard = {} } = change;
  const answers = answered.flatMap((arrival) => {
    const text = answerTo(arrival).toString('latin1');
    const bytes = Buffer.from(
      text.replace('\r\n', `\r\nx-request-id: ${arrival.requestId}\r\n`),
      'latin1',
    );
    return parseResponses(bytes, [], false).responses;
  });
  const plain: Heard = {
    answers,
    rest: Buffer.alloc(0),
    ended: 'content',
    reset: false,
    lingering: false,
    connected: true,
  };
  return {
    reading: readingOf(Buffer.from(SENT, 'latin1')),
    arrivals,
    heard: { ...plain, ...heard },
  };
}

function kindOf(one: Evidence): string | undefined {
  return faultOf(one, 'native')?.split(':')[0];
}

describe('the judge of the differential test', () => {
  it('has nothing to say when everything is in its place', async () => {
    assert.equal(faultOf(evidence(), 'native'), null);
    assert.equal(dissent(await opinionOn(Buffer.from(SENT, 'latin1')), evidence()), null);
  });

  it('sees a body that became a request', () => {
    const [first] = arrivalsOf(HIDDEN);
    const arrivals = [...arrivalsOf(SENT), { ...(first as Arrival), serial: 3 }];
    assert.equal(kindOf(evidence({ arrivals, answered: arrivals.slice(0, 2) })), 'stray');
  });

  it('sees a body that lost a byte', () => {
    const [first, second] = arrivalsOf(SENT) as [Arrival, Arrival];
    const cut = {
      ...second,
      request: { ...second.request, body: second.request.body.subarray(1) },
    };
    assert.equal(kindOf(evidence({ arrivals: [first, cut] })), 'stray');
  });

  it('sees answers that changed places, or went to nobody', () => {
    const [first, second] = arrivalsOf(SENT) as [Arrival, Arrival];
    assert.equal(kindOf(evidence({ answered: [second, first] })), 'mixed up');
    assert.equal(kindOf(evidence({ answered: [first, first] })), 'foreign answer');
    assert.equal(kindOf(evidence({ answered: [first], heard: { ended: 'content' } })), 'lost');
  });

  it('sees silence, endless waiting and bytes that are no answer', () => {
    assert.equal(
      kindOf(evidence({ answered: [], arrivals: [], heard: { ended: 'gave up' } })),
      'hang',
    );
    assert.equal(
      kindOf(evidence({ answered: [], arrivals: [], heard: { ended: 'closed' } })),
      'silence',
    );
    assert.equal(kindOf(evidence({ heard: { lingering: true } })), 'hang');
    assert.equal(kindOf(evidence({ heard: { rest: Buffer.from('HTTP/1.1 2') } })), 'garbage');
  });

  it('sees that node reads another request than was forwarded', async () => {
    const other = await opinionOn(Buffer.from(SENT.replace('/c', '/d'), 'latin1'));
    assert.match(dissent(other, evidence())?.fault ?? '', /^dissent/);
    const refused = await opinionOn(Buffer.from(SENT.replace('23;', '23 ;'), 'latin1'));
    assert.deepEqual(dissent(refused, evidence()), { abstains: true, fault: null });
  });
});
