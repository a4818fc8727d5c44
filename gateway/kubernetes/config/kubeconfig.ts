import { delimiter, dirname, join, resolve } from 'node:path';
import { parse } from 'yaml';
import {
  type Access,
  type ClusterConfig,
  ClusterConfigError,
  checkToken,
  type Environment,
  type FileReader,
  readFile,
  readToken,
  serverUrl,
} from './access.ts';

type Fields = Readonly<Record<string, unknown>>;

/** A named part of a kubeconfig, and the file that paths in it are relative to. */
interface Entry {
  readonly fields: Fields;
  readonly file: string;
}

/** Files that kubectl would read: those of KUBECONFIG, else `~/.kube/config`. */
export const kubeconfigPaths = (env: Environment): readonly string[] => {
  const named = (env.KUBECONFIG ?? '').split(delimiter).filter((path) => path !== '');
  return named.length > 0 ? named : [join(env.HOME ?? '', '.kube', 'config')];
};

/**
 * The current context of kubeconfig files; what stands in several of them is taken from the first. Programs that would make credentials
 * are not started.
 * @throws {ClusterConfigError}
 */
export const kubeconfig = async (paths: readonly string[], fs: FileReader): Promise<ClusterConfig> => {
  const files = await readFiles(paths, fs);
  const [{ file: first = '' } = {}] = files;
  const current = files
    .map(({ fields }) => fields['current-context'])
    .find((name) => name !== undefined && name !== '');
  if (typeof current !== 'string') throw new ClusterConfigError(`${first}: current-context is not set`);
  const find = (list: string, item: string, name: unknown): Entry => {
    for (const { fields, file } of files) {
      const entries: readonly unknown[] = Array.isArray(fields[list]) ? fields[list] : [];
      const found = entries.find((entry) => isRecord(entry) && entry.name === name) as Fields | undefined;
      if (found !== undefined && isRecord(found[item])) return { fields: found[item], file };
    }
    throw new ClusterConfigError(`${first}: there is no ${item} ${JSON.stringify(name ?? '')}`);
  };
  const context = find('contexts', 'context', current).fields;
  const cluster = find('clusters', 'cluster', context.cluster);
  const user = find('users', 'user', context.user);
  refuse(cluster, ['proxy-url']);
  refuse(user, ['exec', 'auth-provider', 'username', 'password', 'as', 'as-groups', 'as-uid', 'as-user-extra']);
  const access = async (): Promise<Access> => {
    const ca = await pem(fs, cluster, 'certificate-authority');
    const certificate = await pem(fs, user, 'client-certificate');
    const key = await pem(fs, user, 'client-key');
    const token = await tokenOf(fs, user);
    const serverName = text(cluster, 'tls-server-name');
    return {
      ...(ca === undefined ? {} : { ca }),
      ...(certificate === undefined ? {} : { certificate }),
      ...(key === undefined ? {} : { key }),
      ...(token === undefined ? {} : { token }),
      ...(serverName === undefined ? {} : { serverName }),
      insecure: cluster.fields['insecure-skip-tls-verify'] === true,
    };
  };
  await access();
  return {
    server: serverUrl(text(cluster, 'server') ?? '', cluster.file),
    namespace: typeof context.namespace === 'string' ? context.namespace : 'default',
    access,
  };
};

const readFiles = async (paths: readonly string[], fs: FileReader): Promise<readonly Entry[]> => {
  const files: Entry[] = [];
  let missing: unknown;
  for (const path of paths) {
    let content: string;
    try {
      content = await readFile(fs, path);
    } catch (error) {
      missing ??= error;
      continue;
    }
    files.push({ fields: parseFile(content, path), file: resolve(path) });
  }
  // As with kubectl, one of several is enough.
  if (files.length === 0) throw missing ?? new ClusterConfigError('no kubeconfig is named');
  return files;
};

const parseFile = (content: string, path: string): Fields => {
  let value: unknown;
  try {
    value = parse(content);
  } catch {
    // What the parser says quotes the line, and lines hold secrets.
  }
  if (!isRecord(value)) throw new ClusterConfigError(`${path} is no kubeconfig`);
  return value;
};

/** What would change who we are, or how we connect, is not passed over. */
const refuse = ({ fields, file }: Entry, names: readonly string[]): void => {
  const name = names.find((field) => fields[field] !== undefined && fields[field] !== null);
  if (name === undefined) return;
  const plugin = ['exec', 'auth-provider'].includes(name);
  throw new ClusterConfigError(
    `${file}: ${name} is not supported${plugin ? ', no program is started for credentials: give a token, a tokenFile or a client certificate' : ''}`,
  );
};

const text = ({ fields, file }: Entry, name: string): string | undefined => {
  const value = fields[name];
  if (value === undefined || value === null || value === '') return undefined;
  if (typeof value !== 'string') throw new ClusterConfigError(`${file}: ${name} is no text`);
  return value;
};

/** `name-data` wins over the file `name`. */
const pem = async (fs: FileReader, entry: Entry, name: string): Promise<string | undefined> => {
  const data = text(entry, `${name}-data`);
  const path = text(entry, name);
  if (data === undefined) return path === undefined ? undefined : readFile(fs, resolve(dirname(entry.file), path));
  const decoded = Buffer.from(data, 'base64').toString('utf8');
  if (!decoded.includes('-----BEGIN ')) throw new ClusterConfigError(`${entry.file}: ${name}-data is no PEM in base64`);
  return decoded;
};

/** As with kubectl: the file, which may be rotated, wins over the token. */
const tokenOf = async (fs: FileReader, user: Entry): Promise<string | undefined> => {
  const path = text(user, 'tokenFile');
  if (path !== undefined) return readToken(fs, resolve(dirname(user.file), path));
  const token = text(user, 'token');
  return token === undefined ? undefined : checkToken(token, `${user.file}: token`);
};

const isRecord = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
