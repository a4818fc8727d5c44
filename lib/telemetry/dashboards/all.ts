import type { Jobs } from '../rules/alerts.ts';
import { callers } from './callers.ts';
import { gateways } from './gateways.ts';
import { oneTool } from './one-tool.ts';
import { pipeline } from './pipeline.ts';
import { sessions } from './sessions.ts';
import { toolCalls } from './tool-calls.ts';

/** All dashboards, in the order of the questions that people ask. */
export const dashboards = (jobs: Jobs) => [
  toolCalls(),
  oneTool(),
  callers(),
  sessions(),
  gateways(jobs.gateways),
  pipeline(jobs.pipeline),
];
