import type { IncomingMessage } from 'node:http';
import { parse } from 'yaml';
import { GatewayError } from '../../../../gateway/errors.ts';
import { OutcomeReader } from '../../../../gateway/mcp/answer/outcome.ts';
import { type FactsContext, noFacts, noteMessage, noteOutcome } from '../../../../gateway/mcp/facts.ts';
import { checkAccept, checkContentType, protocolVersion } from '../../../../gateway/mcp/headers.ts';
import { errorBody } from '../../../../gateway/mcp/jsonrpc.ts';
import { mediaType, SSE_TYPE } from '../../../../gateway/mcp/media.ts';
import { parseMessage } from '../../../../gateway/mcp/message.ts';
import { KnownNames } from '../../../../gateway/telemetry/names.ts';
import type { McpFacts } from '../../../../gateway/telemetry/record.ts';
import { testGoldens } from '../../../support/golden.ts';

interface Case {
  readonly request: { readonly headers?: Record<string, string>; readonly body: string };
  readonly answer?: { readonly headers: Record<string, string>; readonly body: string };
}

const HEADERS = { accept: 'application/json, text/event-stream', 'content-type': 'application/json' };

testGoldens('test/golden/mcp', (input) => {
  const { request, answer } = parse(input) as Case;
  const context: FactsContext = { target: 'everything', key: 'default/everything', names: new KnownNames() };
  const facts = noFacts();
  try {
    classify(request, facts, context);
  } catch (error) {
    return refusal(error, facts);
  }
  const outcome = answer === undefined ? undefined : read(answer, facts);
  if (outcome !== undefined) {
    noteOutcome(facts, outcome, context);
  }
  return { facts: said(facts), ...(outcome === undefined ? {} : { listed: outcome.listed }) };
});

const classify = ({ headers = {}, body }: Case['request'], facts: McpFacts, context: FactsContext): void => {
  const request = { headers: { ...HEADERS, ...headers } } as unknown as IncomingMessage;
  checkAccept(request, 'POST');
  checkContentType(request);
  noteMessage(facts, parseMessage(Buffer.from(body)), context);
  facts.protocolVersion = protocolVersion(request) ?? facts.protocolVersion;
};

const read = ({ headers, body }: NonNullable<Case['answer']>, facts: McpFacts) => {
  const reader = new OutcomeReader(mediaType(headers['content-type']) === SSE_TYPE ? 'sse' : 'json', {
    id: facts.requestId ?? 0,
  });
  reader.push(Buffer.from(body));
  reader.end();
  return reader.outcome;
};

const refusal = (error: unknown, facts: McpFacts) => {
  if (!(error instanceof GatewayError)) {
    throw error;
  }
  return { refused: error.code, status: error.info.status, body: JSON.parse(errorBody(facts.requestId, error)) };
};

const said = (facts: McpFacts) => Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined));
