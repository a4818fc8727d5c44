import { isIP } from 'node:net';
import type { TraceContextMode } from '../../lib/api/agentgateway/annotations.ts';
import { CONTROLLER_NAME } from '../../lib/api/kinds.ts';
import { controllerNameProblem } from '../../lib/workload/controller-name.ts';
import type { ListenAddress } from '../admin/pages.ts';
import { DRAIN_TIMEOUT } from '../http/server.ts';
import { SESSION_KEY_BYTES } from '../mcp/session-token.ts';
import type { ReferenceGrantMode } from '../resolve/resolve.ts';
import { batchOptions } from '../telemetry/export/environment.ts';
import type { BatchOptions } from '../telemetry/export/exporter.ts';
import type { LogFormat } from '../telemetry/log/access-log.ts';
import type { SpanNames } from '../telemetry/trace/spans.ts';
import { type ConnectTo, parseConnectTo } from '../upstream/connect.ts';
import { type Arguments, quote, usage } from './command.ts';
import { GATEWAY_COMMAND } from './commands.ts';

/** What `tooltrail gateway` is told on its command line and by its environment. */
export interface GatewayOptions {
  /** Empty: configuration is from the Kubernetes API. */
  readonly paths: readonly string[];
  readonly kubernetes: KubernetesOptions | undefined;
  readonly bind: string | undefined;
  /** Ports of listeners that are bound elsewhere, and where. */
  readonly listen: ReadonlyMap<number, number>;
  readonly admin: ListenAddress;
  readonly stats: ListenAddress;
  readonly readiness: ListenAddress;
  readonly connectTo: ConnectTo;
  readonly referenceGrants: ReferenceGrantMode;
  readonly logFormat: LogFormat;
  readonly traceContext: TraceContextMode;
  readonly keepErrors: boolean;
  readonly audit: boolean;
  readonly spanNames: SpanNames;
  /** Undefined: a random one. */
  readonly sessionKey: Uint8Array | undefined;
  readonly shutdown: Shutdown;
  /** How they are exported, where the defaults are not meant. */
  readonly batches: { readonly spans: BatchOptions; readonly logRecords: BatchOptions };
}

/** How long it takes to end, in milliseconds. */
export interface Shutdown {
  /** New requests are served for so long: whoever sends them may not know yet. */
  readonly linger: number;
  /** Requests under way then get so long. */
  readonly drain: number;
  /** And then the last spans. */
  readonly flush: number;
}

export interface KubernetesOptions {
  readonly kubeconfig: string | undefined;
  /** Whose GatewayClasses are served. */
  readonly controllerName: string;
  /** `namespace/name` of the only Gateway that is served. */
  readonly gateway: string | undefined;
  readonly writeStatus: boolean;
}

/** @throws {UsageError} */
export const gatewayOptions = (args: Arguments, env: Readonly<Record<string, string | undefined>>): GatewayOptions => {
  const paths = [...args.all('config'), ...args.positionals];
  const kubernetes = kubernetesOptions(args);
  if (paths.length === 0 && kubernetes === undefined) {
    throw usage(GATEWAY_COMMAND, '--config PATH or --kubernetes is missing');
  }
  if (paths.length > 0 && kubernetes !== undefined) {
    throw usage(GATEWAY_COMMAND, '--config and --kubernetes do not go together');
  }
  const bind = args.one('bind');
  if (bind !== undefined && isIP(bind) === 0) throw usage(GATEWAY_COMMAND, `--bind ${quote(bind)} is no IP address`);
  return {
    paths,
    kubernetes,
    bind,
    listen: listenPorts(args.all('listen')),
    admin: listenAddress(GATEWAY_COMMAND, args, 'admin'),
    stats: listenAddress(GATEWAY_COMMAND, args, 'stats'),
    readiness: listenAddress(GATEWAY_COMMAND, args, 'readiness'),
    connectTo: connectTo(args.all('connect-to')),
    // The choices of these are checked with the arguments.
    referenceGrants: args.one('reference-grants') as ReferenceGrantMode,
    logFormat: args.one('log-format') as LogFormat,
    traceContext: args.one('trace-context') as TraceContextMode,
    keepErrors: args.one('keep-errors') === 'on',
    audit: args.one('audit') === 'on',
    spanNames: args.one('span-names') as SpanNames,
    sessionKey: sessionKey(env.SESSION_KEY),
    shutdown: shutdown(env),
    batches: { spans: batches('OTEL_BSP_', env), logRecords: batches('OTEL_BLRP_', env) },
  };
};

const kubernetesOptions = (args: Arguments): KubernetesOptions | undefined => {
  const writeStatus = args.all('write-status').length > 0;
  const kubeconfig = args.one('kubeconfig');
  const gateway = args.one('gateway');
  if (args.all('kubernetes').length === 0) {
    const stray = Object.entries({
      kubeconfig,
      gateway,
      'controller-name': args.all('controller-name').at(-1),
      'write-status': writeStatus || undefined,
    });
    const [name] = stray.find(([, value]) => value !== undefined) ?? [];
    if (name !== undefined) throw usage(GATEWAY_COMMAND, `--${name} goes with --kubernetes`);
    return undefined;
  }
  if (gateway !== undefined && !/^[a-z0-9.-]{1,63}\/[a-z0-9.-]{1,253}$/.test(gateway)) {
    throw usage(GATEWAY_COMMAND, `--gateway ${quote(gateway)} is no NAMESPACE/NAME`);
  }
  return { kubeconfig, controllerName: controllerName(GATEWAY_COMMAND, args), gateway, writeStatus };
};

