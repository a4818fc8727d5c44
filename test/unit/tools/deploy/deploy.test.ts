import { describe, expect, test } from '@jest/globals';
import { DEFINITIONS } from '../../../../tools/deploy/definitions.ts';
import { deploy } from '../../../../tools/deploy/deploy.ts';
import { type Answer, Kubectl } from '../../../../tools/deploy/kubectl.ts';
import { type ManifestFile, readManifests } from '../../../../tools/deploy/manifests.ts';
import { settingsOf } from '../../../../tools/deploy/settings.ts';
import { undeploy } from '../../../../tools/deploy/undeploy.ts';
import { pinned } from '../../../components/go.ts';

/** What kubectl was asked for, by a cluster that does all of it unless `answer` says otherwise. */
const cluster = (answer: (command: string) => Partial<Answer> = () => ({})) => {
  const asked: string[] = [];
  const inputs: string[] = [];
  const said: string[] = [];
  const kubectl = new Kubectl(async (args, input = '') => {
    const command = args.join(' ');
    asked.push(command);
    inputs.push(input);
    return { code: 0, out: '', err: '', ...answer(command) };
  });
  return { kubectl, asked, inputs, said, say: (line: string) => void said.push(line) };
};

const object = (kind: string, name: string, namespace?: string) => ({
  apiVersion: 'v1',
  kind,
  metadata: { name, ...(namespace === undefined ? {} : { namespace }) },
});

const FILES: readonly ManifestFile[] = [
  { path: '/dist/0-crds.yaml', objects: [object('CustomResourceDefinition', 'backends.agentgateway.dev')] },
  {
    path: '/dist/1-all.yaml',
    objects: [object('Deployment', 'controller', 'a'), object('ConfigMap', 'c', 'a'), object('Gateway', 'g', 'a')],
  },
  { path: '/dist/2-more.yaml', objects: [object('Deployment', 'x-grafana', 'b'), object('DaemonSet', 'nodes', 'b')] },
];

const ESTABLISHED = 'customresourcedefinition.apiextensions.k8s.io/backends.agentgateway.dev\n';
const isCrds = (command: string): boolean => command.startsWith('apply') && command.includes('crds');

describe('deploying', () => {
  test('brings definitions first, then each file, then waits for what runs', async () => {
    const { kubectl, asked, say } = cluster((command) => (isCrds(command) ? { out: ESTABLISHED } : {}));
    await deploy(kubectl, FILES, settingsOf({ CRDS: '/crds', GITHUB_PAT: 'x' }), say);
    expect(asked.map((command) => command.replace(/ --timeout=\d+s/, ''))).toEqual([
      'version --request-timeout=10s',
      'config current-context',
      'apply --server-side --recursive -o name -f /crds',
      `wait --for=condition=Established ${ESTABLISHED.trim()}`,
      'apply --server-side --recursive -o name -f /dist/0-crds.yaml',
      `wait --for=condition=Established ${ESTABLISHED.trim()}`,
      'apply --server-side --recursive -o name -f /dist/1-all.yaml',
      'apply --server-side --recursive -o name -f /dist/2-more.yaml',
      'apply --server-side --force-conflicts --field-manager=tooltrail-token -f -',
      'rollout status deployment/controller -n a',
      'wait --for=condition=Programmed gateways.gateway.networking.k8s.io/g -n a',
      'rollout status deployment/x-grafana -n b',
      'rollout status daemonset/nodes -n b',
    ]);
  });

  test('takes the definitions of others from their releases, unless they are elsewhere or there', async () => {
    const sources = async (CRDS?: string): Promise<readonly string[]> => {
      const { kubectl, asked, say } = cluster();
      await deploy(kubectl, [], settingsOf({ CRDS }), say);
      return asked.filter((command) => command.startsWith('apply')).map((command) => command.split(' -f ')[1] ?? '');
    };
    expect(await sources()).toEqual(Object.values(DEFINITIONS).map(({ url }) => url));
    expect(await sources('https://example.com/all.yaml')).toEqual(['https://example.com/all.yaml']);
    expect(await sources('crds')).toEqual([`${process.cwd()}/crds`]);
    expect(await sources('none')).toEqual([]);
  });

  test('gives the token by standard input: no list of processes and no line has it', async () => {
    const { kubectl, asked, inputs, said, say } = cluster();
    await deploy(kubectl, [], settingsOf({ GITHUB_PAT: 'ghp_canary' }), say);
    expect([...asked, ...said].join()).not.toContain('ghp_canary');
    expect(inputs.filter((text) => text !== '').map((text) => JSON.parse(text))).toEqual([
      {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: 'github-pat', namespace: 'agentgateway-system' },
        stringData: { Authorization: 'Bearer ghp_canary' },
      },
    ]);
  });

  test.each([
    ['there is none', { out: '' }, /is empty: GITHUB_PAT=… make deploy fills it in/],
    ['there is one', { out: 'QmVhcmVy' }, /as it was/],
    ['nothing names one', { code: 1 }, /no Secret/],
  ])('without a token says so: %s', async (_, answer, line) => {
    const { kubectl, said, say } = cluster((command) => (command.startsWith('get secret') ? answer : {}));
    await deploy(kubectl, [], settingsOf({}), say);
    expect(said).toContainEqual(expect.stringMatching(line));
  });

  test('does not wait for what is left out, and says so', async () => {
    const { kubectl, asked, said, say } = cluster();
    await deploy(kubectl, FILES, settingsOf({ WITHOUT: 'grafana,other' }), say);
    expect(asked.filter((command) => command.includes('grafana'))).toEqual([]);
    expect(said).toContain('left out     Deployment x-grafana');
  });

  test('ends where something does not become ready, with what kubectl said and the pods there', async () => {
    const { kubectl, asked, say } = cluster((command) => {
      if (command.startsWith('rollout status deployment/x-grafana')) return { code: 1, err: 'error: timed out\n' };
      return command === 'get pods -n b' ? { out: 'x-grafana-1  0/1  ImagePullBackOff\n' } : {};
    });
    await expect(deploy(kubectl, FILES, settingsOf({ DEPLOY_TIMEOUT: '7' }), say)).rejects.toThrow(
      /^Deployment x-grafana is not ready after 7 s: error: timed out\nx-grafana-1 {2}0\/1 {2}ImagePullBackOff/,
    );
    expect(asked.at(-1)).toBe('get pods -n b');
  });

  test('leaves what others have set unless it is forced, and says how', async () => {
    const conflict = { code: 1, err: 'error: Apply failed with 2 conflicts: conflict with "kubectl-patch"\n' };
    const refusing = cluster((command) => (/1-all.yaml/.test(command) && !/force/.test(command) ? conflict : {}));
    await expect(deploy(refusing.kubectl, FILES, settingsOf({}), refusing.say)).rejects.toThrow(/FORCE=1 make deploy/);
    await deploy(refusing.kubectl, FILES, settingsOf({ FORCE: '1' }), refusing.say);
    const others = cluster((command) => (/install.yaml/.test(command) ? conflict : {}));
    await expect(deploy(others.kubectl, FILES, settingsOf({}), others.say)).rejects.toThrow(/CRDS=none make deploy/);
    expect(refusing.asked).toContain('apply --server-side --force-conflicts --recursive -o name -f /dist/1-all.yaml');
  });

  test('ends at once where there is no cluster', async () => {
    const { kubectl, asked, say } = cluster(() => ({ code: 1, err: 'E1 noise\nThe connection was refused\n' }));
    const refused = /^kubectl reaches no cluster: The connection was refused\nKUBECONFIG or/;
    await expect(deploy(kubectl, FILES, settingsOf({}), say)).rejects.toThrow(refused);
    await expect(undeploy(kubectl, FILES, say)).rejects.toThrow(refused);
    expect(asked).toHaveLength(2);
  });
});

