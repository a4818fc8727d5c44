import { AGENTGATEWAY_PARAMETERS, type AgentgatewayParameters } from '../../../lib/api/agentgateway/parameters.ts';
import { condition } from '../../../lib/api/conditions.ts';
import { type ObjectStatus, withoutEffect } from '../status.ts';

/** What became of parameters: whoever deploys reads them, and what it does not heed is named. */
export const parametersStatus = ({ metadata, spec }: AgentgatewayParameters): ObjectStatus => {
  const { namespace = '', name, generation = 1 } = metadata;
  return {
    kind: 'AgentgatewayParameters',
    namespace,
    name,
    conditions: [
      condition('ParametersAccepted', generation),
      ...withoutEffect(AGENTGATEWAY_PARAMETERS.properties.spec, spec, generation),
    ],
  };
};
