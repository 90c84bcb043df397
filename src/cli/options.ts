/**
 * Options that several commands have, and what makes a value of one acceptable.
 *
 * @module
 */

import { InvalidArgumentError, Option } from 'commander';

import { endpointUrlProblem, parseAddress } from '../config/address.ts';
import { modeProblem } from '../config/schema.ts';
import { HTTP_URL_EXPECTED, isHttpUrl } from '../config/schema/policy.ts';

export interface OutputOptions {
  readonly output: 'text' | 'json';
}

const WORKERS_MAX = 256;

export function outputOption(): Option {
  return new Option('-o, --output <format>', 'for people, or for programs')
    .choices(['text', 'json'])
    .default('text');
}

export function configOption(): Option {
  return new Option('-c, --config <file>', 'configuration file (default: ./gateway.yaml)');
}

export function toPort(text: string): number {
  const port = Number(text);
  if (!/^\d{1,5}$/.test(text) || port > 65_535) {
    throw new InvalidArgumentError('A port is a number from 0 to 65535.');
  }
  return port;
}

export function toHost(text: string): string {
  const bracketed = text.includes(':') && !text.startsWith('[') ? `[${text}]` : text;
  const address = parseAddress(`${bracketed}:0`);
  if (address === null) throw new InvalidArgumentError('A host is an IP address or a name.');
  return address.host;
}

export function toAddress(text: string): string {
  if (parseAddress(text) === null) {
    throw new InvalidArgumentError('An address has the form host:port.');
  }
  return text;
}

export function toMode(text: string): string {
  const problem = modeProblem(text);
  if (problem !== null) throw new InvalidArgumentError(`${problem}.`);
  return text;
}

export function toWorkers(text: string): number | 'auto' {
  if (text === 'auto') return text;
  const count = Number(text);
  if (!/^\d{1,3}$/.test(text) || count < 1 || count > WORKERS_MAX) {
    throw new InvalidArgumentError(`Workers are "auto" or a number from 1 to ${WORKERS_MAX}.`);
  }
  return count;
}

export function toSwitch(text: string): boolean {
  const on = /^(?:1|true|on|yes)$/i.test(text);
  if (!on && !/^(?:0|false|off|no)$/i.test(text)) {
    throw new InvalidArgumentError('A switch is "on" or "off".');
  }
  return on;
}

export function toEndpointUrl(text: string): string {
  const problem = endpointUrlProblem(text);
  if (problem !== null) throw new InvalidArgumentError(`${problem}.`);
  return text;
}

export function toHttpUrl(text: string): string {
  if (!isHttpUrl(text)) throw new InvalidArgumentError(`${HTTP_URL_EXPECTED}.`);
  return text;
}

export function toBoolean(text: string): boolean {
  if (/^(?:true|1|yes|on)$/i.test(text)) return true;
  if (/^(?:false|0|no|off)?$/i.test(text)) return false;
  throw new InvalidArgumentError('Expected true or false.');
}

/** Collects `-H 'name: value'`, as curl has it. */
export function toHeaders(
  text: string,
  earlier: readonly (readonly [string, string])[],
): (readonly [string, string])[] {
  const [, name = '', value = ''] = /^([!#$%&'*+.^_`|~\w-]+):\s*(.*?)\s*$/.exec(text) ?? [];
  if (name === '') throw new InvalidArgumentError('A header has the form "name: value".');
  return [...earlier, [name, value]];
}
