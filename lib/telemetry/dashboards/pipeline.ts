import { sumBy } from '../promql/calls.ts';
import { collectorCounter, foreign, isOneOf, series } from '../promql/series.ts';
import { dashboard, WINDOW } from './dashboard.ts';
import { graph } from './panels.ts';

/** @param jobs of all that carries the trail */
export const pipeline = (jobs: readonly string[]) =>
  dashboard({
    uid: 'tooltrail-pipeline',
    title: 'The trail itself',
    description: 'Whether spans arrive: from the gateways through the Collector to Tempo.',
    panels: [
      graph({
        title: 'Spans sent by gateways',
        description: 'Per second, that a collector took.',
        unit: 'cps',
        queries: [
          { expression: sumBy(['policy'], `rate(${series('spansExported')}[${WINDOW}])`), legend: '{{policy}}' },
        ],
      }),
      graph({
        title: 'Spans dropped by gateways',
        description: 'Per second, that never arrived.',
        unit: 'cps',
        queries: [
          {
            expression: sumBy(['policy', 'reason'], `rate(${series('spansDropped')}[${WINDOW}])`),
            legend: '{{policy}} {{reason}}',
          },
        ],
      }),
      graph({
        title: 'Spans waiting in gateways',
        description: 'In the queue or on their way.',
        queries: [{ expression: series('spanQueueSize'), legend: '{{namespace}}/{{pod}} {{policy}}' }],
      }),
      graph({
        title: 'Spans through the Collector',
        description: 'Per second: what came in, and what was handed on to each exporter.',
        unit: 'cps',
        queries: [
          {
            expression: sumBy(['receiver'], `rate(${collectorCounter('receiver_accepted_spans')}[${WINDOW}])`),
            legend: 'in: {{receiver}}',
          },
          {
            expression: sumBy(['exporter'], `rate(${collectorCounter('exporter_sent_spans')}[${WINDOW}])`),
            legend: 'out: {{exporter}}',
          },
        ],
      }),
      graph({
        title: 'Spans lost in the Collector',
        description:
          'Per second: refused, or not handed on. Those are retried by whoever sent them, unless it gives up.',
        unit: 'cps',
        queries: [
          {
            expression: sumBy(['receiver'], `rate(${collectorCounter('receiver_refused_spans')}[${WINDOW}])`),
            legend: 'refused: {{receiver}}',
          },
          {
            expression: sumBy(
              ['exporter'],
              `rate(${collectorCounter('exporter_(send_failed|enqueue_failed)_spans')}[${WINDOW}])`,
            ),
            legend: 'failed: {{exporter}}',
          },
        ],
      }),
      graph({
        title: 'Queues of the Collector',
        description: 'Batches that wait for an exporter.',
        queries: [{ expression: foreign('otelcol_exporter_queue_size'), legend: '{{pod}} {{exporter}}' }],
      }),
      graph({
        title: 'Up',
        description: 'Whether what carries the trail answers Prometheus.',
        queries: [{ expression: foreign('up', { job: isOneOf(...jobs) }), legend: '{{job}} {{pod}}' }],
      }),
      graph({
        title: 'Memory',
        description: 'Of the Collector and Tempo, resident.',
        unit: 'bytes',
        queries: [
          { expression: foreign('otelcol_process_memory_rss'), legend: '{{pod}}' },
          { expression: foreign('process_resident_memory_bytes', { job: isOneOf(...jobs) }), legend: '{{pod}}' },
        ],
      }),
      graph({
        title: 'Access-log records',
        description: 'Per second, of policies that send them by OTLP.',
        unit: 'cps',
        width: 24,
        queries: [
          {
            expression: sumBy(['policy'], `rate(${series('logRecordsExported')}[${WINDOW}])`),
            legend: 'sent: {{policy}}',
          },
          {
            expression: sumBy(['policy', 'reason'], `rate(${series('logRecordsDropped')}[${WINDOW}])`),
            legend: 'dropped: {{policy}} {{reason}}',
          },
        ],
      }),
    ],
  });
