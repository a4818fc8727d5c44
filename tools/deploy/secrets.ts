import type { Kubectl } from './kubectl.ts';

/** The Secret that the post's backend names, and its key. */
const TOKEN = { namespace: 'agentgateway-system', name: 'github-pat', key: 'Authorization' } as const;

/** Owner of the token's field: applying `dist/` again leaves it alone. */
const FIELD_MANAGER = 'tooltrail-token';

/** Puts the token where the gateway reads it; by standard input, so that no list of processes shows it. Returns what to say of that. */
export const putToken = async (kubectl: Kubectl, token: string | undefined): Promise<string> => {
  const { namespace, name, key } = TOKEN;
  if (token !== undefined) {
    const secret = {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name, namespace },
      stringData: { [key]: `Bearer ${token}` },
    };
    await kubectl.must(
      ['apply', '--server-side', '--force-conflicts', `--field-manager=${FIELD_MANAGER}`, '-f', '-'],
      JSON.stringify(secret),
    );
    return `GITHUB_PAT is in Secret ${namespace}/${name}`;
  }
  const { code, out } = await kubectl.run(['get', 'secret', name, '-n', namespace, '-o', `jsonpath={.data.${key}}`]);
  if (code !== 0) return `no Secret ${namespace}/${name}: nothing to fill in`;
  return out === '' ? `Secret ${namespace}/${name} is empty: GITHUB_PAT=… make deploy fills it in` : 'as it was';
};
