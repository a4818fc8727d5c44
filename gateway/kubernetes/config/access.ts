/** Where an API server is, and as whom it is talked to. */
export interface ClusterConfig {
  /** With the path that all of its paths begin with, if there is one. */
  readonly server: URL;
  /** Namespace of the service account or the context. */
  readonly namespace: string;
  /** Reads what may have been rotated since. Rejects with a ClusterConfigError. */
  readonly access: () => Promise<Access>;
}

/** What a connection is made with. Secret. */
export interface Access {
  readonly token?: string;
  /** PEM; absent: what Node trusts. */
  readonly ca?: string;
  /** PEM, of the client. */
  readonly certificate?: string;
  readonly key?: string;
  /** The server's certificate is not verified. */
  readonly insecure?: boolean;
  /** What the server's certificate is checked against; absent: the host of the URL. */
  readonly serverName?: string;
}

/** The part of `node:fs` that is used. */
export interface FileReader {
  readonly promises: { readFile(path: string, encoding: 'utf8'): Promise<string> };
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** A configuration that cannot be used, in one line for who wrote it. Holds no secret. */
export class ClusterConfigError extends Error {
  override readonly name = 'ClusterConfigError';
}

/** @throws {ClusterConfigError} with the path, never with what the file holds. */
export const readFile = async (fs: FileReader, path: string): Promise<string> => {
  try {
    return await fs.promises.readFile(path, 'utf8');
  } catch (error) {
    const code = (error as { readonly code?: unknown } | null)?.code;
    throw new ClusterConfigError(`${path} cannot be read: ${typeof code === 'string' ? code : 'unknown error'}`);
  }
};

/** What stands in a header cannot hold more than this. */
const MAX_TOKEN = 64 * 1_024;

/** @throws {ClusterConfigError} */
export const readToken = async (fs: FileReader, path: string): Promise<string> =>
  checkToken((await readFile(fs, path)).trim(), path);

/** @throws {ClusterConfigError} */
export const checkToken = (token: string, place: string): string => {
  if (token === '' || token.length > MAX_TOKEN || !/^[!-~]+$/.test(token)) {
    throw new ClusterConfigError(`${place} holds no token`);
  }
  return token;
};

/** @throws {ClusterConfigError} */
export const serverUrl = (text: string, place: string): URL => {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !['http:', 'https:'].includes(url.protocol) || url.username !== '' || url.search !== '') {
    throw new ClusterConfigError(`${place}: server is no http or https URL`);
  }
  return url;
};
