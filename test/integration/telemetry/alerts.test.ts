import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { parseAllDocuments, stringify } from 'yaml';
import { closingAfterAll } from '../../support/closing.ts';
import { locateProgram, temporaryFolder } from '../../support/stack/program.ts';
import { ALERT_CASES, type AlertCase } from './alert-cases.ts';

/** The alerts of dist/, by Prometheus's own tool: each fires when it should, and says so in words, and is silent otherwise. */
const keep = closingAfterAll();
const folder = keep(temporaryFolder('alerts'), (temporary) => temporary.remove());
const RULES = join(folder.path, 'rules.yaml');
/** When the series of the cases have their last values. */
const END = '30m';

interface Rule {
  readonly alert: string;
  readonly annotations: { readonly description: string };
}

interface RuleObject {
  readonly kind: string;
  readonly spec: { readonly groups: readonly { readonly rules: readonly Rule[] }[] };
}

const spec = parseAllDocuments(readFileSync('dist/0007-kube-prometheus-stack.k8s.yaml', 'utf8'))
  .map((document) => document.toJS() as RuleObject | null)
  .find((object) => object?.kind === 'PrometheusRule')?.spec;
const rules = spec?.groups.flatMap((group) => group.rules) ?? [];

let promtool: (...args: readonly string[]) => { readonly status: number | null; readonly said: string };

beforeAll(async () => {
  const program = await locateProgram('promtool');
  writeFileSync(RULES, stringify(spec));
  promtool = (...args) => {
    const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8', timeout: 30_000 });
    return { status, said: `${stdout}${stderr}` };
  };
}, 600_000);

const testOf = (alert: string, series: AlertCase['fires']['series'], expected: readonly unknown[]) => {
  const file = join(folder.path, 'test.yaml');
  const input = Object.entries(series).map(([name, values]) => ({ series: name, values }));
  const assertion = { eval_time: END, alertname: alert, exp_alerts: expected };
  writeFileSync(
    file,
    stringify({
      rule_files: [RULES],
      evaluation_interval: '15s',
      tests: [{ interval: '15s', input_series: input, alert_rule_test: [assertion] }],
    }),
  );
  return promtool('test', 'rules', file);
};

test('promtool takes all rules', () => {
  expect(promtool('check', 'rules', '--lint=all', '--lint-fatal', RULES)).toEqual({
    status: 0,
    said: expect.stringContaining(`${rules.length} rules found`),
  });
});

test('every alert has its cases', () => {
  expect(Object.keys(ALERT_CASES).sort()).toEqual(rules.map(({ alert }) => alert).sort());
});

describe.each(Object.entries(ALERT_CASES))('%s', (alert, { fires, silent }) => {
  const description = rules.find((rule) => rule.alert === alert)?.annotations.description;
  const firing = { exp_labels: fires.labels, exp_annotations: { summary: fires.summary, description } };

  test('fires', () => {
    expect(testOf(alert, fires.series, [firing])).toEqual({ status: 0, said: expect.stringContaining('SUCCESS') });
  });

  test.each(Object.entries(silent))('is silent: %s', (_, series) => {
    expect(testOf(alert, series, [])).toEqual({ status: 0, said: expect.stringContaining('SUCCESS') });
  });
});
