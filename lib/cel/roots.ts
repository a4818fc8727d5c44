/** A field of a variable: its type, or its own fields. `any`: whatever the sender or another system put there. */
type Shape = CelTypeName | { readonly [field: string]: Shape };

type CelTypeName = 'string' | 'int' | 'bytes' | 'timestamp' | 'duration' | 'map' | 'list' | 'headers' | 'any';

const NAMED = { target: 'string', name: 'string' } as const;

/**
 * Every variable that the compatible system declares, and its fields. A name outside of this table is an undeclared reference, rejected
 * when the expression is compiled; one inside it that a request does not have (`jwt` without authentication) is missing when it is
 * evaluated.
 */
export const CEL_VARIABLES = {
  request: {
    method: 'string',
    uri: 'string',
    host: 'string',
    scheme: 'string',
    path: 'string',
    pathAndQuery: 'string',
    version: 'string',
    headers: 'headers',
    body: 'bytes',
    bodyPrefix: 'bytes',
    startTime: 'timestamp',
    endTime: 'timestamp',
  },
  response: { code: 'int', grpcStatus: 'int', headers: 'headers', body: 'bytes', bodyPrefix: 'bytes' },
  proxy: {
    bind: 'string',
    gateway: { namespace: 'string', name: 'string' },
    listener: { name: 'string' },
    route: { namespace: 'string', name: 'string', kind: 'string', rule: 'string' },
    requestProcessingDuration: 'duration',
    upstreamDuration: 'duration',
    responseProcessingDuration: 'duration',
  },
  env: { podName: 'string', namespace: 'string', gateway: 'string' },
  jwt: 'any',
  apiKey: 'any',
  basicAuth: { username: 'string' },
  source: {
    address: 'string',
    port: 'int',
    rawAddress: 'string',
    rawPort: 'int',
    identity: { trustDomain: 'string', namespace: 'string', serviceAccount: 'string' },
    spiffeId: 'string',
    subjectAltNames: 'list',
    issuer: 'string',
    subject: 'string',
    subjectCn: 'string',
    certificate: 'string',
    unverifiedWorkload: { name: 'string', namespace: 'string', serviceAccount: 'string' },
    connectHeaders: 'headers',
  },
  destination: { address: 'string', port: 'int', hostname: 'string' },
  mcp: {
    methodName: 'string',
    sessionId: 'string',
    tool: { ...NAMED, arguments: 'map', result: 'any', error: 'any' },
    prompt: NAMED,
    resource: NAMED,
    task: NAMED,
  },
  backend: { name: 'string', type: 'string', protocol: 'string' },
  llm: 'any',
  llmRequest: 'any',
  extauthz: 'any',
  extproc: 'any',
  mcpGuardrails: 'any',
  metadata: 'any',
} as const satisfies Readonly<Record<string, Shape>>;

export type CelRoot = keyof typeof CEL_VARIABLES;

/** The fields that a variable has by name; none for one that holds whatever others put there. */
export type CelField<Root extends CelRoot> = (typeof CEL_VARIABLES)[Root] extends string
  ? never
  : keyof (typeof CEL_VARIABLES)[Root] & string;

export const ROOT_NAMES = Object.keys(CEL_VARIABLES) as readonly CelRoot[];

/** What is not kept of a request unless an expression reads it. */
export const CEL_NEEDS = [
  'request.headers',
  'request.body',
  'request.bodyPrefix',
  'response.headers',
  'response.body',
  'response.bodyPrefix',
  'mcp.tool.arguments',
  'mcp.tool.result',
  'mcp.tool.error',
] as const;

export type CelNeed = (typeof CEL_NEEDS)[number];

/** The first part of a path from a root that the table above does not have: `mcp.tol` of `mcp.tol.name`. */
export const undeclaredPart = (path: string): string | undefined => {
  let shape: Shape = CEL_VARIABLES;
  const parts = path.split('.');
  for (const [index, part] of parts.entries()) {
    // The fields of these are the sender's, and have no dots; those of the others end here.
    if (shape === 'any' || shape === 'map' || shape === 'headers') return undefined;
    if (typeof shape === 'string' || !Object.hasOwn(shape, part)) return parts.slice(0, index + 1).join('.');
    shape = shape[part] as Shape;
  }
  return undefined;
};
