/**
 * A function by its signature, `string.charAt(int): string`. Arguments come typed as it says: int as bigint, double as number, bytes as
 * Uint8Array; a method's receiver is the first. A failure is a CelEvaluationError. What an argument or result of that size costs is
 * accounted for already.
 */
// biome-ignore lint/suspicious/noExplicitAny: each handler's arguments are typed by its signature, which the engine enforces.
export type CelFunction = readonly [signature: string, handler: (...args: any[]) => unknown];

export const TIMESTAMP = 'google.protobuf.Timestamp';
export const DURATION = 'google.protobuf.Duration';
