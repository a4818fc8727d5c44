import { resolve } from 'node:path';
import { definitions } from '../../components/definitions.ts';
import type { Kubectl } from './kubectl.ts';

/** What `dist/` is applied after: the definitions of the Gateway API and of the Prometheus operator, and our own, which its objects need. */
export const OWN_DEFINITIONS = resolve('dist/0000-agentgateway-crds.k8s.yaml');

/** Applies them all, and waits until they are served. */
export const applyDefinitions = async (kubectl: Kubectl): Promise<void> => {
  await kubectl.apply(await definitions('gateway-api', process.env));
  await kubectl.apply(await definitions('prometheus-operator', process.env));
  await kubectl.apply(OWN_DEFINITIONS);
  await kubectl.established();
};
