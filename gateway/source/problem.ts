/** A place in a file. Line and column count from 1. */
export interface Location {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** Which check failed. */
export type ProblemRule =
  | 'unreadable'
  | 'too-large'
  | 'not-yaml'
  | 'not-an-object'
  | 'unknown-kind'
  | 'unknown-field'
  | 'wrong-type'
  | 'invalid-value'
  | 'missing-field'
  | 'duplicate'
  | 'missing-variable'
  /** The Kubernetes API does not answer. */
  | 'unreachable'
  /** It has no such kind, or does not let us read it. */
  | 'not-served'
  | 'forbidden';

/** What is wrong with the input, as data, with its place if it is from a file. A `note` stops nothing. */
export interface Problem extends Partial<Location> {
  readonly severity: 'error' | 'note';
  readonly rule: ProblemRule;
  /** `Kind namespace/name`, when the document got so far. */
  readonly object?: string;
  /** `spec.listeners[0].port`. */
  readonly field?: string;
  readonly message: string;
}
