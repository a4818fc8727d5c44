import { resolve } from 'node:path';
import { type Answer, Kubectl, runnerOf } from '../support/control-plane/kubectl.ts';
import { run } from './command.ts';

/**
 * A driver is an executable that has a cluster, with these verbs. Each ends with 0 or says on standard error why not. Paths are absolute: a verb
 * may run in a folder of its own.
 *
 *   up                 starts the cluster; ends when its node is Ready. Services of type LoadBalancer get addresses
 *   down               removes it, also a half-started one
 *   in CMD ARGS...     runs a command where the cluster's addresses can be reached
 *   kubectl ARGS...    kubectl as an administrator; passes standard input on
 *   load IMAGE.tar     makes an image archive (OCI, or of `docker save`) known to the nodes, under the name that it carries
 */
export class Driver {
  readonly path: string;
  readonly kubectl: Kubectl;

  constructor(path: string) {
    this.path = resolve(path);
    this.kubectl = new Kubectl(runnerOf(this.path, ['kubectl']));
  }

  /** Whether its cluster is up: somebody else's, unless we started it. */
  async isUp(): Promise<boolean> {
    return (await this.kubectl.run(['get', 'nodes', '--request-timeout=5s'])).code === 0;
  }

  /** Runs a verb whose output is for who watches. Rejects unless it ends well. */
  do(verb: 'up' | 'down' | 'load', ...args: readonly string[]): Promise<void> {
    return run(this.path, [verb, ...args]);
  }

  /** Runs a command where the cluster's addresses can be reached, and says what came of it. */
  in(command: string, args: readonly string[], input?: string): Promise<Answer> {
    return runnerOf(this.path, ['in', command])(args, input);
  }
}

const DEFAULT_DRIVER = 'test/e2e/kind';

/** The driver that E2E_DRIVER names; kind's without. */
export const driver = new Driver(process.env.E2E_DRIVER || DEFAULT_DRIVER);
