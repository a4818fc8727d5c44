import type { Snapshot } from './snapshot.ts';

const REDACTED = '<redacted>';
/** Lists whose items hold a secret, and in which field. */
const SECRETS: Readonly<Record<string, string>> = { credentials: 'value', certificates: 'key', certificate: 'key' };

/** A snapshot as plain JSON for people: expressions and patterns as their source, sets as lists, secrets redacted. */
export const printSnapshot = (snapshot: Snapshot): unknown => print(snapshot);

const print = (value: unknown, key?: string): unknown => {
  if (typeof value === 'bigint') return Number(value);
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof RegExp) return value.source;
  if (value instanceof Set) return [...value];
  if (value instanceof Map) return Object.fromEntries([...value].map(([name, item]) => [name, print(item)]));
  if (Array.isArray(value)) return value.map((item) => print(item, key));
  if ('evaluate' in value && 'source' in value) return value.source;
  const secret = SECRETS[key ?? ''];
  if (secret !== undefined && secret in value) return { ...value, [secret]: REDACTED };
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, item]) => item !== undefined)
      .map(([name, item]) => [name, print(item, name)]),
  );
};
