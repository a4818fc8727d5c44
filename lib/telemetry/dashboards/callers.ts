import { REQUEST_ATTRIBUTES, STANDARD_ATTRIBUTES } from '../../api/telemetry/attributes.ts';
import { DENIED_ERROR_TYPES } from '../../api/telemetry/outcomes.ts';
import { callCount, callRate, DENIED, sumBy } from '../promql/calls.ts';
import { foreign } from '../promql/series.ts';
import { chosen, dashboard, RANGE, WINDOW } from './dashboard.ts';
import { graph, ranking, serviceMap, traces } from './panels.ts';

const SELECTED = chosen('gateway', 'target', 'tool');
const CALL = `kind = server && span.${REQUEST_ATTRIBUTES.mcpMethod} = "tools/call"`;
const SHOWN = [
  STANDARD_ATTRIBUTES.tool,
  REQUEST_ATTRIBUTES.mcpTarget,
  STANDARD_ATTRIBUTES.clientAddress,
  REQUEST_ATTRIBUTES.mcpSession,
  STANDARD_ATTRIBUTES.errorType,
]
  .map((name) => `span.${name}`)
  .join(', ');

export const callers = () =>
  dashboard({
    uid: 'tooltrail-callers',
    title: 'Who calls what',
    description:
      'Which routes lead to which tools, which agents call them, and what was denied. Principals are in the audit records of the gateway’s log.',
    variables: ['gateway', 'target', 'tool'],
    panels: [
      ranking({
        title: 'Calls by route and tool',
        description: 'Calls in the time that is shown.',
        expression: callCount(['gateway', 'route', 'mcp_target', 'gen_ai_tool_name'], RANGE, SELECTED),
      }),
      ranking({
        title: 'Denied by route and tool',
        description: 'Calls that policies refused in the time that is shown.',
        expression: `${callCount(['gateway', 'route', 'mcp_target', 'gen_ai_tool_name'], RANGE, { ...SELECTED, ...DENIED })} > 0`,
      }),
      graph({
        title: 'Denied calls',
        description: 'Calls per second that policies refused.',
        unit: 'reqps',
        queries: [{ expression: callRate(['route'], WINDOW, { ...SELECTED, ...DENIED }), legend: '{{route}}' }],
      }),
      graph({
        title: 'Requests between services',
        description:
          'Requests per second of each service to the next, from traces: agents that trace themselves are among them.',
        unit: 'reqps',
        queries: [
          {
            expression: sumBy(
              ['client', 'server'],
              `rate(${foreign('traces_service_graph_request_total')}[${WINDOW}])`,
            ),
            legend: '{{client}} → {{server}}',
          },
        ],
      }),
      serviceMap({
        title: 'Services',
        description: 'Who calls whom, from traces. An agent is there if it traces itself and passes its context on.',
      }),
      traces({
        title: 'Calls',
        description:
          'The newest calls: who, from where, in which session. Each opens its trace, with the agent’s spans above it.',
        search: `{ ${CALL} && span.${STANDARD_ATTRIBUTES.tool} =~ "$tool" } | select(${SHOWN})`,
      }),
      traces({
        title: 'Denied calls',
        description: 'The newest calls that a policy refused.',
        search: `{ ${CALL} && span.${STANDARD_ATTRIBUTES.errorType} =~ "${DENIED_ERROR_TYPES.join('|')}" } | select(${SHOWN})`,
      }),
    ],
  });
