import { KINDS } from '../../../lib/api/kinds.ts';
import { KubernetesClient } from '../../kubernetes/client.ts';
import { isRecord } from '../../kubernetes/failure.ts';
import { type Arguments, quote, usage } from '../command.ts';
import { FILL_SECRET_COMMAND } from '../commands.ts';
import type { Host } from '../host.ts';
import { clusterConfig } from './origin.ts';

/** Random bytes of a value; it has two hexadecimal digits for each. */
const RANDOM_BYTES = 16;
/** Others may write to the Secret at the same time. */
const ATTEMPTS = 5;

/**
 * `tooltrail fill-secret`: gives the keys of a Secret that have no value one, and leaves the others as they are. Resolves to the exit code.
 * What the values are is said nowhere.
 */
export const fillSecret = async (args: Arguments, host: Host): Promise<number> => {
  const { namespace, name } = secretName(args);
  const wanted = new Map([...values(args), ...random(args, host)]);
  if (wanted.size === 0) throw usage(FILL_SECRET_COMMAND, '--value KEY=VALUE or --random KEY is missing');
  const place = `Secret ${namespace}/${name}`;
  const fail = (message: string): number => {
    host.stderr(`tooltrail fill-secret: ${place}: ${message}\n`);
    return 1;
  };
  let config: Awaited<ReturnType<typeof clusterConfig>>;
  try {
    config = await clusterConfig(args.one('kubeconfig'), host);
  } catch (error) {
    return fail(error instanceof Error ? error.message : String(error));
  }
  const client = new KubernetesClient(config, host.clock);
  const ref = { kind: KINDS.Secret, namespace, name };
  try {
    for (let attempt = 1; ; attempt += 1) {
      const found = await client.get(ref);
      if (found.failure !== undefined) return fail(found.failure.message);
      const data = isRecord(found.value.data) ? found.value.data : {};
      const missing = [...wanted].filter(([key]) => (data[key] ?? '') === '');
      if (missing.length === 0) {
        host.stdout(`${place} has all keys: nothing to do\n`);
        return 0;
      }
      const added = missing.map(([key, value]) => [key, Buffer.from(value).toString('base64')] as const);
      // The state that was read, or none: what somebody writes meanwhile is not lost.
      const { failure } = await client.replace(ref, {
        ...found.value,
        data: { ...data, ...Object.fromEntries(added) },
      });
      if (failure === undefined) {
        host.stdout(`${place} was given ${missing.map(([key]) => key).join(', ')}\n`);
        return 0;
      }
      if (failure.reason !== 'Conflict' || attempt === ATTEMPTS) return fail(failure.message);
    }
  } finally {
    await client.close();
  }
};

const secretName = ({ positionals }: Arguments): { readonly namespace: string; readonly name: string } => {
  const [text, more] = positionals;
  const [, namespace, name] = /^([a-z0-9-]{1,63})\/([a-z0-9.-]{1,253})$/.exec(text ?? '') ?? [];
  if (namespace === undefined || name === undefined || more !== undefined) {
    throw usage(FILL_SECRET_COMMAND, `${quote(positionals.join(' '))} is no NAMESPACE/NAME`);
  }
  return { namespace, name };
};

/** Keys of a Secret's data. Source: Kubernetes API, Secret. */
const KEY = /^[-._a-zA-Z0-9]{1,253}$/;

const values = (args: Arguments): readonly (readonly [key: string, value: string])[] =>
  args.all('value').map((text) => {
    const at = text.indexOf('=');
    const key = text.slice(0, at);
    // The rest may be a secret.
    if (at === -1 || !KEY.test(key)) throw usage(FILL_SECRET_COMMAND, '--value is no KEY=VALUE');
    return [key, text.slice(at + 1)] as const;
  });

const random = (args: Arguments, { randomBytes }: Host): readonly (readonly [key: string, value: string])[] =>
  args.all('random').map((key) => {
    if (!KEY.test(key)) throw usage(FILL_SECRET_COMMAND, `--random ${quote(key)} is no key of a Secret`);
    return [key, randomBytes(RANDOM_BYTES).toString('hex')] as const;
  });
