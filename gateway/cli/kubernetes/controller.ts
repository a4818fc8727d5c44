import type { Gateway, GatewayClass } from '../../../lib/api/gateway-api.ts';
import { namespacedName } from '../../../lib/api/kinds.ts';
import type { Resources } from '../../../lib/api/objects.ts';
import { authority, startPages } from '../../admin/pages.ts';
import { Readiness } from '../../admin/readiness.ts';
import { Configuration } from '../../configuration.ts';
import { reachedAt } from '../../controller/addresses.ts';
import { Controller, type DeployedGateway } from '../../controller/controller.ts';
import { workloadName } from '../../controller/name.ts';
import type { Services } from '../../resolve/backend/services.ts';
import type { References } from '../../resolve/references.ts';
import type { ReferenceGrantMode } from '../../resolve/resolve.ts';
import type { ObjectStatus } from '../../resolve/status.ts';
import { Announcer } from '../announce.ts';
import type { Arguments } from '../command.ts';
import { CONTROLLER_COMMAND } from '../commands.ts';
import { firstSignal, type Host } from '../host.ts';
import { createLog } from '../log.ts';
import { controllerName, listenAddress } from '../options.ts';
import { stackOf } from '../runtime.ts';
import { ClusterFacts, clusterConfig, kubernetesOrigin, sha256 } from './origin.ts';

/** `tooltrail controller`: deploys proxies and writes statuses until a signal comes. Resolves to the exit code. */
export const control = async (args: Arguments, host: Host): Promise<number> => {
  const log = createLog(args.one('log-format') === 'json' ? 'json' : 'text', host.stderr, () => host.clock.now());
  const options = {
    kubeconfig: args.one('kubeconfig'),
    controllerName: controllerName(CONTROLLER_COMMAND, args),
    gateway: undefined,
    writeStatus: true,
  };
  const address = listenAddress(CONTROLLER_COMMAND, args, 'readiness');
  const signals = firstSignal(host);
  host.onDefect((error) =>
    log('error', 'an unforeseen error was caught, and the controller goes on', { cause: stackOf(error) }),
  );
  const readiness = new Readiness();
  const announcer = new Announcer(log);
  let config: Awaited<ReturnType<typeof clusterConfig>>;
  let pages: Awaited<ReturnType<typeof startPages>>;
  try {
    config = await clusterConfig(options.kubeconfig, host);
    const onError = (error: unknown): void => log('error', 'a page failed', { cause: stackOf(error) });
    pages = await startPages({ name: '--readiness', address, pages: readiness.pages(), onError });
  } catch (error) {
    host.stderr(`tooltrail controller: ${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  }
  const facts = new ClusterFacts(options);
  const deploy = (statuses: readonly ObjectStatus[]): void => {
    // Before all was read, what is not there yet would count as gone.
    if (!isLoaded) return;
    const refused = refusedGateways(statuses);
    controller.report(deployedGateways(configuration.resources, references, refused), refused);
  };
  let statuses: readonly ObjectStatus[] = [];
  let isLoaded = false;
  let references: ReadonlyMap<string, References> = new Map();
  const reached = (gateway: string, services: Services) => {
    const [namespace = '', name = ''] = gateway.split('/');
    const own = workloadName(name, sha256);
    return reachedAt(services.get(namespace, own), services.endpointSlices(namespace, own));
  };
  const configuration: Configuration = new Configuration({
    resolve: () => ({
      ...facts.resolve,
      // Each Gateway has proxies, and an address, of its own.
      sharedPorts: false,
      referenceGrants: args.one('reference-grants') as ReferenceGrantMode,
      addressesOf: (...gateway) => reached(...gateway).addresses,
      pending: (...gateway) => reached(...gateway).pending,
    }),
    onSnapshot: (_snapshot, next) => {
      references = next;
    },
    onReport: (report) => {
      origin.onReport(report);
      statuses = report.statuses;
      deploy(statuses);
      announcer.announceFindings(report.findings);
    },
  });
  const origin = kubernetesOrigin(config, options, facts, configuration, host, log, () => controller.check());
  const controller = new Controller({
    client: origin.client,
    clock: host.clock,
    log,
    controllerName: options.controllerName,
    image: args.one('image') ?? `tooltrail/tooltrail:${host.version}`,
    version: host.version,
    proxyRole: args.one('proxy-role') ?? '',
    randomBytes: host.randomBytes,
    sha256,
    isLeader: () => origin.isLeader(),
  });
  log('info', `tooltrail controller ${host.version} started`, {
    readiness: `http://${authority(pages.address)}/healthz/ready`,
  });
  void origin.source.load().then(() => {
    isLoaded = true;
    deploy(statuses);
    readiness.onPorts([{ bound: true }]);
    origin.source.watch();
  });
  const signal = await signals;
  log('info', 'stopping: another one may lead', { signal });
  readiness.drain();
  await controller.close();
  await origin.close();
  await pages.close();
  log('info', 'stopped');
  return 0;
};

/** Reasons for which a Gateway is not deployed anew: what there is of it stays as it is. */
const NOT_DEPLOYED: ReadonlySet<string> = new Set(['InvalidParameters', 'UnsupportedAddress', 'Invalid']);

const refusedGateways = (statuses: readonly ObjectStatus[]): ReadonlySet<string> =>
  new Set(
    statuses.flatMap(({ kind, namespace, name, conditions = [] }) =>
      kind === 'Gateway' && conditions.some(({ type, reason }) => type === 'Accepted' && NOT_DEPLOYED.has(reason))
        ? [`${namespace}/${name}`]
        : [],
    ),
  );

/** Gateways of ours that are accepted as far as they themselves are concerned. */
const deployedGateways = (
  resources: Resources,
  references: ReadonlyMap<string, References>,
  refused: ReadonlySet<string>,
): readonly DeployedGateway[] => {
  const classes = new Map(resources.GatewayClass.map((item) => [item.metadata.name, item]));
  return resources.Gateway.flatMap((gateway) => {
    const name = namespacedName(gateway.metadata);
    const own = references.get(name);
    if (own === undefined || refused.has(name)) return [];
    return [{ gateway, parameters: parametersOf(gateway, classes, resources), references: own }];
  });
};

/** Of the class, then of the Gateway. */
const parametersOf = (
  { metadata, spec }: Gateway,
  classes: ReadonlyMap<string, GatewayClass>,
  { AgentgatewayParameters }: Resources,
): DeployedGateway['parameters'] => {
  const ofClass = classes.get(spec.gatewayClassName)?.spec.parametersRef;
  const own = spec.infrastructure?.parametersRef;
  const names = [
    ...(ofClass === undefined ? [] : [`${ofClass.namespace}/${ofClass.name}`]),
    ...(own === undefined ? [] : [`${metadata.namespace}/${own.name}`]),
  ];
  return names.flatMap((name) => {
    const found = AgentgatewayParameters.find((item) => namespacedName(item.metadata) === name);
    return found === undefined ? [] : [found.spec];
  });
};
