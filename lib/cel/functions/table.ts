import { Flattened } from '../flatten.ts';
import { Base64, BYTES_OPERATORS, ENCODING, Form, Md5, Sha1, Sha256, Url } from './encoding.ts';
import { HTTP } from './http.ts';
import { JSON_FUNCTIONS } from './json.ts';
import { Cidr, Ip, IpNamespace, NETWORK, NETWORK_OPERATORS } from './network.ts';
import { CONVERSIONS, MATH, MathNamespace, NUMBER_OPERATORS } from './numbers.ts';
import type { CelFunction } from './signature.ts';
import { STRINGS } from './strings.ts';
import { TIME, TIME_OPERATORS } from './time.ts';
import { VALUES } from './values.ts';

/** Names with methods of their own, and the type that they have in signatures: a bundler may call the class differently. */
export const NAMESPACES = [
  ['base64', 'Base64', Base64],
  ['url', 'Url', Url],
  ['form', 'Form', Form],
  ['sha1', 'Sha1', Sha1],
  ['sha256', 'Sha256', Sha256],
  ['md5', 'Md5', Md5],
  ['math', 'MathNamespace', MathNamespace],
  ['ip', 'IpNamespace', IpNamespace],
] as const;

/** Types that the engine does not have. */
export const TYPES = [
  ['IP', Ip],
  ['CIDR', Cidr],
  ['Flattened', Flattened],
] as const;

/** The functions that the engine lacks, and those in the place of its own; a signature belongs to one entry. */
export const FUNCTIONS: readonly CelFunction[] = [
  ...JSON_FUNCTIONS,
  ...ENCODING,
  ...STRINGS,
  ...CONVERSIONS,
  ...MATH,
  ...TIME,
  ...NETWORK,
  ...HTTP,
  ...VALUES,
];

export const OPERATORS: readonly CelFunction[] = [
  ...NETWORK_OPERATORS,
  ...BYTES_OPERATORS,
  ...NUMBER_OPERATORS,
  ...TIME_OPERATORS,
];

/** Functions of the engine that are not part of the language. */
export const REMOVED: readonly string[] = [
  'bytes.json(): map',
  'bytes.hex(): string',
  'bytes.string(): string',
  'bytes.base64(): string',
  'bytes.at(int): int',
];
