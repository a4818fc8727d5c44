import type { ResolveOptions } from '../../gateway/resolve/resolve.ts';

/** What a golden says of the world in a line `# options: {…}`. */
interface GoldenOptions {
  readonly standalone?: boolean;
  readonly bundleVersion?: string;
  /** By Gateway. */
  readonly addresses?: Readonly<Record<string, readonly string[]>>;
  /** By Gateway: why nobody would answer yet. */
  readonly pending?: Readonly<Record<string, string>>;
  /** By port. */
  readonly unboundPorts?: Readonly<Record<string, string>>;
}

const KNOWN: ReadonlySet<string> = new Set(['standalone', 'bundleVersion', 'addresses', 'pending', 'unboundPorts']);

/** Certificates in goldens are good if they say so. */
const problemOf = (text: string, noun: string): string | undefined =>
  text.startsWith('good') ? undefined : `is no ${noun}`;

export const resolveOptions = (input: string): Partial<ResolveOptions> => {
  const text = /^# options: (.*)$/m.exec(input)?.[1] ?? '{}';
  const options = JSON.parse(text) as GoldenOptions;
  const unknown = Object.keys(options).filter((name) => !KNOWN.has(name));
  if (unknown.length > 0) throw new Error(`unknown option ${unknown.join(', ')}`);
  const { addresses, pending = {}, unboundPorts = {}, ...rest } = options;
  return {
    ...rest,
    ...(addresses === undefined ? {} : { addressesOf: (gateway) => addresses[gateway] ?? [] }),
    pending: (gateway) => pending[gateway],
    unboundPort: (_address, port) => unboundPorts[String(port)],
    certificateProblem: (certificate, key) => problemOf(certificate, 'certificate') ?? problemOf(key, 'key'),
    authorityProblem: (certificates) => problemOf(certificates, 'list of certificates'),
  };
};
