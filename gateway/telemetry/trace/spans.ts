import { STANDARD_ATTRIBUTES as NAME, REQUEST_ATTRIBUTES, SPAN_NAME } from '../../../lib/api/telemetry/attributes.ts';
import type { CelContext } from '../../../lib/cel/expression.ts';
import { applyRules, evaluate, requestAttributes } from '../attributes.ts';
import { capturedArguments, capturedResult } from '../capture/captured.ts';
import type { CapturePolicy } from '../capture/redact.ts';
import { clientFailure, type Failure, serverFailure } from '../failure.ts';
import type { AttributeValue, TracingPolicy } from '../policy.ts';
import type { McpFacts, RequestRecord, UpstreamCall } from '../record.ts';
import type { SpanAttribute, SpanData, SpanStatus } from './span.ts';
import type { TraceContext } from './trace-context.ts';

/** Characters of a span's name. */
const MAX_SPAN_NAME_LENGTH = 256;

/** How SERVER spans are named: `POST /mcp/*` as in the post, or `tools/call get_me` by the semantic conventions for MCP. */
export type SpanNames = 'post' | 'semconv';

/**
 * The spans of a finished request: SERVER, and a CLIENT child for each call to an upstream. Empty when the policy's filter is not true.
 *
 * @param context the variables that the policy's expressions read
 */
export const buildSpans = (
  record: RequestRecord,
  trace: TraceContext,
  policy: TracingPolicy,
  context: CelContext,
  names: SpanNames = 'post',
): readonly SpanData[] => {
  if (policy.filter !== undefined && evaluate(policy.filter, context) !== true) return [];
  return [
    serverSpan(record, trace, policy, context, names),
    ...record.upstreamCalls.map((call) => clientSpan(record, trace, call)),
  ];
};

const serverSpan = (
  record: RequestRecord,
  trace: TraceContext,
  { attributes: rules, capture }: TracingPolicy,
  context: CelContext,
  names: SpanNames,
): SpanData => {
  const failure = serverFailure(record);
  const attributes = requestAttributes(record, 'span');
  applyRules(attributes, rules, context);
  const name = attributes.get(SPAN_NAME);
  attributes.delete(SPAN_NAME);
  const decided = new Set([...rules.add.map(({ name }) => name), ...rules.remove]);
  for (const [name, value] of standardServerAttributes(record, failure, capture)) {
    if (!attributes.has(name) && !decided.has(name)) attributes.set(name, value);
  }
  return {
    traceId: trace.traceId,
    spanId: trace.spanId,
    parentSpanId: trace.parentSpanId,
    parentIsRemote: trace.parentSpanId !== undefined,
    traceState: trace.traceState,
    traceFlags: trace.flags,
    name: (typeof name === 'string' && name !== '' ? name : serverSpanName(record, names)).slice(
      0,
      MAX_SPAN_NAME_LENGTH,
    ),
    kind: 'SERVER',
    startTime: record.startTime,
    endTime: Math.max(record.startTime, record.endTime),
    attributes: [...attributes],
    events: [],
    droppedEvents: 0,
    links: trace.links,
    status: statusOf(failure),
  };
};

const serverSpanName = ({ request, pathMatch, mcp }: RequestRecord, names: SpanNames): string => {
  if (names === 'semconv' && mcp?.method !== undefined) return operationName(mcp.method, mcp);
  // Never the path itself, which a client chooses.
  return pathMatch === undefined ? 'unknown' : `${request.method} ${pathMatch}`;
};

/** The method, and the tool or prompt that it is about. */
const operationName = (operation: string, mcp: McpFacts | undefined): string =>
  (mcp?.resourceType === 'tool' || mcp?.resourceType === 'prompt') && mcp.name !== undefined
    ? `${operation} ${mcp.name}`
    : operation;

const clientSpan = (record: RequestRecord, trace: TraceContext, call: UpstreamCall): SpanData => {
  const mcp = record.mcp?.method === call.operation ? record.mcp : undefined;
  const failure = clientFailure(call, mcp);
  return {
    traceId: trace.traceId,
    spanId: call.spanId,
    parentSpanId: trace.spanId,
    parentIsRemote: false,
    traceState: trace.traceState,
    traceFlags: trace.flags,
    name: operationName(call.operation, mcp).slice(0, MAX_SPAN_NAME_LENGTH),
    kind: 'CLIENT',
    startTime: call.startTime,
    endTime: Math.max(call.startTime, call.endTime),
    attributes: known([
      [REQUEST_ATTRIBUTES.mcpMethod, mcp?.method],
      [REQUEST_ATTRIBUTES.mcpTarget, record.backend?.protocol === 'http' ? undefined : call.target],
      ...operationAttributes(mcp),
      // Semantic conventions for HTTP: there, the operation is the method.
      [NAME.requestMethod, record.backend?.protocol === 'http' ? call.operation : undefined],
      [NAME.serverAddress, call.host],
      [NAME.serverPort, BigInt(call.port)],
      [NAME.responseStatus, call.status === 0 ? undefined : BigInt(call.status)],
      [NAME.requestSize, call.requestBytes === 0 ? undefined : BigInt(call.requestBytes)],
      [NAME.responseSize, BigInt(call.responseBytes)],
      [NAME.transport, 'tcp'],
      [NAME.errorType, failure?.type],
    ]),
    events: call.events,
    droppedEvents: call.droppedEvents,
    links: [],
    status: statusOf(failure),
  };
};

type MaybeAttribute = readonly [name: string, value: AttributeValue | undefined];

const known = (attributes: readonly MaybeAttribute[]): SpanAttribute[] =>
  attributes.filter((attribute): attribute is SpanAttribute => attribute[1] !== undefined);

const standardServerAttributes = (
  { request, mcp }: RequestRecord,
  failure: Failure | undefined,
  capture: CapturePolicy | undefined,
): SpanAttribute[] =>
  known([
    ...operationAttributes(mcp),
    [NAME.transport, 'tcp'],
    [NAME.clientAddress, request.remoteAddress],
    [NAME.clientPort, BigInt(request.remotePort)],
    [NAME.errorType, failure?.type],
    [NAME.callArguments, capturedArguments(mcp, capture)],
    [NAME.callResult, capturedResult(mcp, capture)],
  ]);

/** What both sides say of the operation. */
const operationAttributes = (mcp: McpFacts | undefined): MaybeAttribute[] => {
  if (mcp === undefined) return [];
  const name = (type: McpFacts['resourceType']) => (mcp.resourceType === type ? mcp.name : undefined);
  return [
    [NAME.operation, mcp.method === 'tools/call' ? 'execute_tool' : undefined],
    [NAME.tool, name('tool')],
    [NAME.prompt, name('prompt')],
    [NAME.resourceUri, name('resource')],
    [NAME.mcpProtocolVersion, mcp.protocolVersion],
    [NAME.requestId, mcp.requestId === undefined ? undefined : String(mcp.requestId)],
    [NAME.rpcStatus, mcp.errorCode === undefined ? undefined : String(mcp.errorCode)],
  ];
};

const statusOf = (failure: Failure | undefined): SpanStatus =>
  failure === undefined ? { code: 'UNSET' } : { code: 'ERROR', message: failure.description };