describe('taking it away', () => {
  test('goes backwards, and leaves the definitions of others', async () => {
    const { kubectl, asked, say } = cluster();
    await undeploy(kubectl, FILES, say);
    expect(asked.slice(2)).toEqual(FILES.toReversed().map(({ path }) => `delete --ignore-not-found -f ${path}`));
  });

  test('goes on where kinds are not defined any more, and not where something stays', async () => {
    const answering = (err: string) =>
      cluster((command) => (command.startsWith('delete') ? { code: 1, err: `error: ${err}\n` } : {}));
    const gone = answering('no matches for kind "Prometheus"; ensure CRDs are installed first');
    await undeploy(gone.kubectl, FILES, gone.say);
    expect(gone.asked).toHaveLength(2 + 3);
    const stuck = answering('timed out waiting for the condition');
    await expect(undeploy(stuck.kubectl, FILES, stuck.say)).rejects.toThrow(/timed out waiting/);
  });
});

describe('settings', () => {
  test('have defaults', () => {
    const { kubectl, dist, token, without, force, timeout } = settingsOf({});
    expect({ kubectl, dist, token, without, force, timeout }).toEqual({
      kubectl: ['kubectl'],
      dist: `${process.cwd()}/dist`,
      token: undefined,
      without: [],
      force: false,
      timeout: 300,
    });
  });

  test('name a kubectl with words of its own', () => {
    expect(settingsOf({ KUBECTL: 'minikube kubectl --' }).kubectl).toEqual(['minikube', 'kubectl', '--']);
  });

  test.each(['0', 'soon', '1.5', '-3'])('DEPLOY_TIMEOUT=%s is refused', (timeout) => {
    expect(() => settingsOf({ DEPLOY_TIMEOUT: timeout })).toThrow(
      /DEPLOY_TIMEOUT: .* is not a whole number of seconds/,
    );
  });
});

test('the definitions of others are of the versions that tests run with', () => {
  expect(DEFINITIONS['Gateway API'].version).toBe(pinned('conformance', 'sigs.k8s.io/gateway-api'));
  expect(DEFINITIONS['Prometheus operator'].version).toBe(
    pinned('prometheus-operator', 'github.com/prometheus-operator/prometheus-operator'),
  );
  for (const { url, version } of Object.values(DEFINITIONS)) expect(url).toContain(`/${version}/`);
});

test('a folder without manifests is told', () => {
  expect(() => readManifests('/nowhere')).toThrow('no manifests in /nowhere: make synth writes them');
});

test('every workload of dist/ is waited for', () => {
  const objects = readManifests('dist').flatMap((file) => file.objects);
  expect(objects.map(({ kind }) => kind)).toEqual(
    expect.arrayContaining(['Gateway', 'Prometheus', 'Job', 'DaemonSet']),
  );
});
