import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { Ajv } from 'ajv';
import { parseAllDocuments, stringify } from 'yaml';

/** A request and what is to become of it. */
export interface RequestCase {
  /** In namespace `infra`. */
  readonly gateway: string;
  /** Of the listener; default 80. */
  readonly port?: number;
  /** TLS server name: the listener speaks HTTPS. */
  readonly serverName?: string;
  readonly method?: string;
  /** Default `example.com`. */
  readonly host?: string;
  /** With query. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Default 200. */
  readonly status?: number;
  /** Service that is to answer. */
  readonly backend?: string;
  /** Service whose endpoint is to answer, if it goes by another name than the backend. */
  readonly pod?: string;
  /** Name of the rule that is to match. */
  readonly rule?: string;
  readonly location?: string;
  /** Header fields, path and host that the backend is to see. */
  readonly seen?: Readonly<Record<string, string>>;
  readonly unseen?: readonly string[];
  readonly seenPath?: string;
  readonly seenHost?: string;
  /** Header fields of the answer. */
  readonly answer?: Readonly<Record<string, string>>;
  readonly unanswered?: readonly string[];
}

/** How requests are to spread over backends. */
export interface SharesCase {
  readonly gateway: string;
  readonly path: string;
  readonly draws: number;
  readonly backends: Readonly<Record<string, number>>;
  readonly tolerance: number;
}

export interface Expectation {
  /** By `Kind namespace/name`: `metadata.generation` that statuses are to be about. */
  readonly generations?: Readonly<Record<string, number>>;
  /** By `Kind namespace/name`, `Gateway … listener …`, `HTTPRoute … parent …`: conditions that are to be there. */
  readonly conditions?: Readonly<Record<string, readonly string[]>>;
  /** By Gateway: its listeners, and no others. */
  readonly listeners?: Readonly<Record<string, readonly string[]>>;
  /** By `namespace/gateway listener`. */
  readonly attachedRoutes?: Readonly<Record<string, number>>;
  readonly supportedKinds?: Readonly<Record<string, readonly string[]>>;
  readonly requests?: readonly RequestCase[];
  readonly shares?: SharesCase;
}

/** What happens, in order: an object is applied, or deleted (`Kind namespace/name`), or the world is looked at. */
export type Step = { readonly apply: string } | { readonly delete: string } | { readonly expect: Expectation };

export interface ConformanceCase {
  /** Of the test in the upstream suite. */
  readonly name: string;
  readonly about: string;
  readonly features: readonly string[];
  readonly steps: readonly Step[];
}

const FOLDER = 'test/conformance';
/** Features of the suite's core. */
const CORE: ReadonlySet<string> = new Set(['Gateway', 'HTTPRoute', 'ReferenceGrant']);

export const isCore = ({ features }: ConformanceCase): boolean => features.every((feature) => CORE.has(feature));

const map = (additionalProperties: unknown) => ({ type: 'object', additionalProperties });
const text = { type: 'string' };
const texts = { type: 'array', items: text };
const number = { type: 'number' };
const record = (properties: Record<string, unknown>, required: readonly string[]) => ({
  type: 'object',
  properties,
  required,
  additionalProperties: false,
});

/** A word that nobody knows would be a check that is never made. */
const validate = new Ajv().compile({
  oneOf: [
    record({ about: text, features: texts }, ['about', 'features']),
    record({ delete: text }, ['delete']),
    record(
      {
        expect: record(
          {
            generations: map(number),
            conditions: map(texts),
            listeners: map(texts),
            attachedRoutes: map(number),
            supportedKinds: map(texts),
            requests: {
              type: 'array',
              minItems: 1,
              items: record(
                {
                  ...Object.fromEntries(
                    [
                      'gateway',
                      'serverName',
                      'method',
                      'host',
                      'path',
                      'backend',
                      'pod',
                      'rule',
                      'location',
                      'seenPath',
                      'seenHost',
                    ].map((name) => [name, text]),
                  ),
                  port: number,
                  status: number,
                  headers: map(text),
                  seen: map(text),
                  unseen: texts,
                  answer: map(text),
                  unanswered: texts,
                },
                ['gateway', 'path'],
              ),
            },
            shares: record({ gateway: text, path: text, draws: number, backends: map(number), tolerance: number }, [
              'gateway',
              'path',
              'draws',
              'backends',
              'tolerance',
            ]),
          },
          [],
        ),
      },
      ['expect'],
    ),
  ],
});

/** All cases, in the order of their names. */
export const readCases = (): readonly ConformanceCase[] =>
  readdirSync(join(FOLDER, 'cases'))
    .sort()
    .map((file) => readCase(join(FOLDER, 'cases', file)));

/** The objects that all cases begin with. */
export const readBase = (): readonly Step[] => documents(join(FOLDER, 'base.yaml')).map(toStep);

const readCase = (file: string): ConformanceCase => {
  const [head, ...rest] = documents(file);
  if (!validate(head) || typeof head !== 'object' || head === null || !('about' in head)) {
    throw new Error(`${file}: the first document says about and features: ${JSON.stringify(validate.errors)}`);
  }
  const steps = rest.map((document) => {
    if (!isObject(document) && !validate(document)) {
      throw new Error(`${file}: ${JSON.stringify(document).slice(0, 80)}: ${JSON.stringify(validate.errors)}`);
    }
    return toStep(document);
  });
  const { about, features } = head as unknown as Pick<ConformanceCase, 'about' | 'features'>;
  return { name: basename(file, '.yaml'), about, features, steps };
};

const documents = (file: string): readonly unknown[] =>
  parseAllDocuments(readFileSync(file, 'utf8')).map((document) => {
    const [error] = document.errors;
    if (error !== undefined) throw new Error(`${file}: ${error.message}`);
    return document.toJS() as unknown;
  });

const isObject = (document: unknown): boolean =>
  typeof document === 'object' && document !== null && 'apiVersion' in document;

const toStep = (document: unknown): Step =>
  isObject(document) ? { apply: stringify(document, { lineWidth: 0 }) } : (document as Step);
