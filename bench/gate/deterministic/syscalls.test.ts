/** What strace prints, read. @module */

import assert from 'node:assert/strict';
import { it } from 'node:test';

import { grouped, parseSummary } from './syscalls.ts';

const SUMMARY = `% time     seconds  usecs/call     calls    errors syscall
------ ----------- ----------- --------- --------- ----------------
 61.11    0.402146          20     20011           sendto
 20.95    0.137861           6     20014        12 recvfrom
 17.93    0.117995           5     20084           epoll_pwait
  0.01    0.000051          25         2           futex
  0.00    0.000004           4         1           write
------ ----------- ----------- --------- --------- ----------------
100.00    0.658057          10     60112        12 total
`;

it('system calls are counted by what they are for', () => {
  assert.deepEqual(grouped(parseSummary(SUMMARY)), {
    reads: 20_014,
    writes: 20_012,
    waits: 20_084,
    others: 2,
  });
});

it('nothing counted is nothing', () => {
  assert.deepEqual(grouped(parseSummary('')), { reads: 0, writes: 0, waits: 0, others: 0 });
});
