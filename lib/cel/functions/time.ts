import { Duration } from '@marcbachmann/cel-js/evaluator';
import { spend } from '../engine/meter.ts';
import { CelEvaluationError } from '../expression.ts';
import { type CelFunction, DURATION, TIMESTAMP } from './signature.ts';

/** Years 1 to 9999, in milliseconds. */
const MIN_TIME = -62_135_596_800_000;
const MAX_TIME = 253_402_300_799_999;
/** What 64 bits of nanoseconds hold, some 292 years, as in cel-go. */
const MAX_DURATION = 2n ** 63n - 1n;
const MAX_DURATION_LENGTH = 64;
const NANOS = 1_000_000_000n;

/** Time zones with a formatter of their own; making one takes as long as a thousand evaluations. */
const MAX_ZONES = 64;
const ZONE_COST = 1_000;
const ZONE_LOOKUP_COST = 40;
const PARSE_COST = 10;
const MAX_ZONE_LENGTH = 64;

const nanosOf = ({ seconds, nanos }: Duration): bigint => seconds * NANOS + BigInt(nanos);

const durationOf = (nanos: bigint): Duration => {
  if (nanos > MAX_DURATION || nanos < -MAX_DURATION) throw new CelEvaluationError('duration out of range');
  return new Duration(nanos / NANOS, Number(nanos % NANOS));
};

/** `-1.5s`. */
export const durationText = (duration: Duration): string => {
  const nanos = nanosOf(duration);
  const [sign, magnitude] = nanos < 0n ? ['-', -nanos] : ['', nanos];
  const fraction = (magnitude % NANOS).toString().padStart(9, '0').replace(/0+$/, '');
  return `${sign}${magnitude / NANOS}${fraction === '' ? '' : `.${fraction}`}s`;
};

const UNITS: Readonly<Record<string, bigint>> = {
  h: 3_600n * NANOS,
  m: 60n * NANOS,
  s: NANOS,
  ms: 1_000_000n,
  us: 1_000n,
  µs: 1_000n,
  ns: 1n,
};

/** For variables. */
export const durationOfMilliseconds = (value: number): Duration => durationOf(BigInt(Math.round(value * 1_000_000)));

/** As Go writes durations: `-1h2.5m`. */
const parseDuration = (text: string): Duration => {
  spend(PARSE_COST);
  const parts = /^([+-]?)((?:(?:\d+\.?\d*|\.\d+)(?:h|ms|m|s|us|µs|ns))+|0)$/.exec(
    text.slice(0, MAX_DURATION_LENGTH + 1),
  );
  if (parts === null || text.length > MAX_DURATION_LENGTH) throw new CelEvaluationError('duration: not a duration');
  let nanos = 0n;
  for (const [, whole = '', fraction = '', unit = ''] of (parts[2] ?? '').matchAll(/(\d*)\.?(\d*)([a-zµ]+)/g)) {
    const size = UNITS[unit] ?? 0n;
    nanos += BigInt(whole) * size + (BigInt(fraction) * size) / 10n ** BigInt(fraction.length);
  }
  return durationOf(parts[1] === '-' ? -nanos : nanos);
};

const timeOf = (milliseconds: number): Date => {
  if (!(milliseconds >= MIN_TIME && milliseconds <= MAX_TIME)) throw new CelEvaluationError('timestamp out of range');
  return new Date(milliseconds);
};

const RFC_3339 = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:[Zz]|[+-]\d\d:\d\d)$/;

const parseTime = (text: string): Date => {
  spend(PARSE_COST);
  const time = text.length <= 35 && RFC_3339.test(text) ? Date.parse(text.toUpperCase()) : Number.NaN;
  // Date.parse turns the 30th of February into the 1st of March.
  const day = new Date(`${text.slice(0, 10)}T00:00:00Z`).getTime();
  if (Number.isNaN(time) || new Date(day).toISOString().slice(0, 10) !== text.slice(0, 10)) {
    throw new CelEvaluationError('timestamp: not RFC 3339');
  }
  return timeOf(time);
};

const milliseconds = (duration: Duration): number => Number(nanosOf(duration) / 1_000_000n);

const zones = new Map<string, Intl.DateTimeFormat>();

