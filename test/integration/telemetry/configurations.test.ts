import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { stringify } from 'yaml';
import { closingAfterAll } from '../../support/closing.ts';
import { withoutBalancer } from '../../support/stack/balancer.ts';
import { collectorCases, tempoCases } from '../../support/stack/cases.ts';
import { collectorApp, configsOf, tempoApp } from '../../support/stack/configs.ts';
import { locateProgram, temporaryFolder } from '../../support/stack/program.ts';

/** Every configuration that the constructs write is one to the programs that it is for. */
const keep = closingAfterAll();
const folder = keep(temporaryFolder('configurations'), (temporary) => temporary.remove());

const run = async (name: 'otelcol-contrib' | 'tempo', config: unknown, args: (file: string) => readonly string[]) => {
  const file = join(folder.path, `${name}.yaml`);
  writeFileSync(file, stringify(config));
  const { status, stdout, stderr } = spawnSync(await locateProgram(name), args(file), {
    encoding: 'utf8',
    timeout: 30_000,
  });
  return { status, said: `${stdout}${stderr}` };
};

const validate = (config: unknown) => run('otelcol-contrib', config, (file) => ['validate', `--config=${file}`]);
const verify = (config: unknown) => run('tempo', config, (file) => [`-config.file=${file}`, '-config.verify=true']);

describe('the Collector', () => {
  test.each(Object.entries(collectorCases()))('takes: %s', async (_, options) => {
    for (const config of Object.values(configsOf(collectorApp(options)))) {
      expect(await validate(withoutBalancer(config))).toEqual({ status: 0, said: expect.not.stringMatching(/error/i) });
    }
  });

  test('refuses what it does not know', async () => {
    const [config] = Object.values(configsOf(collectorApp({})));
    expect((await validate({ ...(config as object), processors: { batch: { unknown: true } } })).status).not.toBe(0);
  });
});

describe('Tempo', () => {
  test.each(Object.entries(tempoCases()))('takes: %s', async (_, options) => {
    const { status, said } = await verify(configsOf(tempoApp(options)).tempo);
    expect([status, said]).toEqual([0, expect.not.stringMatching(/err=|failed/)]);
  });

  test('refuses what it does not know', async () => {
    const config = { ...(configsOf(tempoApp({})).tempo as object), memberlist: { unknown: true } };
    expect((await verify(config)).status).not.toBe(0);
  });
});
