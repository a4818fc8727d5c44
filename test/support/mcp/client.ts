/** What a client of Streamable HTTP sends with each POST. */
export const HEADERS = {
  accept: 'application/json, text/event-stream',
  'content-type': 'application/json',
};

export const INITIALIZE = {
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'test', version: '1' } },
};

export const toolCall = (name: string, id: string | number = 2) => ({
  jsonrpc: '2.0',
  id,
  method: 'tools/call',
  params: { name, arguments: {} },
});

export const post = (
  url: string,
  message: unknown,
  headers: Record<string, string> = {},
  signal?: AbortSignal,
): Promise<Response> =>
  fetch(url, {
    method: 'POST',
    headers: { ...HEADERS, ...headers },
    body: typeof message === 'string' ? message : JSON.stringify(message),
    ...(signal === undefined ? {} : { signal }),
  });

/** Opens a session and returns the header that carries it. */
export const openSession = async (url: string): Promise<Record<string, string>> => {
  const answer = await post(url, INITIALIZE);
  await answer.text();
  return { 'mcp-session-id': answer.headers.get('mcp-session-id') ?? '' };
};
