/** What a policy says of one field. */
export interface PolicyField<S> {
  /** `namespace/name`. */
  readonly policy: string;
  readonly spec: S;
  /** Of the policy object. */
  readonly annotations?: Readonly<Record<string, string>> | undefined;
}
