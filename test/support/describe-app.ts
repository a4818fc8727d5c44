import { type App, Chart, Testing } from 'cdk8s';
import { parse } from 'yaml';
import { AgentgatewayBackend } from '../../lib/agentgateway/backend.ts';
import type { OtlpCollector } from '../../lib/agentgateway/collector.ts';
import type { TracingProps } from '../../lib/agentgateway/frontend.ts';
import type { McpTargetProps } from '../../lib/agentgateway/mcp-target.ts';
import { AgentgatewayParameters, type AgentgatewayParametersProps } from '../../lib/agentgateway/parameters.ts';
import { AgentgatewayPolicy, type AgentgatewayPolicyProps } from '../../lib/agentgateway/policy.ts';
import { GatewayWorkload } from '../../lib/agentgateway/workload/workload.ts';
import { SecretReference } from '../../lib/core/secret.ts';
import { Gateway, type ListenerProps } from '../../lib/gateway-api/gateway.ts';
import { HttpRoute, type HttpRouteRuleProps } from '../../lib/gateway-api/http-route.ts';

/** Constructs as data, by `namespace/name`; what takes an object in TypeScript takes its name here. */
interface Description {
  readonly parameters?: Readonly<Record<string, AgentgatewayParametersProps>>;
  readonly gateways?: Readonly<
    Record<string, { readonly listeners: readonly ListenerProps[]; readonly parameters?: string }>
  >;
  readonly workloads?: readonly string[];
  readonly secrets?: Readonly<Record<string, { readonly keys: readonly string[] }>>;
  readonly backends?: Readonly<Record<string, { readonly targets: readonly DescribedTarget[] }>>;
  readonly routes?: Readonly<Record<string, DescribedRoute>>;
  readonly collectors?: Readonly<Record<string, Partial<OtlpCollector>>>;
  readonly policies?: Readonly<Record<string, DescribedPolicy>>;
}

type DescribedTarget = Omit<McpTargetProps, 'auth'> & { readonly auth?: readonly [secret: string, key: string] };

interface DescribedRoute {
  readonly parents: readonly DescribedParent[];
  readonly rules: readonly (Omit<HttpRouteRuleProps, 'backends'> & { readonly backends: readonly string[] })[];
}

type DescribedPolicy = Omit<AgentgatewayPolicyProps, 'targets' | 'tracing'> & {
  readonly targets: readonly DescribedParent[];
  readonly tracing?: Omit<TracingProps, 'collector'> & { readonly collector: string };
};

/** A Gateway, or one listener of it. */
type DescribedParent = string | readonly [gateway: string, listener: string];

/** The app that a YAML text describes. */
export const appOf = (text: string): App => {
  const description = parse(text) as Description;
  const app = Testing.app();
  const chartOf = (namespace: string): Chart =>
    (app.node.tryFindChild(namespace) as Chart | undefined) ?? new Chart(app, namespace, { namespace });
  const map = <D, C>(described: Readonly<Record<string, D>> = {}, create: (chart: Chart, id: string, item: D) => C) =>
    new Map(
      Object.entries(described).map(([key, item]) => {
        const [namespace = '', name = ''] = key.split('/');
        return [key, create(chartOf(namespace), name, item)] as const;
      }),
    );

  const parameters = map(description.parameters, (chart, id, props) => new AgentgatewayParameters(chart, id, props));
  const gateways = map(description.gateways, (chart, id, { parameters: named, ...props }) => {
    const own = named === undefined ? {} : { parameters: get(parameters, named) };
    return new Gateway(chart, id, { ...props, ...own });
  });
  const parentOf = (parent: DescribedParent) =>
    typeof parent === 'string' ? get(gateways, parent) : get(gateways, parent[0]).listener(parent[1]);
  for (const name of description.workloads ?? []) {
    const gateway = get(gateways, name);
    new GatewayWorkload(chartOf(gateway.namespace), 'workload', { gateway, image: 'tooltrail/tooltrail:test' });
  }
  const secrets = map(description.secrets, (chart, id, props) => new SecretReference(chart, id, props));
  const backends = map(description.backends, (chart, id, { targets }) => {
    const resolved = targets.map(({ auth, ...target }) =>
      auth === undefined ? target : { ...target, auth: get(secrets, auth[0]).key(auth[1]) },
    );
    return new AgentgatewayBackend(chart, id, { targets: resolved });
  });
  map(description.routes, (chart, id, { parents, rules }) => {
    const resolved = rules.map((rule) => ({ ...rule, backends: rule.backends.map((name) => get(backends, name)) }));
    return new HttpRoute(chart, id, { parents: parents.map(parentOf), rules: resolved });
  });
  const collectors = map<Partial<OtlpCollector>, OtlpCollector>(description.collectors, (chart, id, props) => ({
    ...{ namespace: chart.namespace ?? '', serviceName: id, grpcPort: 4317, httpPort: 4318, grantScope: chart },
    ...props,
  }));
  map(description.policies, (chart, id, { targets, tracing, ...props }) => {
    const resolved =
      tracing === undefined ? {} : { tracing: { ...tracing, collector: get(collectors, tracing.collector) } };
    return new AgentgatewayPolicy(chart, id, { ...props, ...resolved, targets: targets.map(parentOf) });
  });
  return app;
};

const get = <T>(items: ReadonlyMap<string, T>, name: string): T => {
  const item = items.get(name);
  if (item === undefined) throw new Error(`the golden does not describe ${name}`);
  return item;
};
