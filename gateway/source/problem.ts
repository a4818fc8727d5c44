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
  | 'unsupported-field'
  | 'unsupported-value'
  | 'wrong-type'
  | 'invalid-value'
  | 'missing-field'
  | 'duplicate'
  | 'missing-variable';

/** What is wrong with the input, as data. A `note` stops nothing. */
export interface Problem extends Location {
  readonly severity: 'error' | 'note';
  readonly rule: ProblemRule;
  /** `Kind namespace/name`, when the document got so far. */
  readonly object?: string;
  /** `spec.listeners[0].port`. */
  readonly field?: string;
  readonly message: string;
}
