import { spend } from '../engine/meter.ts';
import { CelEvaluationError, CelMissingError } from '../expression.ts';
import { fromJson, toJson } from '../json.ts';
import { findField } from '../json-field.ts';
import { textOf } from './encoding.ts';
import type { CelFunction } from './signature.ts';

/** Parsing makes a value of every other character at worst. */
const PARSED_PER_UNIT = 4;
const SCANNED_PER_UNIT = 32;

export const parseJson = (text: string): unknown => {
  spend(text.length / PARSED_PER_UNIT);
  try {
    return fromJson(JSON.parse(text));
  } catch (error) {
    throw new CelEvaluationError(error instanceof RangeError ? `json: ${error.message}` : 'json: not JSON');
  }
};

const jsonField = (text: string, name: string): unknown => {
  spend(text.length / SCANNED_PER_UNIT);
  const field = findField(text, name);
  if (field === undefined) throw new CelMissingError(`jsonField: no such key: ${name.slice(0, 64)}`);
  return parseJson(field);
};

/** The claims of a token that nobody has verified (RFC 7519 §7.2, without any of its checks). */
const jwtPayload = (token: string): unknown => {
  const parts = token.split('.', 4);
  const [, payload = ''] = parts;
  if (parts.length !== 3 || !/^[\w-]+$/.test(payload)) {
    throw new CelEvaluationError('unvalidatedJwtPayload: not a JSON Web Token');
  }
  return parseJson(textOf(Buffer.from(payload, 'base64url')));
};

/** @throws {CelEvaluationError} */
const jsonText = (value: unknown): string => {
  try {
    return toJson(value, spend);
  } catch (error) {
    throw error instanceof RangeError ? new CelEvaluationError(`toJson: ${error.message}`) : error;
  }
};

export const JSON_FUNCTIONS: readonly CelFunction[] = [
  ['json(string): dyn', parseJson],
  ['json(bytes): dyn', (bytes) => parseJson(textOf(bytes))],
  ['jsonField(string, string): dyn', jsonField],
  ['jsonField(bytes, string): dyn', (bytes, name) => jsonField(textOf(bytes), name)],
  ['toJson(dyn): string', jsonText],
  ['to_json(dyn): string', jsonText],
  ['unvalidatedJwtPayload(string): dyn', jwtPayload],
];
