import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parseAllDocuments, stringify } from 'yaml';
import { CORE_FEATURES } from '../../lib/api/features.ts';
import { validateHead, validateStep } from './schema.ts';

/** A request and what is to become of it. Names of header fields that are looked for are lower case. */
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
  /** How often it is sent, one after the other; each has to end as said. Default 1. */
  readonly repeat?: number;
  /** Nobody is to answer: there is no such port, or no certificate for the name. */
  readonly refused?: true;
  /** Default 200. */
  readonly status?: number;
  /** Service that is to answer. */
  readonly backend?: string;
  /** Service whose endpoint is to answer, if it goes by another name than the backend. */
  readonly pod?: string;
  /** Name of the rule that is to match. */
  readonly rule?: string;
  /** Of a redirect; none may come unasked. */
  readonly location?: string;
  /** Header fields, path and host that the backend is to see. */
  readonly seen?: Readonly<Record<string, string>>;
  readonly unseen?: readonly string[];
  readonly seenPath?: string;
  readonly seenHost?: string;
  /** TLS server name that the backend is to see. */
  readonly seenServerName?: string;
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
  /** Header fields that each backend is to see. */
  readonly seen?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** Whatever has a status and is not named in `conditions` has to be well: accepted, resolved, programmed. */
export interface Expectation {
  /** By `Kind namespace/name`: `metadata.generation` that statuses are to be about. */
  readonly generations?: Readonly<Record<string, number>>;
  /** By `Kind namespace/name`, `Gateway … listener …`, `HTTPRoute … parent …`: conditions that are to be there, as `type=status/reason`. */
  readonly conditions?: Readonly<Record<string, readonly string[]>>;
  /** By Gateway: the addresses of its status, and no others. */
  readonly addresses?: Readonly<Record<string, readonly string[]>>;
  /** By Gateway: its listeners, and no others. */
  readonly listeners?: Readonly<Record<string, readonly string[]>>;
  /** By `namespace/gateway listener`. */
  readonly attachedRoutes?: Readonly<Record<string, number>>;
  readonly supportedKinds?: Readonly<Record<string, readonly string[]>>;
  readonly requests?: readonly RequestCase[];
  readonly shares?: SharesCase;
}

/** What happens, in order: an object is applied, or deleted (`Kind namespace/name`), or the world is looked at. */
export type Change = { readonly apply: string } | { readonly delete: string };
export type Step = Change | { readonly expect: Expectation };

export interface ConformanceCase {
  /** Of the test in the upstream suite. */
  readonly name: string;
  readonly about: string;
  readonly features: readonly string[];
  readonly steps: readonly Step[];
}

const FOLDER = 'test/conformance';
const CORE: ReadonlySet<string> = new Set(CORE_FEATURES);

/** Whether the suite asks it of everybody. */
export const isCore = ({ features }: ConformanceCase): boolean => features.every((feature) => CORE.has(feature));

/** All cases, in the order of their names. */
export const readCases = (): readonly ConformanceCase[] =>
  readdirSync(join(FOLDER, 'cases'))
    .sort()
    .map((file) => readCase(basename(file, '.yaml'), readFileSync(join(FOLDER, 'cases', file), 'utf8')));

/** The objects that all cases begin with, as YAML. */
export const readBase = (): readonly string[] =>
  documents('base', readFileSync(join(FOLDER, 'base.yaml'), 'utf8')).map((document) => toChange(document).apply);

/** One case of YAML; throws if a word in it is not known, or if it checks nothing. */
export const readCase = (name: string, text: string): ConformanceCase => {
  const [head, ...rest] = documents(name, text);
  const { about, features } = validateHead(name, head);
  const steps = rest.map((document) => (isObject(document) ? toChange(document) : validateStep(name, document)));
  const last = steps.at(-1);
  if (last === undefined || !('expect' in last)) throw new Error(`${name}: nothing is expected in the end`);
  return { name, about, features, steps };
};

const documents = (name: string, text: string): readonly unknown[] =>
  parseAllDocuments(text).map((document) => {
    const [error] = document.errors;
    if (error !== undefined) throw new Error(`${name}: ${error.message}`);
    return document.toJS() as unknown;
  });

const isObject = (document: unknown): boolean =>
  typeof document === 'object' && document !== null && 'apiVersion' in document;

const toChange = (document: unknown): { readonly apply: string } => ({ apply: stringify(document, { lineWidth: 0 }) });
