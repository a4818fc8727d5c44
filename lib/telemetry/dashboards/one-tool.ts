import { STANDARD_ATTRIBUTES } from '../../api/telemetry/attributes.ts';
import { callQuantile, callRate, callRatio, FAILED, sumBy } from '../promql/calls.ts';
import { histogram, is } from '../promql/series.ts';
import { chosen, dashboard, WINDOW } from './dashboard.ts';
import { durations, graph, traces } from './panels.ts';

const SELECTED = chosen('gateway', 'target', 'tool');
/** The gateway's span of a call of the chosen tools. */
const SPAN = `kind = server && span.${STANDARD_ATTRIBUTES.tool} =~ "$tool"`;

const upstreamQuantile = (quantile: number): string => {
  const buckets = histogram('clientOperation', 'bucket', { mcp_method_name: is('tools/call'), ...SELECTED });
  return `histogram_quantile(${quantile}, ${sumBy(['le'], `rate(${buckets}[${WINDOW}])`)})`;
};

export const oneTool = () =>
  dashboard({
    uid: 'tooltrail-one-tool',
    title: 'One tool',
    description: 'One tool in depth: choose it above. Points of the durations lead to their traces.',
    variables: ['gateway', 'target', 'tool'],
    panels: [
      graph({
        title: 'Calls by outcome',
        description: 'Calls per second: how they ended.',
        unit: 'reqps',
        stacked: true,
        queries: [{ expression: callRate(['outcome'], WINDOW, SELECTED), legend: '{{outcome}}' }],
      }),
      graph({
        title: 'Failed calls by error',
        description: 'Calls per second by the error that they ended with.',
        unit: 'reqps',
        queries: [
          {
            expression: callRate(['outcome', 'error_type', 'rpc_response_status_code'], WINDOW, {
              ...SELECTED,
              ...FAILED,
            }),
            legend: '{{outcome}} {{error_type}} {{rpc_response_status_code}}',
          },
        ],
      }),
      durations(
        { title: 'Duration', description: 'As clients see it: from the receipt of a call to the end of its answer.' },
        (quantile) => callQuantile(quantile, [], WINDOW, SELECTED),
      ),
      durations(
        {
          title: 'Duration at the MCP server',
          description: 'As the gateway sees it: what is missing to the panel beside it is the gateway’s own time.',
        },
        (quantile) => upstreamQuantile(quantile),
      ),
      graph({
        title: 'Failed calls by client protocol',
        description: 'Part of the calls that failed, by revision of MCP.',
        unit: 'percentunit',
        width: 24,
        queries: [
          {
            expression: callRatio(['mcp_protocol_version'], WINDOW, FAILED, SELECTED),
            legend: '{{mcp_protocol_version}}',
          },
        ],
      }),
      traces({
        title: 'Failed calls',
        description: 'Traces of failed calls of the chosen tools.',
        search: `{ ${SPAN} && status = error }`,
      }),
      traces({ title: 'Calls', description: 'Traces of all calls of the chosen tools.', search: `{ ${SPAN} }` }),
    ],
  });
