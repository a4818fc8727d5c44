import { Kubectl as Deploying } from '../../../tools/deploy/kubectl.ts';
import type { Written } from '../charts.ts';

export { type Answer, runnerOf } from '../../../tools/deploy/kubectl.ts';

export class Kubectl extends Deploying {
  async get(kind: string, name: string, namespace = 'default'): Promise<Written> {
    return JSON.parse(await this.must(['get', kind, name, '-n', namespace, '-o', 'json'])) as Written;
  }

  /** Waits until every definition is served. */
  async established(): Promise<void> {
    await this.must(['wait', '--for=condition=Established', 'crd', '--all', '--timeout=60s']);
  }
}
