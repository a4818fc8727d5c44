import type { Registry } from 'prom-client';
import { METRICS, type MetricDefinition } from '../../../lib/api/telemetry/metrics.ts';
import type { RouteLabels } from '../labels.ts';
import {
  type CounterSeries,
  counterFamily,
  type Family,
  type HistogramSeries,
  histogramFamily,
  type Labels,
} from './series.ts';

/** A connection that has ended, of a client. */
export interface EndedConnection {
  readonly labels: RouteLabels;
  readonly protocol: 'http' | 'https';
  readonly receivedBytes: number;
  readonly sentBytes: number;
}

/** Counts connections, on both sides of the gateway. Labels are the configuration's. */
export class ConnectionMetrics {
  readonly #opened: Family<CounterSeries>;
  readonly #received: Family<CounterSeries>;
  readonly #sent: Family<CounterSeries>;
  readonly #handshake: Family<HistogramSeries>;
  readonly #connect: Family<HistogramSeries>;

  constructor(registry: Registry) {
    const counter = (definition: MetricDefinition) => counterFamily(definition, registry);
    const histogram = (definition: MetricDefinition) => histogramFamily(definition, registry);
    this.#opened = counter(METRICS.downstreamConnections);
    this.#received = counter(METRICS.downstreamReceivedBytes);
    this.#sent = counter(METRICS.downstreamSentBytes);
    this.#handshake = histogram(METRICS.tlsHandshakeDuration);
    this.#connect = histogram(METRICS.upstreamConnectDuration);
  }

  /** @param handshake milliseconds, of TLS */
  opened(labels: RouteLabels, protocol: 'http' | 'https', handshake: number | undefined): void {
    const tcp = tcpLabels(labels, protocol);
    this.#opened.series(tcp).value += 1;
    if (handshake !== undefined) this.#handshake.series(tcp).observe(Math.max(0, handshake) / 1_000);
  }

  ended({ labels, protocol, receivedBytes, sentBytes }: EndedConnection): void {
    const tcp = tcpLabels(labels, protocol);
    this.#received.series(tcp).value += receivedBytes;
    this.#sent.series(tcp).value += sentBytes;
  }

  /** @param duration milliseconds until there was a connection to a backend */
  connected(transport: 'plaintext' | 'tls', duration: number): void {
    this.#connect.series([['transport', transport]]).observe(Math.max(0, duration) / 1_000);
  }
}

const tcpLabels = ({ bind, gateway, listener }: RouteLabels, protocol: string): Labels => [
  ['bind', bind],
  ['gateway', gateway],
  ['listener', listener],
  ['protocol', protocol],
];
