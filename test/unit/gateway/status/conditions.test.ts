import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { resolve } from '../../../../gateway/resolve/resolve.ts';
import { renderStatus } from '../../../../gateway/status/conditions.ts';
import { resourcesOf } from '../../../support/configuration.ts';

test('renderStatus has a line for each object, listener, parent and ancestor', () => {
  const [input = ''] = readFileSync('test/golden/resolve/post.yaml', 'utf8').split('---\n# Output\n');
  const { statuses } = resolve(resourcesOf(input));
  expect(statuses.flatMap(renderStatus)).toEqual([
    'Gateway agentgateway-system/mcp-gateway: Accepted=True/Accepted Programmed=True/Programmed',
    'Gateway agentgateway-system/mcp-gateway listener mcp: Accepted=True/Accepted Conflicted=False/NoConflicts ResolvedRefs=True/ResolvedRefs Programmed=True/Programmed',
    'HTTPRoute agentgateway-system/mcp-route parent agentgateway-system/mcp-gateway: Accepted=True/Accepted ResolvedRefs=True/ResolvedRefs',
    'AgentgatewayBackend agentgateway-system/github-mcp-server: Accepted=True/Accepted',
    'AgentgatewayPolicy agentgateway-system/mcp-tracing: Accepted=True/Valid Attached=True/Attached',
  ]);
});
