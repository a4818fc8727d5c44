import { createWriteStream, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { GATEWAY_CLASS } from '../../lib/api/kinds.ts';
import { locate } from '../components/locate.ts';
import { run } from '../e2e/command.ts';
import { driver } from '../e2e/driver.ts';
import { UNUSABLE_ADDRESS } from './addresses.ts';

/** Of the Gateway API's suite, as it is named there. */
const PROFILE = 'GATEWAY-HTTP';
const TIMEOUT = '40m';
/** `--- PASS: TestConformance/GatewayClassObservedGenerationBump (0.25s)` */
const RESULT = /^\s*--- (PASS|FAIL|SKIP): TestConformance\/([A-Za-z0-9]+) \(([\d.]+)s\)/;

export interface SuiteOptions {
  readonly version: string;
  /** What a load balancer can be given; without, the test of addresses fails. */
  readonly usableAddress: string | undefined;
  /** Path of the report that is written. */
  readonly report: string;
  /** Path of all that the suite says. */
  readonly log: string;
}

/** Runs the suite against the driver's cluster, and prints a line for each test that ran, all at its end. Rejects when one fails. */
export const runSuite = async ({ version, usableAddress, report, log }: SuiteOptions): Promise<void> => {
  const suite = await locate('gateway-api-conformance', process.env, (line) => console.error(line));
  const folder = mkdtempSync(join(tmpdir(), 'tooltrail-conformance-'));
  const kubeconfig = join(folder, 'kubeconfig');
  const output = createWriteStream(log);
  const flags = {
    'gateway-class': GATEWAY_CLASS,
    'conformance-profiles': PROFILE,
    ...(usableAddress === undefined ? {} : { 'usable-address': usableAddress }),
    'unusable-address': UNUSABLE_ADDRESS,
    'report-output': resolve(report),
    organization: 'tooltrail',
    project: 'tooltrail',
    version,
    url: 'not published yet',
    contact: 'not published yet',
    'test.run': 'TestConformance',
    'test.timeout': TIMEOUT,
    'test.v': 'true',
  };
  try {
    writeFileSync(kubeconfig, await driver.kubectl.must(['config', 'view', '--raw', '--flatten', '--minify']), {
      mode: 0o600,
    });
    const args = Object.entries(flags).map(([name, value]) => `-${name}=${value}`);
    await run(driver.path, ['in', 'env', `KUBECONFIG=${kubeconfig}`, suite, ...args], (line) => {
      output.write(`${line}\n`);
      const [, result, name, seconds] = RESULT.exec(line) ?? [];
      // A test that its features rule out is skipped in no time.
      if (name !== undefined && result !== 'SKIP') console.log(`${result}  ${name} (${seconds} s)`);
    });
  } finally {
    output.end();
    rmSync(folder, { recursive: true, force: true });
  }
};