/** @throws {UsageError} */
export const controllerName = (command: { readonly name: string }, args: Arguments): string => {
  const name = args.one('controller-name') ?? CONTROLLER_NAME;
  const problem = controllerNameProblem(name);
  if (problem !== undefined) throw usage(command, `--controller-name ${quote(name)} ${problem}`);
  return name;
};

const MAX_PORT = 65_535;
const ADDRESS = /^(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9._-]+)):(\d{1,5})$/;

export const listenAddress = (command: { readonly name: string }, args: Arguments, option: string): ListenAddress => {
  const text = args.one(option) ?? '';
  const [, ipv6, name, digits] = ADDRESS.exec(text) ?? [];
  const host = ipv6 ?? name;
  const port = Number(digits);
  if (host === undefined || port > MAX_PORT) throw usage(command, `--${option} ${quote(text)} is no HOST:PORT`);
  return { host, port };
};

const listenPorts = (texts: readonly string[]): ReadonlyMap<number, number> => {
  const ports = new Map<number, number>();
  for (const text of texts) {
    const [, from, to] = (/^(\d{1,5})=(\d{1,5})$/.exec(text) ?? []).map(Number);
    if (!isPort(from) || !isPort(to)) throw usage(GATEWAY_COMMAND, `--listen ${quote(text)} is no PORT=PORT`);
    if (ports.has(from)) throw usage(GATEWAY_COMMAND, `--listen says twice where ${from} is bound`);
    if ([...ports.values()].includes(to)) throw usage(GATEWAY_COMMAND, `--listen binds two ports to ${to}`);
    ports.set(from, to);
  }
  return ports;
};

const isPort = (port: number | undefined): port is number => port !== undefined && port >= 1 && port <= MAX_PORT;

const connectTo = (texts: readonly string[]): ConnectTo =>
  new Map(
    texts.map((text) => {
      try {
        return parseConnectTo(text);
      } catch (error) {
        throw usage(GATEWAY_COMMAND, `--connect-to: ${error instanceof Error ? error.message : String(error)}`);
      }
    }),
  );

const batches = (...given: Parameters<typeof batchOptions>): BatchOptions => {
  const options = batchOptions(...given);
  if (typeof options === 'string') throw usage(GATEWAY_COMMAND, options);
  return options;
};

const FLUSH_TIMEOUT = 5_000;
/** Milliseconds of the grace period that are for the spans, and for what comes after. */
const LAST_WORDS = FLUSH_TIMEOUT + 2_000;
/** The longest that Kubernetes is told to wait. */
const MAX_SECONDS = 86_400;

/** Of the variables that the compatible system's pods have. */
const shutdown = (env: Readonly<Record<string, string | undefined>>): Shutdown => {
  const linger = 1_000 * (seconds('CONNECTION_MIN_TERMINATION_DEADLINE', /^(\d{1,5})s$/, env) ?? 0);
  const grace = seconds('TERMINATION_GRACE_PERIOD_SECONDS', /^(\d{1,5})$/, env);
  if (grace === undefined) return { linger, drain: DRAIN_TIMEOUT, flush: FLUSH_TIMEOUT };
  const left = Math.max(1_000 * grace - LAST_WORDS, 0);
  return { linger: Math.min(linger, left), drain: Math.max(left - linger, 0), flush: FLUSH_TIMEOUT };
};

const seconds = (name: string, form: RegExp, env: Readonly<Record<string, string | undefined>>): number | undefined => {
  const text = env[name];
  if (text === undefined) return undefined;
  const [, digits] = form.exec(text) ?? [];
  const value = Number(digits);
  if (digits === undefined || value > MAX_SECONDS) {
    throw usage(
      GATEWAY_COMMAND,
      `${name} ${quote(text)} is no time in seconds such as ${name.startsWith('C') ? '10s' : '60'}`,
    );
  }
  return value;
};

const HEX_DIGITS = 2 * SESSION_KEY_BYTES;

/** What is wrong with it is said without it. */
const sessionKey = (text: string | undefined): Uint8Array | undefined => {
  if (text === undefined) return undefined;
  // Files that Secrets are made of often end with a line break.
  const key = text.trim();
  if (key.length !== HEX_DIGITS || !/^[0-9A-Fa-f]*$/.test(key)) {
    const found = key.length === HEX_DIGITS ? 'others are among them' : `it has ${key.length} characters`;
    throw usage(
      GATEWAY_COMMAND,
      `SESSION_KEY must be ${HEX_DIGITS} hexadecimal digits, but ${found}; openssl rand -hex ${SESSION_KEY_BYTES} makes one`,
    );
  }
  return Uint8Array.from(Buffer.from(key, 'hex'));
};
