import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject } from 'node:crypto';
import { GatewayError } from '../errors.ts';
import { isObject, own } from './message.ts';

/** AES-256. */
export const SESSION_KEY_BYTES = 32;

/** The longest session id that an upstream may issue, in characters. */
export const MAX_UPSTREAM_SESSION_ID = 1_024;

/** The longest token that is looked at: one for the longest upstream id and target name is shorter. */
export const MAX_TOKEN_LENGTH = 4_096;

/** Tokens whose meaning is remembered, of all backends: opening one costs more than everything else that a call needs. */
export const MAX_OPENED = 4_096;

const ALGORITHM = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** Padded standard base64. */
const BASE64 = /^(?:[A-Za-z0-9+/]{4})+(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** What a session id stands for. */
export interface Session {
  readonly target: string;
  /** Undefined: the upstream keeps no sessions. */
  readonly upstreamId: string | undefined;
}

export interface SessionTokensOptions {
  /** SESSION_KEY_BYTES long; replicas that share it serve one another's sessions. */
  readonly key: Uint8Array;
  readonly randomBytes: (size: number) => Buffer;
  readonly randomUuid: () => string;
}

/**
 * Session ids that need no store: the upstream's id, sealed. Wire form, that of the compatible system agentgateway:
 * base64(nonce ‖ ciphertext ‖ tag) of `{"t":"mcp","s":[{"t":"<target>","s":"<upstream id>"}]}`; a target without sessions has no `s`,
 * and `r` with a random UUID tells its clients apart. The backend is bound as additional data: a token opens for its backend alone.
 */
export class SessionTokens {
  readonly #key: KeyObject;
  readonly #randomBytes: (size: number) => Buffer;
  readonly #randomUuid: () => string;
  /** Those that were opened, by backend and token; the one that was not used for the longest is forgotten first. */
  readonly #opened = new Map<string, Session>();

  /** @throws RangeError if the key has another length */
  constructor({ key, randomBytes, randomUuid }: SessionTokensOptions) {
    if (key.length !== SESSION_KEY_BYTES) {
      throw new RangeError(`a session key has ${SESSION_KEY_BYTES} bytes, not ${key.length}`);
    }
    this.#key = createSecretKey(key);
    this.#randomBytes = randomBytes;
    this.#randomUuid = randomUuid;
  }

  /**
   * The session id for the client of a backend (`namespace/name`).
   * @throws GatewayError upstream_invalid if the upstream's id is longer than MAX_UPSTREAM_SESSION_ID
   */
  seal(backend: string, { target, upstreamId }: Session): string {
    if (upstreamId !== undefined && upstreamId.length > MAX_UPSTREAM_SESSION_ID) {
      throw new GatewayError('upstream_invalid', { detail: 'its session id is too long' });
    }
    const state =
      upstreamId === undefined
        ? { t: 'mcp', s: [{ t: target }], r: this.#randomUuid() }
        : { t: 'mcp', s: [{ t: target, s: upstreamId }] };
    const nonce = this.#randomBytes(NONCE_BYTES);
    const cipher = createCipheriv(ALGORITHM, this.#key, nonce, { authTagLength: TAG_BYTES });
    cipher.setAAD(Buffer.from(backend));
    const sealed = [nonce, cipher.update(JSON.stringify(state)), cipher.final(), cipher.getAuthTag()];
    return Buffer.concat(sealed).toString('base64');
  }

  /**
   * What was sealed, for the same backend and target.
   * @throws GatewayError session_not_found for anything else, without saying why
   */
  open(backend: string, target: string, token: string): Session {
    const key = `${backend}\n${token}`;
    const session = this.#opened.get(key) ?? parseState(this.#decrypt(backend, token));
    if (session?.target !== target) {
      throw new GatewayError('session_not_found');
    }
    this.#remember(key, session);
    return session;
  }

  #remember(key: string, session: Session): void {
    this.#opened.delete(key);
    this.#opened.set(key, session);
    const [oldest] = this.#opened.keys();
    if (this.#opened.size > MAX_OPENED && oldest !== undefined) this.#opened.delete(oldest);
  }

  #decrypt(backend: string, token: string): string {
    if (token.length > MAX_TOKEN_LENGTH || !BASE64.test(token)) {
      throw new GatewayError('session_not_found');
    }
    const bytes = Buffer.from(token, 'base64');
    // Base64 has spellings that differ in bits nobody reads: a token has one.
    if (bytes.length <= NONCE_BYTES + TAG_BYTES || bytes.toString('base64') !== token) {
      throw new GatewayError('session_not_found');
    }
    const options = { authTagLength: TAG_BYTES };
    const decipher = createDecipheriv(ALGORITHM, this.#key, bytes.subarray(0, NONCE_BYTES), options);
    decipher.setAAD(Buffer.from(backend));
    decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
    try {
      return decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES), undefined, 'utf8') + decipher.final('utf8');
    } catch {
      throw new GatewayError('session_not_found');
    }
  }
}

/** Only what this gateway, or another version of it with the same key, has sealed comes here. */
const parseState = (json: string): Session | undefined => {
  const state: unknown = JSON.parse(json);
  const targets = isObject(state) && own(state, 't') === 'mcp' ? own(state, 's') : undefined;
  const only: unknown = Array.isArray(targets) && targets.length === 1 ? targets[0] : undefined;
  const target = isObject(only) ? own(only, 't') : undefined;
  const upstreamId = isObject(only) ? own(only, 's') : undefined;
  return typeof target === 'string' && (upstreamId === undefined || typeof upstreamId === 'string')
    ? { target, upstreamId }
    : undefined;
};
