/** What a policy says of one field. */
export interface PolicyField<S> {
  /** `namespace/name`. */
  readonly policy: string;
  readonly spec: S;
}
