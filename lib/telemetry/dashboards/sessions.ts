import { sumBy } from '../promql/calls.ts';
import { histogram, series } from '../promql/series.ts';
import { dashboard, WINDOW } from './dashboard.ts';
import { figure, graph } from './panels.ts';

const sessionRate = (part: 'bucket' | 'count', by: readonly string[]): string =>
  sumBy(by, `rate(${histogram('sessionDuration', part)}[${WINDOW}])`);

export const sessions = () =>
  dashboard({
    uid: 'tooltrail-sessions',
    title: 'Sessions and streams',
    description:
      'MCP sessions and the streams on which clients listen. A session that several gateways serve counts at each.',
    panels: [
      figure({
        title: 'Sessions',
        description: 'With a request within the last 30 minutes, and not ended.',
        width: 12,
        expression: `sum(${series('activeSessions')})`,
      }),
      figure({
        title: 'Streams',
        description: 'On which clients listen to MCP servers (GET).',
        width: 12,
        expression: `sum(${series('activeStreams')})`,
      }),
      graph({
        title: 'Sessions by gateway',
        description: 'How many each gateway serves.',
        queries: [{ expression: series('activeSessions'), legend: '{{namespace}}/{{pod}}' }],
      }),
      graph({
        title: 'Streams by gateway',
        description: 'How many each gateway holds open: they are no operations, and in no duration.',
        queries: [{ expression: series('activeStreams'), legend: '{{namespace}}/{{pod}}' }],
      }),
      graph({
        title: 'Sessions that ended',
        description: 'Per second, by revision of MCP.',
        unit: 'cps',
        queries: [{ expression: sessionRate('count', ['mcp_protocol_version']), legend: '{{mcp_protocol_version}}' }],
      }),
      graph({
        title: 'Length of sessions',
        description: 'From the beginning to the end, or to the last request if nobody ended it.',
        unit: 's',
        queries: [0.5, 0.95].map((quantile) => ({
          expression: `histogram_quantile(${quantile}, ${sessionRate('bucket', ['le'])})`,
          legend: `p${quantile * 100}`,
        })),
      }),
      graph({
        title: 'MCP messages',
        description: 'Requests and notifications per second, by method.',
        unit: 'reqps',
        stacked: true,
        width: 24,
        queries: [{ expression: sumBy(['method'], `rate(${series('mcpRequests')}[${WINDOW}])`), legend: '{{method}}' }],
      }),
    ],
  });
