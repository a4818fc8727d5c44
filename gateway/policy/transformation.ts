import type { OutgoingHttpHeaders } from 'node:http';
import type { Transformation } from '../compile/rule-policy.ts';
import type { Forward } from '../exchange.ts';
import { parseTarget } from '../route/target.ts';
import { evaluate, textOf, type Variables } from './evaluate.ts';
import { RequestFields, ResponseFields, setHost } from './fields.ts';
import type { Fields } from './header-modifier.ts';

/** RFC 9110 §9.1. */
const METHOD = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** Their answers have no body, whatever their length says: a client that asked for another would wait for it. */
const METHODS_WITHOUT_BODY: ReadonlySet<string> = new Set(['HEAD', 'CONNECT']);
/** Final ones (RFC 9110 §15), without those that have no body. */
const STATUS = /^[2-5]\d\d$/;
const STATUSES_WITHOUT_BODY: ReadonlySet<string> = new Set(['204', '205', '304']);

/** Changes header fields, method, path and host as expressions say; they read the request as it came. The body is not touched. */
export const transformRequest = (forward: Forward, transformation: Transformation, variables: Variables): void => {
  transform(new RequestFields(forward), transformation, variables, (name, value) => {
    if (name === ':authority') setHost(forward, value);
    if (name === ':method' && METHOD.test(value) && !METHODS_WITHOUT_BODY.has(value)) forward.method = value;
    if (name === ':path' && value.startsWith('/') && parseTarget(value) !== undefined) forward.target = value;
  });
};

/**
 * Changes header fields and status as expressions say; they read the answer as it came. The body is not touched.
 * @returns the status
 */
export const transformResponse = (
  status: number,
  headers: OutgoingHttpHeaders,
  transformation: Transformation,
  variables: Variables,
): number => {
  let changed = status;
  transform(new ResponseFields(headers), transformation, variables, (name, value) => {
    if (name === ':status' && STATUS.test(value) && !STATUSES_WITHOUT_BODY.has(value)) changed = Number(value);
  });
  return changed;
};

/** A value that cannot be evaluated, or is no text, changes nothing. */
const transform = (
  fields: Fields,
  { set, add, remove }: Transformation,
  variables: Variables,
  setPseudo: (name: string, value: string) => void,
): void => {
  for (const { name, value } of set) {
    const text = textOf(evaluate(value, variables));
    if (text === undefined) continue;
    if (name.startsWith(':')) setPseudo(name, text);
    else fields.set(name.toLowerCase(), text);
  }
  for (const { name, value } of add) {
    const text = textOf(evaluate(value, variables));
    if (text === undefined) continue;
    // There is one of each: to add is to set.
    if (name.startsWith(':')) setPseudo(name, text);
    else fields.add(name.toLowerCase(), text);
  }
  for (const name of remove) fields.remove(name.toLowerCase());
};