const formatterOf = (zone: string): Intl.DateTimeFormat => {
  let formatter = zones.get(zone);
  if (formatter === undefined) {
    spend(ZONE_COST);
    try {
      if (zone.length > MAX_ZONE_LENGTH) throw new RangeError();
      formatter = new Intl.DateTimeFormat('en-US', {
        timeZone: zone,
        calendar: 'iso8601',
        hourCycle: 'h23',
        ...{ year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', second: 'numeric' },
      });
    } catch {
      throw new CelEvaluationError('no such time zone');
    }
    if (zones.size >= MAX_ZONES) zones.clear();
    zones.set(zone, formatter);
  }
  return formatter;
};

const OFFSET = /^([+-]?)(\d\d):(\d\d)$/;

/** The same wall-clock time, in UTC. */
const inZone = (time: Date, zone: string): Date => {
  const offset = OFFSET.exec(zone);
  if (offset !== null) {
    const minutes = Number(offset[2]) * 60 + Number(offset[3]);
    return new Date(time.getTime() + (offset[1] === '-' ? -minutes : minutes) * 60_000);
  }
  spend(ZONE_LOOKUP_COST);
  const part: Record<string, number> = {};
  for (const { type, value } of formatterOf(zone).formatToParts(time)) part[type] = Number(value);
  const { year = 0, month = 1, day, hour, minute, second } = part;
  const wall = new Date(Date.UTC(2000, month - 1, day, hour, minute, second, time.getUTCMilliseconds()));
  wall.setUTCFullYear(year, month - 1, day);
  return wall;
};

const ACCESSORS: Readonly<Record<string, (time: Date) => number>> = {
  getFullYear: (time) => time.getUTCFullYear(),
  getMonth: (time) => time.getUTCMonth(),
  getDate: (time) => time.getUTCDate(),
  getDayOfMonth: (time) => time.getUTCDate() - 1,
  getDayOfWeek: (time) => time.getUTCDay(),
  getDayOfYear: (time) =>
    (Date.UTC(2000, time.getUTCMonth(), time.getUTCDate()) - Date.UTC(2000, 0, 1)) / 86_400_000 -
    (isLeap(time.getUTCFullYear()) || time.getUTCMonth() < 2 ? 0 : 1),
  getHours: (time) => time.getUTCHours(),
  getMinutes: (time) => time.getUTCMinutes(),
  getSeconds: (time) => time.getUTCSeconds(),
  getMilliseconds: (time) => time.getUTCMilliseconds(),
};

const isLeap = (year: number): boolean => year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);

const DURATION_ACCESSORS: Readonly<Record<string, (nanos: bigint) => bigint>> = {
  getHours: (nanos) => nanos / (3_600n * NANOS),
  getMinutes: (nanos) => nanos / (60n * NANOS),
  getSeconds: (nanos) => nanos / NANOS,
  // What is left below the second, as cel-go has it.
  getMilliseconds: (nanos) => (nanos / 1_000_000n) % 1_000n,
};

export const TIME: readonly CelFunction[] = [
  [`timestamp(string): ${TIMESTAMP}`, parseTime],
  [`timestamp(int): ${TIMESTAMP}`, (seconds) => timeOf(Number(seconds) * 1000)],
  [`timestamp(${TIMESTAMP}): ${TIMESTAMP}`, (time) => time],
  [`string(${TIMESTAMP}): string`, (time: Date) => time.toISOString().replace(/\.?0*Z$/, 'Z')],
  [`int(${TIMESTAMP}): int`, (time: Date) => BigInt(Math.floor(time.getTime() / 1000))],
  [`duration(string): ${DURATION}`, parseDuration],
  [`duration(${DURATION}): ${DURATION}`, (duration) => duration],
  [`string(${DURATION}): string`, durationText],
  ...Object.entries(ACCESSORS).flatMap(([name, read]): CelFunction[] => [
    [`${TIMESTAMP}.${name}(): int`, (time) => BigInt(read(time))],
    [`${TIMESTAMP}.${name}(string): int`, (time, zone) => BigInt(read(inZone(time, zone)))],
  ]),
  ...Object.entries(DURATION_ACCESSORS).map(
    ([name, read]): CelFunction => [`${DURATION}.${name}(): int`, (duration) => read(nanosOf(duration))],
  ),
];

export const TIME_OPERATORS: readonly CelFunction[] = [
  [`${DURATION} + ${DURATION}: ${DURATION}`, (a, b) => durationOf(nanosOf(a) + nanosOf(b))],
  [`${DURATION} - ${DURATION}: ${DURATION}`, (a, b) => durationOf(nanosOf(a) - nanosOf(b))],
  [`${TIMESTAMP} + ${DURATION}: ${TIMESTAMP}`, (time, by) => timeOf(time.getTime() + milliseconds(by))],
  [`${DURATION} + ${TIMESTAMP}: ${TIMESTAMP}`, (by, time) => timeOf(time.getTime() + milliseconds(by))],
  [`${TIMESTAMP} - ${DURATION}: ${TIMESTAMP}`, (time, by) => timeOf(time.getTime() - milliseconds(by))],
  [`${TIMESTAMP} - ${TIMESTAMP}: ${DURATION}`, (a, b) => durationOf(BigInt(a.getTime() - b.getTime()) * 1_000_000n)],
];
