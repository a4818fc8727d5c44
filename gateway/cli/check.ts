import { Configuration, type Report } from '../configuration.ts';
import type { ReferenceGrantMode } from '../resolve/resolve.ts';
import { FileSource } from '../source/file.ts';
import { renderStatus } from '../status/conditions.ts';
import { exitCode, renderFinding } from '../status/findings.ts';
import { type Arguments, usage } from './command.ts';
import { CHECK_COMMAND } from './commands.ts';
import type { Host } from './host.ts';

/** `tooltrail check`: what the gateway would make of these files. Resolves to the exit code. */
export const check = async (args: Arguments, host: Host): Promise<number> => {
  if (args.positionals.length === 0) throw usage(CHECK_COMMAND, 'a PATH is missing');
  let report: Report | undefined;
  const configuration = new Configuration({
    // Checked with the arguments.
    resolve: () => ({ referenceGrants: args.one('reference-grants') as ReferenceGrantMode }),
    onSnapshot: () => {},
    onReport: (next) => {
      report = next;
    },
  });
  await new FileSource(
    { paths: args.positionals, fs: host.fs, env: host.env, timers: host.clock },
    configuration,
  ).load();
  const { statuses, findings, locate } = report ?? { statuses: [], findings: [], locate: () => undefined };
  if (args.one('output') === 'json') {
    host.stdout(`${JSON.stringify(toDocument(statuses, findings, locate), undefined, 2)}\n`);
    return exitCode(findings);
  }
  for (const line of statuses.flatMap(renderStatus)) host.stdout(`${line}\n`);
  for (const finding of findings) host.stdout(`${renderFinding(finding)}\n`);
  const errors = findings.filter(({ severity }) => severity === 'error').length;
  host.stdout(
    `${count(statuses.length, 'object')} with a status, ${count(errors, 'error')}, ${count(findings.length - errors, 'note')}\n`,
  );
  return exitCode(findings);
};

/** The same for programs: each object with its place and status as the Kubernetes API would have it, then what is wrong. */
const toDocument = (statuses: Report['statuses'], findings: Report['findings'], locate: Report['locate']): unknown => ({
  objects: statuses.map(({ kind, namespace, name, ...status }) => ({
    kind,
    namespace,
    name,
    location: locate(kind, namespace, name),
    status,
  })),
  findings,
});

const count = (number: number, noun: string): string => `${number} ${noun}${number === 1 ? '' : 's'}`;
