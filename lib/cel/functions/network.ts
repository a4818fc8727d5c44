import { isIPv4, isIPv6 } from 'node:net';
import { spend } from '../engine/meter.ts';
import { CelEvaluationError } from '../expression.ts';
import type { CelFunction } from './signature.ts';

/** Namespace of `ip.isCanonical(x)`. */
export class IpNamespace {}

/** An address. What can be told of it follows Go's net/netip, as the CEL library of Kubernetes does. */
export class Ip {
  readonly family: 4 | 6;
  readonly bits: bigint;

  constructor(family: 4 | 6, bits: bigint) {
    this.family = family;
    this.bits = bits;
  }

  get length(): number {
    return this.family === 4 ? 32 : 128;
  }

  /** Undefined for all else, zones and IPv4 in IPv6 among it. */
  static parse(text: string): Ip | undefined {
    if (isIPv4(text))
      return new Ip(
        4,
        text.split('.').reduce((bits, part) => (bits << 8n) | BigInt(part), 0n),
      );
    if (!isIPv6(text) || text.includes('%') || text.includes('.')) return undefined;
    const [head = '', tail] = text.split('::');
    const groups = (part: string): string[] => (part === '' ? [] : part.split(':'));
    const [before, after] = [groups(head), groups(tail ?? '')];
    const zeros = Array<string>(8 - before.length - after.length).fill('0');
    const bits = [...before, ...zeros, ...after].reduce((sum, group) => (sum << 16n) | BigInt(`0x${group}`), 0n);
    return bits >> 32n === 0xffffn ? undefined : new Ip(6, bits);
  }

  /** With all but the first bits zero. */
  masked(prefix: number): Ip {
    const rest = BigInt(this.length - prefix);
    return new Ip(this.family, (this.bits >> rest) << rest);
  }

  startsWith(prefix: number, bits: bigint): boolean {
    return this.bits >> BigInt(this.length - prefix) === bits;
  }

  equals(other: Ip): boolean {
    return this.family === other.family && this.bits === other.bits;
  }

  /** As RFC 5952 writes it. */
  toString(): string {
    if (this.family === 4) return [24n, 16n, 8n, 0n].map((by) => (this.bits >> by) & 255n).join('.');
    const groups = Array.from({ length: 8 }, (_, index) => (this.bits >> BigInt(112 - 16 * index)) & 0xffffn);
    const text = groups.map((group) => group.toString(16)).join(':');
    const [longest] = [...text.matchAll(/\b0(?::0\b)+/g)].sort(
      (a, b) => b[0].length - a[0].length || a.index - b.index,
    );
    if (longest === undefined) return text;
    return `${text.slice(0, longest.index).replace(/:$/, '')}::${text.slice(longest.index + longest[0].length).replace(/^:/, '')}`;
  }
}

/** A block of addresses, with the address that it was written with. */
export class Cidr {
  readonly ip: Ip;
  readonly prefix: number;

  constructor(ip: Ip, prefix: number) {
    this.ip = ip;
    this.prefix = prefix;
  }

  static parse(text: string): Cidr | undefined {
    const [, address = '', length = ''] = /^([^/]+)\/(0|[1-9]\d{0,2})$/.exec(text) ?? [];
    const ip = Ip.parse(address);
    return ip === undefined || Number(length) > ip.length ? undefined : new Cidr(ip, Number(length));
  }

  contains(ip: Ip): boolean {
    return ip.family === this.ip.family && ip.masked(this.prefix).equals(this.ip.masked(this.prefix));
  }

  includes(other: Cidr): boolean {
    return other.prefix >= this.prefix && this.contains(other.ip);
  }

  toString(): string {
    return `${this.ip}/${this.prefix}`;
  }
}

const PARSE_COST = 12;

const parsedIp = (text: string): Ip | undefined => {
  spend(PARSE_COST);
  return Ip.parse(text);
};

const parsedCidr = (text: string): Cidr | undefined => {
  spend(PARSE_COST);
  return Cidr.parse(text);
};

const ip = (text: string): Ip => parsedIp(text) ?? fail('ip: not an IP address');
const cidr = (text: string): Cidr => parsedCidr(text) ?? fail('cidr: not a CIDR block');

const fail = (why: string): never => {
  throw new CelEvaluationError(why);
};

const LOOPBACK = (address: Ip): boolean => (address.family === 4 ? address.startsWith(8, 127n) : address.bits === 1n);
const MULTICAST = (address: Ip): boolean =>
  address.family === 4 ? address.startsWith(4, 14n) : address.startsWith(8, 0xffn);
const LINK_LOCAL_MULTICAST = (address: Ip): boolean =>
  address.family === 4
    ? address.startsWith(24, 0xe00000n)
    : address.startsWith(8, 0xffn) && ((address.bits >> 112n) & 0xfn) === 2n;
const LINK_LOCAL_UNICAST = (address: Ip): boolean =>
  address.family === 4 ? address.startsWith(16, 0xa9fen) : address.startsWith(10, 0x3fan);
const UNSPECIFIED = (address: Ip): boolean => address.bits === 0n;
const GLOBAL_UNICAST = (address: Ip): boolean =>
  !(UNSPECIFIED(address) || LOOPBACK(address) || MULTICAST(address) || LINK_LOCAL_UNICAST(address)) &&
  !(address.family === 4 && address.bits === 0xffff_ffffn);

export const NETWORK: readonly CelFunction[] = [
  ['ip(string): IP', ip],
  ['isIP(string): bool', (text) => parsedIp(text) !== undefined],
  ['IpNamespace.isCanonical(string): bool', (_, text) => ip(text).toString() === text],
  ['string(IP): string', (address) => address.toString()],
  ['IP.family(): int', (address: Ip) => BigInt(address.family)],
  ['IP.isUnspecified(): bool', UNSPECIFIED],
  ['IP.isLoopback(): bool', LOOPBACK],
  ['IP.isLinkLocalMulticast(): bool', LINK_LOCAL_MULTICAST],
  ['IP.isLinkLocalUnicast(): bool', LINK_LOCAL_UNICAST],
  ['IP.isGlobalUnicast(): bool', GLOBAL_UNICAST],
  ['cidr(string): CIDR', cidr],
  ['isCIDR(string): bool', (text) => parsedCidr(text) !== undefined],
  ['string(CIDR): string', (block) => block.toString()],
  ['CIDR.containsIP(IP): bool', (block: Cidr, address) => block.contains(address)],
  ['CIDR.containsIP(string): bool', (block: Cidr, text) => block.contains(ip(text))],
  ['CIDR.containsCIDR(CIDR): bool', (block: Cidr, other) => block.includes(other)],
  ['CIDR.containsCIDR(string): bool', (block: Cidr, text) => block.includes(cidr(text))],
  ['CIDR.ip(): IP', (block: Cidr) => block.ip],
  ['CIDR.masked(): CIDR', (block: Cidr) => new Cidr(block.ip.masked(block.prefix), block.prefix)],
  ['CIDR.prefixLength(): int', (block: Cidr) => BigInt(block.prefix)],
];

export const NETWORK_OPERATORS: readonly CelFunction[] = [
  ['IP == IP', (a: Ip, b: Ip) => a.equals(b)],
  ['CIDR == CIDR', (a: Cidr, b: Cidr) => a.prefix === b.prefix && a.ip.equals(b.ip)],
];
