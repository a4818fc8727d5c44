import { ApiObject } from 'cdk8s';
import { Construct } from 'constructs';
import { definitions } from './definitions.ts';

/**
 * The CustomResourceDefinitions of AgentgatewayBackend, AgentgatewayParameters and AgentgatewayPolicy (agentgateway.dev/v1alpha1). They
 * belong to the cluster, once: apply them before anything of these kinds.
 */
export class AgentgatewayCrds extends Construct {
  constructor(scope: Construct, id: string) {
    super(scope, id);
    for (const { metadata, ...definition } of definitions()) {
      new ApiObject(this, metadata.name, { ...definition, metadata });
    }
  }
}
