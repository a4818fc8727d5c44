import { copyFileSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { definitions } from '../components/definitions.ts';
import { run } from './command.ts';
import { driver } from './driver.ts';
import { leftOut } from './left-out.ts';

/** `make deploy` or `make undeploy` in the cluster, as somebody without network would: with definitions from a folder. */
export const deployment = async (
  verb: 'deploy' | 'undeploy',
  more: Readonly<Record<string, string>> = {},
): Promise<void> => {
  const folder = mkdtempSync(join(tmpdir(), 'tooltrail-crds-'));
  try {
    for (const name of ['gateway-api', 'prometheus-operator'] as const) {
      const from = await definitions(name, process.env);
      for (const file of readdirSync(from).filter((entry) => entry.endsWith('.yaml'))) {
        copyFileSync(join(from, file), join(folder, `${name}-${file}`));
      }
    }
    const variables = {
      KUBECTL: `${driver.path} kubectl`,
      CRDS: folder,
      GITHUB_PAT: 'e2e',
      WITHOUT: leftOut(process.env).join(','),
      ...more,
    };
    const assigned = Object.entries(variables).map(([name, value]) => `${name}=${value}`);
    await run('env', [...assigned, process.execPath, 'tools/deploy/main.ts', verb]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};
