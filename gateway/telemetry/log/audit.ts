import { createHash } from 'node:crypto';
import { AUDIT_FIELDS as FIELD } from '../../../lib/api/telemetry/audit.ts';
import type { CelContext } from '../../../lib/cel/expression.ts';
import { evaluate } from '../attributes.ts';
import { capturedArguments, capturedResult } from '../capture/captured.ts';
import { serverFailure } from '../failure.ts';
import type { TelemetryPolicy } from '../policy.ts';
import type { RequestRecord } from '../record.ts';
import { timestamp } from './access-log.ts';

/** The operation that is audited. */
const TOOL_CALL = 'tools/call';

/** The audit record of a finished tool call, without line break; undefined: it was something else. */
export const auditLine = (
  record: RequestRecord,
  { accessLog, principal }: TelemetryPolicy,
  context: CelContext,
): string | undefined => {
  const { mcp, labels, backend, trace, request, error, outcome, startTime, endTime } = record;
  if (mcp?.method !== TOOL_CALL) return undefined;
  const denied = outcome === 'denied';
  const written = JSON.stringify({
    [FIELD.time]: timestamp(endTime),
    [FIELD.scope]: 'audit',
    [FIELD.decision]: denied ? 'deny' : 'allow',
    [FIELD.rule]: denied ? (error?.rule ?? error?.type ?? null) : null,
    [FIELD.outcome]: outcome,
    [FIELD.principal]: principalOf(principal && evaluate(principal, context)),
    [FIELD.tool]: mcp.name ?? null,
    [FIELD.target]: mcp.target ?? null,
    [FIELD.gateway]: labels.gateway,
    [FIELD.listener]: labels.listener,
    [FIELD.route]: labels.route ?? null,
    [FIELD.backend]: backend?.name ?? null,
    [FIELD.session]: mcp.sessionId ?? null,
    [FIELD.requestId]: mcp.requestId ?? null,
    [FIELD.clientAddress]: request.remoteAddress,
    [FIELD.errorType]: serverFailure(record)?.type ?? null,
    [FIELD.duration]: Math.max(0, Math.round((endTime - startTime) * 1_000) / 1_000),
    [FIELD.traceId]: trace?.traceId ?? null,
    [FIELD.spanId]: trace?.spanId ?? null,
    [FIELD.argumentsHash]: mcp.arguments === undefined ? null : hash(mcp.arguments),
    [FIELD.arguments]: capturedArguments(mcp, accessLog?.capture),
    [FIELD.result]: capturedResult(mcp, accessLog?.capture),
  });
  // A viewer may take these for line breaks.
  return written.replace(/[\u0085\u2028\u2029]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
};

const MAX_PRINCIPAL_LENGTH = 256;

const principalOf = (value: unknown): string | null =>
  typeof value === 'string' && value !== '' ? value.slice(0, MAX_PRINCIPAL_LENGTH) : null;

const hash = (value: unknown): string => createHash('sha256').update(JSON.stringify(value)).digest('hex');
