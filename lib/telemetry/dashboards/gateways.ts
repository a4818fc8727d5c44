import { sumBy } from '../promql/calls.ts';
import { foreign, histogram, is, series } from '../promql/series.ts';
import { dashboard, WINDOW } from './dashboard.ts';
import { figure, graph, ranking } from './panels.ts';

const POD = '{{namespace}}/{{pod}}';

/** @param job of the gateways */
export const gateways = (job: string) => {
  const own = { job: is(job) };
  return dashboard({
    uid: 'tooltrail-gateways',
    title: 'Gateways',
    description: 'How the gateways themselves are: requests, upstreams, configuration, processes.',
    panels: [
      figure({
        title: 'Up',
        description: 'Gateways that answer Prometheus.',
        width: 6,
        expression: `sum(${foreign('up', own)})`,
      }),
      figure({
        title: 'Configured',
        description: 'Gateways that serve a configuration.',
        width: 6,
        expression: `sum(${series('configSynchronized')})`,
      }),
      figure({
        title: 'Objects refused',
        description: 'The most that a gateway finds wrong with its configuration.',
        width: 6,
        expression: `max(${series('configFindings', { severity: is('error') })})`,
      }),
      figure({
        title: 'Configuration applied',
        description: 'When a gateway last took up a change.',
        unit: 'dateTimeFromNow',
        width: 6,
        expression: `max(${series('configApplied')}) * 1000`,
      }),
      graph({
        title: 'HTTP requests by status',
        description: 'Requests per second.',
        unit: 'reqps',
        stacked: true,
        queries: [{ expression: sumBy(['status'], `rate(${series('requests')}[${WINDOW}])`), legend: '{{status}}' }],
      }),
      graph({
        title: 'Answers by reason',
        description: 'Why the answer is what it is: of the upstream, or of the gateway.',
        unit: 'reqps',
        queries: [{ expression: sumBy(['reason'], `rate(${series('requests')}[${WINDOW}])`), legend: '{{reason}}' }],
      }),
      graph({
        title: 'Own time before the upstream',
        description: 'From the first byte of a request until its backend is called: 95 of 100 took no longer.',
        unit: 's',
        queries: [
          {
            expression: `histogram_quantile(0.95, ${sumBy(['le', 'backend'], `rate(${histogram('requestProcessing', 'bucket')}[${WINDOW}])`)})`,
            legend: '{{backend}}',
          },
        ],
      }),
      graph({
        title: 'Connecting to upstreams',
        description: 'Name resolution and TLS included: 95 of 100 took no longer.',
        unit: 's',
        queries: [
          {
            expression: `histogram_quantile(0.95, ${sumBy(['le', 'transport'], `rate(${histogram('upstreamConnectDuration', 'bucket')}[${WINDOW}])`)})`,
            legend: '{{transport}}',
          },
        ],
      }),
      ranking({
        title: 'Upstreams',
        description: '1 if any gateway’s last connection went well.',
        expression: `max by (upstream) (${series('upstreamUp')})`,
      }),
      ranking({
        title: 'Findings',
        description:
          'What the gateways find wrong with their objects, or worth knowing. The objects’ conditions say what.',
        expression: `max by (namespace, pod, severity) (${series('configFindings')})`,
      }),
      graph({
        title: 'Processor',
        description: 'Seconds of processor time per second.',
        queries: [{ expression: `rate(${foreign('process_cpu_seconds_total', own)}[${WINDOW}])`, legend: POD }],
      }),
      graph({
        title: 'Memory',
        description: 'Resident.',
        unit: 'bytes',
        queries: [{ expression: foreign('process_resident_memory_bytes', own), legend: POD }],
      }),
      graph({
        title: 'Connections of clients',
        description: 'New ones per second.',
        unit: 'cps',
        queries: [
          {
            expression: sumBy(['gateway', 'listener'], `rate(${series('downstreamConnections')}[${WINDOW}])`),
            legend: '{{gateway}} {{listener}}',
          },
        ],
      }),
      graph({
        title: 'Labels without a place',
        description:
          'Values per second that became “unknown” or “_OTHER”: somebody makes names up, or there are very many.',
        unit: 'cps',
        queries: [
          { expression: sumBy(['label'], `rate(${series('labelOverflows')}[${WINDOW}])`), legend: '{{label}}' },
        ],
      }),
    ],
  });
};
