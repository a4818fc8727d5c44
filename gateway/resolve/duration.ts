const UNITS: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1_000, ms: 1 };

/** Milliseconds of a Gateway API duration (GEP-2257: `1h30m`, `500ms`), whose form the schema has checked. */
export const milliseconds = (duration: string): number => {
  let sum = 0;
  for (const [, digits, unit = ''] of duration.matchAll(/(\d+)(ms|h|m|s)/g)) sum += Number(digits) * (UNITS[unit] ?? 0);
  return sum;
};
