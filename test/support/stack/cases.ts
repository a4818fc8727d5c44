import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { Chart, Testing } from 'cdk8s';
import { parse } from 'yaml';
import { type SecretKey, SecretReference } from '../../../lib/core/secret.ts';
import { type CollectorOptions, NAMESPACE, type TempoOptions } from './configs.ts';

/** Options as data: `{ secretKey: [secret, key] }`, with a namespace behind if it is not the usual one, is a key of a Secret. */
export const optionsOf = (text: string): unknown => revive(parse(text));

const revive = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(revive);
  if (typeof value !== 'object' || value === null) return value;
  if ('secretKey' in value) return secretKey(...(value.secretKey as [string, string, string?]));
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, revive(member)]));
};

/** Of a Secret that somebody else owns. */
export const secretKey = (name: string, key: string, namespace: string = NAMESPACE): SecretKey => {
  const chart = new Chart(Testing.app(), 'secrets', { namespace });
  return new SecretReference(chart, name, { keys: [key], create: false }).key(key);
};

/** The inputs of goldens that synthesize, by name. */
const casesOf = (folder: string): Readonly<Record<string, unknown>> =>
  Object.fromEntries(
    readdirSync(folder)
      .filter((file) => file.endsWith('.yaml') && !file.startsWith('refused'))
      .map((file) => [
        basename(file, '.yaml'),
        optionsOf(readFileSync(join(folder, file), 'utf8').split('\n---\n')[0] ?? ''),
      ]),
  );

export const COLLECTOR_GOLDENS = 'test/golden/collector';
export const TEMPO_GOLDENS = 'test/golden/tempo';

/** Option sets that tests go through. */
export const collectorCases = () => casesOf(COLLECTOR_GOLDENS) as Readonly<Record<string, CollectorOptions>>;
export const tempoCases = () => casesOf(TEMPO_GOLDENS) as Readonly<Record<string, TempoOptions>>;
