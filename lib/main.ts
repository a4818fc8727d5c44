import { App, YamlOutputType } from 'cdk8s';
import * as tooltrail from './index.ts';

const app = new App({ yamlOutputType: YamlOutputType.FILE_PER_CHART });
const stack = new tooltrail.McpObservabilityStack(app);
const labels = { app: 'github-mcp-server' };

const gateway = new tooltrail.Gateway(stack.gateway, 'mcp-gateway', { labels });
gateway.addListener({ name: 'mcp', port: 3000 });

const pat = new tooltrail.SecretReference(stack.secrets, 'github-pat', { keys: ['Authorization'] });
const backend = new tooltrail.AgentgatewayBackend(stack.gateway, 'github-mcp-server');
const server = { name: 'github-copilot', host: 'api.githubcopilot.com', port: 443, path: '/mcp/' };
backend.addTarget({ ...server, tls: {}, auth: pat.key('Authorization') });
const route = new tooltrail.HttpRoute(stack.gateway, 'mcp-route', { labels, parents: [gateway] });
route.addRule({ matches: [tooltrail.pathPrefix('/mcp')], backends: [backend] });

const method = { 'mcp.method_name': 'default(mcp.methodName, "")' };
const session = { 'mcp.session_id': 'default(mcp.sessionId, "")' };
const tool = { 'mcp.tool_name': 'default(mcp.tool.name, "")', 'mcp.tool_target': 'default(mcp.tool.target, "")' };
const origin = { 'backend.name': 'default(backend.name, "")', 'backend.type': 'default(backend.type, "")' };
new tooltrail.AgentgatewayPolicy(stack.gateway, 'mcp-tracing', {
  targets: [gateway],
  tracing: {
    collector: stack.collector,
    clientSampling: 'true',
    randomSampling: 'true',
    resources: { 'service.name': '"agentgateway-mcp"', 'deployment.environment.name': '"development"' },
    attributes: { ...method, ...session, ...tool, ...origin },
  },
  accessLog: { attributes: { ...tool, ...method } },
});
app.synth();
