import { TRACE_CONTEXT_MODES } from '../../lib/api/agentgateway/annotations.ts';
import { CONTROLLER_NAME } from '../../lib/api/kinds.ts';
import { PORTS } from '../../lib/api/ports.ts';
import { PROXY_ROLE } from '../../lib/workload/rbac.ts';
import type { CommandSpec, OptionSpec } from './command.ts';

const REFERENCE_GRANTS: OptionSpec = {
  value: 'MODE',
  choices: ['route-and-policy', 'route', 'none'],
  default: 'route-and-policy',
  help: 'references across namespaces that need a ReferenceGrant',
};

const CONTROLLER: OptionSpec = {
  value: 'DOMAIN/PATH',
  default: CONTROLLER_NAME,
  help: 'controllerName of the GatewayClasses that are served',
};

const KUBECONFIG: OptionSpec = {
  value: 'PATH',
  help: 'which cluster; default KUBECONFIG, then that of the service account, then ~/.kube/config',
};

const PATHS =
  'A PATH is a YAML or JSON file, or a folder whose *.yaml, *.yml and *.json files are read (not those of folders in it).';

export const GATEWAY_COMMAND: CommandSpec = {
  name: 'gateway',
  summary: 'Serve the Gateways of the given files or of a Kubernetes cluster, and follow their changes.',
  usage: 'Usage: tooltrail gateway (--config PATH … | --kubernetes) [options]',
  details: [
    `${PATHS} A PATH may stand without --config too: --config a b is --config a --config b.`,
    'SESSION_KEY in the environment: 64 hexadecimal digits that seal session ids; replicas that share it serve each other’s sessions. A random one is taken without it.',
    'SIGTERM or SIGINT ends it after requests under way; a second one at once. CONNECTION_MIN_TERMINATION_DEADLINE in the environment (10s): new requests are served for so long before; TERMINATION_GRACE_PERIOD_SECONDS (60): all is over by then.',
    'OTEL_BSP_MAX_QUEUE_SIZE, …_MAX_EXPORT_BATCH_SIZE, …_SCHEDULE_DELAY and …_EXPORT_TIMEOUT in the environment: how spans are batched; OTEL_BLRP_…: log records.',
  ],
  positionals: true,
  options: {
    config: { value: 'PATH', multiple: true, help: 'what to serve' },
    kubernetes: { help: 'serve what the Kubernetes API has: of the cluster around, or of a kubeconfig' },
    kubeconfig: KUBECONFIG,
    gateway: {
      value: 'NAMESPACE/NAME',
      help: 'serve this Gateway alone; Secrets and ConfigMaps are then read by name, and only those that it leads to',
    },
    'controller-name': CONTROLLER,
    'write-status': { help: 'write the status of all objects to the Kubernetes API; of many processes, one does it' },
    bind: { value: 'ADDRESS', help: 'IP address that listeners bind; default :: or, without IPv6, 0.0.0.0: all' },
    listen: {
      value: 'PORT=PORT',
      multiple: true,
      help: 'where a listener’s port is bound instead: 443=8443 serves the objects of a cluster without its rights',
    },
    admin: { value: 'HOST:PORT', default: `127.0.0.1:${PORTS.admin}`, help: 'admin interface: /config_dump' },
    stats: { value: 'HOST:PORT', default: `0.0.0.0:${PORTS.stats}`, help: '/metrics' },
    readiness: { value: 'HOST:PORT', default: `0.0.0.0:${PORTS.readiness}`, help: '/healthz/ready' },
    'connect-to': {
      value: 'HOST:PORT=HOST:PORT',
      multiple: true,
      help: 'where to connect to in place of an upstream or collector; the name that is sent and checked stays',
    },
    'reference-grants': REFERENCE_GRANTS,
    'log-format': { value: 'FORMAT', choices: ['text', 'json'], default: 'text', help: 'access log and messages' },
    'trace-context': {
      value: 'MODE',
      choices: TRACE_CONTEXT_MODES,
      default: 'parent',
      help: 'what becomes of a client’s trace context: it is continued, or a new trace begins, with or without a link to it',
    },
    'keep-errors': {
      value: 'on|off',
      choices: ['on', 'off'],
      default: 'off',
      help: 'export the spans of requests that fail or are denied, whatever sampling said',
    },
    audit: {
      value: 'on|off',
      choices: ['on', 'off'],
      default: 'off',
      help: 'an audit record for each tool call, as a line of JSON beside the access log',
    },
    'span-names': {
      value: 'STYLE',
      choices: ['post', 'semconv'],
      default: 'post',
      help: 'server spans as "POST /mcp/*", or by the OpenTelemetry convention as "tools/call NAME"',
    },
  },
};

export const CONTROLLER_COMMAND: CommandSpec = {
  name: 'controller',
  summary: 'Deploy proxies for each Gateway of a Kubernetes cluster, and write the status of all objects.',
  usage: 'Usage: tooltrail controller [options]',
  details: ['Of several controllers one leads, by a Lease; the others wait. SIGTERM or SIGINT hands over.'],
  positionals: false,
  options: {
    kubeconfig: KUBECONFIG,
    'controller-name': CONTROLLER,
    image: { value: 'IMAGE', help: 'of the proxies; default tooltrail/tooltrail:VERSION' },
    'proxy-role': {
      value: 'NAME',
      default: PROXY_ROLE,
      help: 'ClusterRole with what every proxy may read',
    },
    readiness: { value: 'HOST:PORT', default: `0.0.0.0:${PORTS.readiness}`, help: '/healthz/ready' },
    'reference-grants': REFERENCE_GRANTS,
    'log-format': { value: 'FORMAT', choices: ['text', 'json'], default: 'text', help: 'messages' },
  },
};

export const FILL_SECRET_COMMAND: CommandSpec = {
  name: 'fill-secret',
  summary: 'Give the keys of a Secret that have no value one; those that have one keep it.',
  usage: 'Usage: tooltrail fill-secret NAMESPACE/NAME [options]',
  details: ['So a password is in no manifest, and stays the same when manifests are applied again.'],
  positionals: true,
  options: {
    value: { value: 'KEY=VALUE', multiple: true, help: 'what a key is given' },
    random: { value: 'KEY', multiple: true, help: 'a key that is given 32 random hexadecimal digits' },
    kubeconfig: KUBECONFIG,
  },
};

export const CHECK_COMMAND: CommandSpec = {
  name: 'check',
  summary: 'Print the conditions of all objects, and what is wrong with file and line; exit 1 if anything is.',
  usage: 'Usage: tooltrail check PATH … [options]',
  details: [PATHS],
  positionals: true,
  options: {
    output: { value: 'FORMAT', short: 'o', choices: ['text', 'json'], default: 'text', help: 'for people or programs' },
    'reference-grants': REFERENCE_GRANTS,
  },
};

export const DEMO_COMMAND: CommandSpec = {
  name: 'demo',
  summary: 'Call a tool through a gateway on this machine, and show the trail of the call.',
  usage: 'Usage: tooltrail demo',
  details: ['DEMO_EXIT=1 in the environment: stop after the call; exit 1 if the trail is incomplete.'],
  positionals: false,
  options: {},
};

export const COMMANDS: readonly CommandSpec[] = [
  GATEWAY_COMMAND,
  CONTROLLER_COMMAND,
  FILL_SECRET_COMMAND,
  CHECK_COMMAND,
  DEMO_COMMAND,
];
