/**
 * The machine that a run is on, as far as numbers depend on it.
 *
 * Source: os-release(5); systemd-detect-virt(1); /proc/cpuinfo, flag `hypervisor`.
 *
 * @module
 */

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';

import type { Machine } from '../results/records.ts';

/** For what asks another program. */
const TIMEOUT_MS = 5000;

/** Never throws: what can't be found out is `unknown`. */
export function describeMachine(): Machine {
  const found = {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: Math.max(1, cpus().length),
    memoryBytes: totalmem(),
    os: osName(),
    kernel: release(),
    node: process.version,
    virtualization: virtualization(),
  };
  return { ...found, fingerprint: fingerprintOf(found) };
}

/** Runs on machines of the same fingerprint are of one history. */
export function fingerprintOf(machine: Omit<Machine, 'fingerprint'>): string {
  const { cpu, cores, memoryBytes, os, kernel, node, virtualization: host } = machine;
  const text = JSON.stringify([cpu, cores, memoryBytes, os, kernel, node, host]);
  return createHash('sha256').update(text).digest('hex');
}

function osName(): string {
  const text = textOf('/etc/os-release');
  return /^PRETTY_NAME="?([^"\n]+)"?$/m.exec(text)?.[1] ?? 'unknown';
}

function virtualization(): string | null {
  const told = detected();
  if (told !== null) return told;
  return /^flags\s*:.*\bhypervisor\b/m.test(textOf('/proc/cpuinfo')) ? 'unknown' : null;
}

/** What systemd-detect-virt says; null for none and where there is no such program. */
function detected(): string | null {
  try {
    const options = { encoding: 'utf8', stdio: 'pipe', timeout: TIMEOUT_MS } as const;
    const said = execFileSync('systemd-detect-virt', [], options).trim();
    return said === '' || said === 'none' ? null : said;
  } catch {
    return null;
  }
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
