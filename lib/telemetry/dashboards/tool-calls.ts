import { callCount, callQuantile, callRate, callRatio, FAILED } from '../promql/calls.ts';
import { chosen, dashboard, RANGE, WINDOW } from './dashboard.ts';
import { durations, figure, graph, ranking } from './panels.ts';

const SELECTED = chosen('gateway', 'target', 'tool');
const TOOL = ['mcp_target', 'gen_ai_tool_name'] as const;
const TOOL_LEGEND = '{{mcp_target}} / {{gen_ai_tool_name}}';
const TOP = 10;

export const toolCalls = () =>
  dashboard({
    uid: 'tooltrail-tool-calls',
    title: 'Tool calls',
    description: 'Which tools are called, how often, how many calls fail and how long they take.',
    variables: ['gateway', 'target', 'tool'],
    panels: [
      figure({
        title: 'Calls',
        description: 'Tool calls in the time that is shown.',
        width: 6,
        expression: callCount([], RANGE, SELECTED),
      }),
      figure({
        title: 'Failed',
        description: 'Part of the calls that failed. Denied and cancelled ones are no failures.',
        unit: 'percentunit',
        width: 6,
        expression: callRatio([], RANGE, FAILED, SELECTED),
      }),
      figure({
        title: 'p95',
        description: '95 of 100 calls took no longer.',
        unit: 's',
        width: 6,
        expression: callQuantile(0.95, [], RANGE, SELECTED),
      }),
      figure({
        title: 'Tools in use',
        description: 'Different tools that were called.',
        width: 6,
        expression: `count(${callCount(TOOL, RANGE, SELECTED)} > 0)`,
      }),
      graph({
        title: 'Calls by tool',
        description: 'Calls per second.',
        unit: 'reqps',
        stacked: true,
        queries: [{ expression: callRate(TOOL, WINDOW, SELECTED), legend: TOOL_LEGEND }],
      }),
      graph({
        title: 'Calls by outcome',
        description: 'Calls per second: how they ended.',
        unit: 'reqps',
        stacked: true,
        queries: [{ expression: callRate(['outcome'], WINDOW, SELECTED), legend: '{{outcome}}' }],
      }),
      graph({
        title: 'Failed calls by tool',
        description: 'Part of the calls of each tool that failed.',
        unit: 'percentunit',
        queries: [{ expression: callRatio(TOOL, WINDOW, FAILED, SELECTED), legend: TOOL_LEGEND }],
      }),
      durations(
        {
          title: 'Duration',
          description:
            'From the receipt of a call to the end of its answer. Points are calls: each leads to its trace.',
        },
        (quantile) => callQuantile(quantile, [], WINDOW, SELECTED),
      ),
      graph({
        title: 'p95 by tool',
        description: '95 of 100 calls of each tool took no longer.',
        unit: 's',
        width: 24,
        queries: [{ expression: callQuantile(0.95, TOOL, WINDOW, SELECTED), legend: TOOL_LEGEND }],
      }),
      ranking({
        title: 'Most called',
        description: 'Calls in the time that is shown.',
        expression: `topk(${TOP}, ${callCount(TOOL, RANGE, SELECTED)})`,
      }),
      ranking({
        title: 'Most failing',
        description: 'Failed calls in the time that is shown.',
        expression: `topk(${TOP}, ${callCount([...TOOL, 'outcome'], RANGE, { ...SELECTED, ...FAILED })} > 0)`,
      }),
    ],
  });
