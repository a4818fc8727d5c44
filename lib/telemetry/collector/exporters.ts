import { namespacedName } from '../../api/kinds.ts';
import { type SecretKey, secretVariable } from '../../core/secret.ts';
import { literal, variable } from './expansion.ts';

/** Where the Collector sends what it has, besides Tempo. */
export interface OtlpExporterProps {
  /**
   * Where it goes: `https://host:port` over TLS, `http://host:port` in plain text. With protocol HTTP it may have a path, to which
   * `/v1/traces` and `/v1/logs` are added.
   */
  readonly endpoint: string;
  /**
   * OTLP transport.
   *
   * @default 'GRPC'
   */
  readonly protocol?: 'GRPC' | 'HTTP';
  /**
   * Header fields, or metadata, of each request. Credentials are keys of Secrets; of a text, everybody who may read the ConfigMap knows.
   *
   * @default - none
   */
  readonly headers?: Readonly<Record<string, string | SecretKey>>;
  /** @default - the well-known authorities, and no certificate of the Collector's own */
  readonly tls?: ExporterTls;
  /**
   * What goes there.
   *
   * @default - both
   */
  readonly signals?: readonly Signal[];
}

export interface ExporterTls {
  /**
   * ConfigMap of the Collector's namespace whose key `ca.crt` has the authorities that vouch for the endpoint, in PEM.
   *
   * @default - the well-known ones
   */
  readonly authorities?: string;
  /**
   * Secret of the Collector's namespace, of type `kubernetes.io/tls`, with the certificate that the Collector shows.
   *
   * @default - none
   */
  readonly clientCertificate?: string;
  /**
   * Name that the endpoint's certificate must have.
   *
   * @default - the host of the endpoint
   */
  readonly serverName?: string;
}

export type Signal = 'traces' | 'logs';
export type ExporterProps = Readonly<Record<string, OtlpExporterProps>>;

const TLS_FOLDER = '/tls';

/** Name of the exporter in the configuration. The old names of the types are those that every version knows. */
const nameOf = (name: string, { protocol = 'GRPC' }: OtlpExporterProps): string =>
  `${protocol === 'GRPC' ? 'otlp' : 'otlphttp'}/${name}`;

/** Those that take the signal. */
export const exportersOf = (exporters: ExporterProps, signal: Signal): Readonly<Record<string, object>> =>
  Object.fromEntries(
    Object.entries(exporters)
      .filter(([, { signals = [signal] }]) => signals.includes(signal))
      .map(([name, props]) => [nameOf(name, props), exporter(name, props)]),
  );

/** Source: OpenTelemetry Collector, OTLP exporters. */
const exporter = (name: string, { endpoint, headers = {}, tls = {} }: OtlpExporterProps) => ({
  endpoint: literal(endpoint),
  tls: {
    insecure: endpoint.startsWith('http:'),
    ...(tls.authorities === undefined ? {} : { ca_file: `${TLS_FOLDER}/${name}-authorities/ca.crt` }),
    ...(tls.clientCertificate === undefined
      ? {}
      : {
          cert_file: `${TLS_FOLDER}/${name}-certificate/tls.crt`,
          key_file: `${TLS_FOLDER}/${name}-certificate/tls.key`,
        }),
    ...(tls.serverName === undefined ? {} : { server_name_override: literal(tls.serverName) }),
  },
  ...(Object.keys(headers).length === 0
    ? {}
    : {
        headers: Object.fromEntries(
          Object.entries(headers).map(([header, value]) => [
            header,
            typeof value === 'string' ? literal(value) : variable(variableOf(name, header)),
          ]),
        ),
      }),
});

const variableOf = (name: string, header: string): string =>
  `EXPORTER_${name}_${header}`.toUpperCase().replaceAll(/[^A-Z0-9]/g, '_');

const secretHeaders = (exporters: ExporterProps) =>
  Object.entries(exporters).flatMap(([name, { headers = {} }]) =>
    Object.entries(headers).flatMap(([header, value]) => (typeof value === 'string' ? [] : [{ name, header, value }])),
  );

