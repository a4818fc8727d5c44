import { type Kubectl, KubectlError } from './kubectl.ts';

/** Says which cluster kubectl reaches. @throws {KubectlError} in a line or two if it reaches none */
export const reachedCluster = async (kubectl: Kubectl): Promise<string> => {
  const { code, err } = await kubectl.run(['version', '--request-timeout=10s']);
  if (code !== 0) {
    const [reason = 'no answer'] = err.trim().split('\n').slice(-1);
    throw new KubectlError(
      `kubectl reaches no cluster: ${reason}\nKUBECONFIG or \`kubectl config use-context\` says which one is meant.`,
    );
  }
  const { out } = await kubectl.run(['config', 'current-context']);
  return out.trim() || 'the one that kubectl reaches without a context';
};
