import type {
  BackendAuth,
  CredentialLocation,
  SecretKeyReference,
} from '../../../lib/api/agentgateway/backend-policy.ts';
import type { Secret } from '../../../lib/api/core.ts';
import { KINDS } from '../../../lib/api/kinds.ts';
import type { Credential } from '../../upstream/target.ts';
import type { Lookup } from '../lookup.ts';

/** Data key of a secretRef that names none, and the header that credentials go into unless `location` says otherwise. */
const DEFAULT_KEY = 'Authorization';
const DEFAULT_LOCATION: CredentialLocation = { header: { name: 'authorization', prefix: 'Bearer ' } };

/** What is set on each request to a backend; a string: why it cannot be, without any secret in it. */
export const resolveCredentials = (
  { key, secretRef, location, credentials = [] }: BackendAuth,
  namespace: string,
  secrets: Lookup<Secret>,
): readonly Credential[] | string => {
  const resolved: Credential[] = [];
  const wanted = [
    ...(key === undefined ? [] : [{ field: 'auth.key', value: key, location }]),
    ...(secretRef === undefined ? [] : [{ field: 'auth.secretRef', value: secretRef, location }]),
    ...credentials.map((item, index) => ({
      field: `auth.credentials[${index}]`,
      value: item.secretRef,
      location: item.location,
    })),
  ];
  for (const { field, value, location: place = DEFAULT_LOCATION } of wanted) {
    const found = typeof value === 'string' ? { text: value, source: field } : readSecret(value, namespace, secrets);
    if (typeof found === 'string') return found;
    const credential = toCredential(found.text.trim(), found.source, place);
    if (typeof credential === 'string') return credential;
    resolved.push(credential);
  }
  return resolved;
};

const readSecret = (
  { key = DEFAULT_KEY, ...ref }: SecretKeyReference,
  namespace: string,
  secrets: Lookup<Secret>,
): { readonly text: string; readonly source: string } | string => {
  const foreign = foreignSecret(ref);
  if (foreign !== undefined) return foreign;
  const secretName = `${namespace}/${ref.name}`;
  const secret = secrets.get(secretName);
  if (secret === undefined) return `Secret ${secretName} not found`;
  const text = Object.hasOwn(secret.data, key) ? secret.data[key] : undefined;
  if (text === undefined) return `Secret ${secretName} has no key ${JSON.stringify(key)}${otherKeys(secret)}`;
  // The default key holds a whole header value as a rule: the scheme is taken off, and put on again below.
  const bare = key === DEFAULT_KEY ? text.replace(/^\s*Bearer(\s+|$)/i, '') : text;
  return { text: bare, source: `key ${JSON.stringify(key)} of Secret ${secretName}` };
};

/** The compatible system lets other kinds stand for Secrets; a Secret of the same name must not stand for them. */
export const foreignSecret = ({
  group = '',
  kind = '',
  name,
}: Pick<SecretKeyReference, 'group' | 'kind' | 'name'>): string | undefined =>
  group === KINDS.Secret.group && (kind === '' || kind === KINDS.Secret.kind)
    ? undefined
    : `reference to ${kind} of ${group} ${name}: only Secret is supported`;

const toCredential = (text: string, source: string, location: CredentialLocation): Credential | string => {
  if (text === '') return `${source} is empty`;
  // RFC 9110 §5.5: visible ASCII, spaces and tabs; anything else could end the header.
  if (!/^[\t\x20-\x7e]*$/.test(text)) return `${source} holds characters that a header cannot carry`;
  if (location.queryParameter !== undefined) return { in: 'query', name: location.queryParameter.name, value: text };
  if (location.cookie !== undefined) {
    // RFC 6265 §4.1.1.
    if (/[\s",;\\]/.test(text)) return `${source} holds characters that a cookie cannot carry`;
    return { in: 'cookie', name: location.cookie.name, value: text };
  }
  const { name, prefix = '' } = location.header ?? { name: 'authorization' };
  return { in: 'header', name: name.toLowerCase(), value: text.startsWith(prefix) ? text : `${prefix}${text}` };
};

const otherKeys = ({ data }: Secret): string => {
  const names = Object.keys(data);
  return names.length === 0
    ? ', it is empty'
    : `, only ${names.slice(0, 5).join(', ')}${names.length > 5 ? ', …' : ''}`;
};
