import { Ajv, type ValidateFunction } from 'ajv';
import { SUPPORTED_FEATURES } from '../../lib/api/features.ts';
import type { ConformanceCase, Step } from './case.ts';

const text = { type: 'string' };
const count = { type: 'integer', minimum: 0 };
const some = (items: unknown) => ({ type: 'array', items, minItems: 1 });
const map = (additionalProperties: unknown) => ({ type: 'object', additionalProperties, minProperties: 1 });
/** Node gives names of fields in lower case: another one would never be found, nor missed. */
const field = { type: 'string', pattern: '^[a-z0-9-]+$' };
const fields = { ...map(text), propertyNames: field };
const record = (properties: Record<string, unknown>, required: readonly string[], rest = {}) => ({
  type: 'object',
  properties,
  required,
  additionalProperties: false,
  minProperties: 1,
  ...rest,
});

/** Only who is answered by a backend learns what it saw. */
const whereServed = { type: 'object', properties: { status: { const: 200 }, method: { not: { const: 'OPTIONS' } } } };
const asked = {
  gateway: text,
  port: count,
  serverName: text,
  method: text,
  host: text,
  path: text,
  headers: map(text),
  repeat: { type: 'integer', minimum: 1 },
  refused: { const: true },
};
const request = record(
  {
    ...asked,
    status: count,
    backend: text,
    pod: text,
    rule: text,
    location: text,
    seen: fields,
    unseen: some(field),
    seenPath: text,
    seenHost: text,
    seenServerName: text,
    answer: fields,
    unanswered: some(field),
  },
  ['gateway', 'path'],
  {
    dependencies: {
      ...Object.fromEntries(
        ['seen', 'unseen', 'seenPath', 'seenHost', 'seenServerName', 'pod'].map((name) => [name, whereServed]),
      ),
      refused: record(asked, []),
    },
  },
);
const shares = record(
  {
    gateway: text,
    path: text,
    draws: { type: 'integer', minimum: 1 },
    backends: map({ type: 'number', minimum: 0, maximum: 1 }),
    tolerance: { type: 'number', minimum: 0, maximum: 1 },
    seen: map(fields),
  },
  ['gateway', 'path', 'draws', 'backends', 'tolerance'],
);

const ajv = new Ajv({ allErrors: true });
/** A word that nobody knows would be a check that is never made. */
const head = ajv.compile(record({ about: text, features: some({ enum: SUPPORTED_FEATURES }) }, ['about', 'features']));
const step = ajv.compile({
  type: 'object',
  oneOf: [
    record({ delete: text }, ['delete']),
    record(
      {
        expect: record(
          {
            generations: map(count),
            conditions: map(some({ type: 'string', pattern: '^[A-Za-z]+=(True|False|Unknown)/[A-Za-z]+$' })),
            addresses: map({ type: 'array', items: text }),
            listeners: map(some(text)),
            attachedRoutes: map(count),
            supportedKinds: map({ type: 'array', items: text }),
            requests: some(request),
            shares,
          },
          [],
        ),
      },
      ['expect'],
    ),
  ],
});

const check = (validate: ValidateFunction, name: string, document: unknown): unknown => {
  if (validate(document)) return document;
  const reasons = validate.errors?.map(({ instancePath, message, params }) =>
    [instancePath, message, JSON.stringify(params)].join(' '),
  );
  throw new Error(`${name}: ${JSON.stringify(document)?.slice(0, 80)}: ${reasons?.join('; ')}`);
};

/** The first document of a case. */
export const validateHead = (name: string, document: unknown): Pick<ConformanceCase, 'about' | 'features'> =>
  check(head, name, document) as Pick<ConformanceCase, 'about' | 'features'>;

/** A document that is no Kubernetes object. */
export const validateStep = (name: string, document: unknown): Step => check(step, name, document) as Step;
