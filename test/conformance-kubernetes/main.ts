import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { GATEWAY_CLASS } from '../../lib/api/kinds.ts';
import { pinned } from '../components/go.ts';
import { driver } from '../e2e/driver.ts';
import { loadProgram } from '../e2e/images.ts';
import { session } from '../e2e/session.ts';
import { applyDefinitions } from '../support/control-plane/definitions.ts';
import { usableAddress } from './addresses.ts';
import { parseReport, reportPath, withTable } from './report.ts';
import { runSuite } from './suite.ts';

/**
 * The Gateway API's own suite against the controller and its proxies in a cluster. Writes its report to docs/conformance/, and what it says
 * into the README.
 */
const FOLDER = 'build/conformance';
const CONTROLLER = ['dist/0001-namespaces.k8s.yaml', 'dist/0002-controller.k8s.yaml'];
/** Of the suite's own manifests: each with the program that is in it. */
const IMAGES = [
  ['echo-basic', 'registry.k8s.io/gateway-api/echo-basic:v1.5.1'],
  ['echo-basic', 'registry.k8s.io/gateway-api/echo-basic:v1.6.0-dev.2'],
  ['echo-basic', 'registry.k8s.io/gateway-api/echo-basic:v1.6.0-dev.3'],
  ['coredns', 'registry.k8s.io/coredns/coredns:v1.12.2'],
] as const;

const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { readonly version: string };

await session('conformance-kubernetes', async (step) => {
  await step('programs of the suite loaded', async () => {
    for (const [program, image] of IMAGES) await loadProgram(program, image);
  });
  await step('definitions applied', () => applyDefinitions(driver.kubectl));
  await step('controller applied', async () => {
    for (const file of CONTROLLER) await driver.kubectl.apply(resolve(file));
    // The suite asks its status which features there are.
    const accepted = ['wait', '--for=condition=Accepted', `gatewayclass/${GATEWAY_CLASS}`, '--timeout=120s'];
    await driver.kubectl.must(accepted);
  });
  const address = await step('an address asked for', usableAddress);
  if (address === undefined)
    console.error('load balancers here get no address on demand: GatewayStaticAddresses will fail');
  mkdirSync(FOLDER, { recursive: true });
  const [report, log] = [join(FOLDER, 'report.yaml'), join(FOLDER, 'suite.log')];
  try {
    await step('the suite passed', () => runSuite({ version, usableAddress: address, report, log }));
  } catch (error) {
    throw new Error(`a test failed; ${log} says why, ${report} which`, { cause: error });
  }
  const text = readFileSync(report, 'utf8');
  const path = reportPath(pinned('conformance', 'sigs.k8s.io/gateway-api/conformance'));
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  writeFileSync('README.md', withTable(readFileSync('README.md', 'utf8'), parseReport(text)));
  console.log(`${path} and README.md are written`);
});
