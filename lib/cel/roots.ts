/**
 * Every variable root that the compatible system declares. A name outside of this list is an undeclared reference, rejected when the
 * expression is compiled; one inside it that a request does not have (`jwt` without authentication) is missing when it is evaluated.
 */
export const CEL_ROOTS = [
  'request',
  'response',
  'proxy',
  'env',
  'jwt',
  'apiKey',
  'basicAuth',
  'source',
  'destination',
  'mcp',
  'backend',
  'llm',
  'llmRequest',
  'extauthz',
  'extproc',
  'mcpGuardrails',
  'metadata',
] as const;

export type CelRoot = (typeof CEL_ROOTS)[number];