/** Environment of the container: one variable for each header field that comes from a Secret. */
export const exporterEnvironment = (exporters: ExporterProps) =>
  secretHeaders(exporters).map(({ name, header, value }) => secretVariable(variableOf(name, header), value));

/** What the pod mounts for the exporters. */
export const exporterVolumes = (exporters: ExporterProps) =>
  Object.entries(exporters).flatMap(([name, { tls = {} }]) => [
    ...(tls.authorities === undefined
      ? []
      : [
          {
            name: `${name}-authorities`,
            configMap: { name: tls.authorities, items: [{ key: 'ca.crt', path: 'ca.crt' }] },
          },
        ]),
    ...(tls.clientCertificate === undefined
      ? []
      : [{ name: `${name}-certificate`, secret: { secretName: tls.clientCertificate } }]),
  ]);

export const exporterMounts = (exporters: ExporterProps) =>
  exporterVolumes(exporters).map(({ name }) => ({ name, mountPath: `${TLS_FOLDER}/${name}`, readOnly: true }));

/** Names of volumes are made of it: 63 characters with what comes behind. Source: Kubernetes, Volume. */
const NAME = /^[a-z]([-a-z0-9]{0,48}[a-z0-9])?$/;
/** Fields that gRPC and HTTP take alike. Source: gRPC over HTTP/2, custom metadata. */
const HEADER = /^[a-zA-Z0-9][-._a-zA-Z0-9]*$/;
/** Taken by the Collector's own exporters. */
const RESERVED = ['tempo'];

export const exporterProblems = (exporters: ExporterProps, namespace: string): readonly string[] => [
  ...Object.entries(exporters).flatMap(([name, props]) =>
    ownProblems(name, props).map((problem) => `exporters.${name}: ${problem}`),
  ),
  ...secretHeaders(exporters)
    .filter(({ value }) => value.secret.namespace !== namespace)
    .map(
      ({ name, value: { secret } }) =>
        `exporters.${name}: Secret ${namespacedName(secret)} is out of reach: pods read Secrets of their own namespace ${namespace} only`,
    ),
  ...repeatedVariables(exporters),
];

const ownProblems = (name: string, { endpoint, protocol = 'GRPC', headers = {}, tls, signals }: OtlpExporterProps) => [
  ...(NAME.test(name) ? [] : ['is no name: use at most 50 lower case letters, digits and "-", a letter first']),
  ...(RESERVED.includes(name) ? ['is the name of one that is there already'] : []),
  ...endpointProblems(endpoint, protocol),
  ...(tls !== undefined && endpoint.startsWith('http:') ? ['tls has no effect on http://: write https://'] : []),
  ...Object.keys(headers)
    .filter((header) => !HEADER.test(header))
    .map((header) => `${JSON.stringify(header)} is no header field: use letters, digits, "-", "_" and "."`),
  ...(signals?.length === 0 ? ['signals is empty: name traces or logs, or leave the exporter out'] : []),
];

const endpointProblems = (endpoint: string, protocol: 'GRPC' | 'HTTP'): readonly string[] => {
  if (!URL.canParse(endpoint) || !/^https?:\/\/[^/]/.test(endpoint)) {
    return [`endpoint ${JSON.stringify(endpoint)} is no address: write https://host:port`];
  }
  const { username, password, pathname, search, hash } = new URL(endpoint);
  return [
    ...(username + password === '' ? [] : ['endpoint holds credentials: give them as a header field, by Secret']),
    ...(protocol === 'HTTP' || pathname === '/'
      ? []
      : ['endpoint has a path, which OTLP over gRPC does not: remove it']),
    ...(search + hash === '' ? [] : ['endpoint has a query or a fragment: remove it']),
  ];
};

/** Two fields whose variables have one name would both get the value of the last. */
const repeatedVariables = (exporters: ExporterProps): readonly string[] => {
  const names = exporterEnvironment(exporters).map(({ name }) => name);
  return [...new Set(names.filter((name, index) => names.indexOf(name) !== index))].map(
    (name) => `exporters: two header fields would both be ${name}: rename an exporter`,
  );
};
