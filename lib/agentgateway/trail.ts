import { POLICY_ANNOTATIONS, type TraceContextMode } from '../api/agentgateway/annotations.ts';

/** What of a tool call is written, on spans, in the access log and in audit records. Secrets are redacted by names and patterns. */
export interface CaptureProps {
  /** @default false */
  readonly arguments?: boolean;
  /** @default false */
  readonly results?: boolean;
  /**
   * Names of members whose values are never written, besides those that are known to be secrets (`password`, `token` and the like). Case,
   * `-`, `_` and spaces do not count.
   *
   * @default - none
   */
  readonly redactKeys?: readonly string[];
}

export interface AuditProps {
  /**
   * CEL expression that says who called.
   *
   * @default - nobody is named
   */
  readonly principal?: string;
}

/** What this gateway adds to the fields of an AgentgatewayPolicy; it stands in annotations. Source: docs/telemetry.md. */
export interface TrailProps {
  /**
   * What becomes of the trace context that a client sends: it is continued (`parent`), or a new trace begins with a link to it (`link`) or
   * without one (`ignore`). Needs `tracing`.
   *
   * @default - as the gateway is told: `parent`
   */
  readonly traceContext?: TraceContextMode;
  /**
   * Spans of requests that fail or are denied are exported whatever sampling said. Needs `tracing`.
   *
   * @default - as the gateway is told: they are not
   */
  readonly keepErrors?: boolean;
  /**
   * Needs `tracing` or `accessLog`.
   *
   * @default - neither arguments nor results
   */
  readonly capture?: CaptureProps;
  /**
   * An audit record for each tool call, allowed or denied; false: none, whatever the gateway is told. Needs `accessLog`.
   *
   * @default - as the gateway is told: none
   */
  readonly audit?: AuditProps | boolean;
}

/** The annotations that stand for them. */
export const toAnnotations = ({
  traceContext,
  keepErrors,
  capture,
  audit,
}: TrailProps): Readonly<Record<string, string>> => {
  const captured = [
    ...(capture?.arguments === true ? ['arguments'] : []),
    ...(capture?.results === true ? ['results'] : []),
  ];
  const principal = typeof audit === 'object' ? audit.principal : undefined;
  return {
    ...(traceContext === undefined ? {} : { [POLICY_ANNOTATIONS.traceContext]: traceContext }),
    ...(keepErrors === undefined ? {} : { [POLICY_ANNOTATIONS.keepErrors]: String(keepErrors) }),
    ...(captured.length === 0 ? {} : { [POLICY_ANNOTATIONS.capture]: captured.join(',') }),
    ...(capture?.redactKeys === undefined || capture.redactKeys.length === 0
      ? {}
      : { [POLICY_ANNOTATIONS.redactKeys]: capture.redactKeys.join(',') }),
    ...(audit === undefined ? {} : { [POLICY_ANNOTATIONS.audit]: String(audit !== false) }),
    ...(principal === undefined ? {} : { [POLICY_ANNOTATIONS.principal]: principal }),
  };
};

/** A line for each that has no effect, or is not what it should be. */
export const trailProblems = (
  { traceContext, keepErrors, capture, audit }: TrailProps,
  has: { readonly tracing: boolean; readonly accessLog: boolean },
): readonly string[] => [
  ...(traceContext !== undefined && !has.tracing ? ['traceContext: has no effect without tracing'] : []),
  ...(keepErrors !== undefined && !has.tracing ? ['keepErrors: has no effect without tracing'] : []),
  ...(capture !== undefined && !has.tracing && !has.accessLog
    ? ['capture: has no effect without tracing or accessLog']
    : []),
  ...(audit !== undefined && !has.accessLog ? ['audit: has no effect without accessLog: accessLog: {} is enough'] : []),
  ...(capture?.redactKeys ?? [])
    .filter((key) => key.trim() === '' || key.includes(','))
    .map((key) => `capture.redactKeys: ${JSON.stringify(key)} is no name of a member`),
];
