import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { text } from 'node:stream/consumers';

const TIMEOUT = 30_000;

export interface ApiAnswer {
  readonly status: number;
  /** Of an error, a Status. */
  readonly body: unknown;
}

/** Plain requests to an API server, as whom a kubeconfig of ours stands for. */
export class Api {
  readonly #server: URL;
  readonly #credentials: { readonly ca: Buffer; readonly cert?: Buffer; readonly key?: Buffer };
  readonly #token: string | undefined;

  constructor(kubeconfig: string) {
    const { clusters, users } = JSON.parse(readFileSync(kubeconfig, 'utf8')) as Kubeconfig;
    const { cluster } = clusters[0];
    const { user } = users[0];
    const certificate = user['client-certificate-data'];
    const key = user['client-key-data'];
    this.#server = new URL(cluster.server);
    this.#token = user.token;
    this.#credentials = {
      ca: Buffer.from(cluster['certificate-authority-data'], 'base64'),
      ...(certificate !== undefined && { cert: Buffer.from(certificate, 'base64') }),
      ...(key !== undefined && { key: Buffer.from(key, 'base64') }),
    };
  }

  async send(method: string, path: string, body?: object): Promise<ApiAnswer> {
    const headers = {
      'content-type': 'application/json',
      ...(this.#token !== undefined && { authorization: `Bearer ${this.#token}` }),
    };
    const url = new URL(path, this.#server);
    const { promise, resolve, reject } = Promise.withResolvers<ApiAnswer>();
    const sent = request(url, { ...this.#credentials, method, headers, timeout: TIMEOUT, agent: false }, (response) => {
      text(response).then(
        (answer) => resolve({ status: response.statusCode ?? 0, body: JSON.parse(answer) as unknown }),
        reject,
      );
    });
    sent.on('timeout', () => sent.destroy(new Error(`${method} ${path}: no answer in ${TIMEOUT} ms`)));
    sent.on('error', reject);
    sent.end(body === undefined ? undefined : JSON.stringify(body));
    return promise;
  }
}

interface Kubeconfig {
  readonly clusters: readonly [
    { readonly cluster: { readonly server: string; readonly 'certificate-authority-data': string } },
  ];
  readonly users: readonly [{ readonly user: Readonly<Record<string, string | undefined>> }];
}
