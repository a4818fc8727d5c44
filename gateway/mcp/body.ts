import type { IncomingMessage } from 'node:http';
import { GatewayError } from '../errors.ts';

/** The longest body of a POST, in bytes. */
export const MAX_BODY_BYTES = 2 * 1_024 * 1_024;

/**
 * Reads a request's body as a whole. How long it may take is the server's `requestTimeout`.
 * @throws GatewayError body_too_large, as soon as that is known; client_closed
 */
export const readBody = (request: IncomingMessage, limit: number): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    if (Number(request.headers['content-length'] ?? 0) > limit) {
      reject(tooLarge(limit));
      return;
    }
    if (request.destroyed) {
      // Its events are over.
      reject(new GatewayError('client_closed'));
      return;
    }
    const chunks: Buffer[] = [];
    let size = 0;
    const onData = (chunk: Buffer): void => {
      size += chunk.length;
      if (size > limit) {
        finish();
        request.pause();
        reject(tooLarge(limit));
      } else {
        chunks.push(chunk);
      }
    };
    const onEnd = (): void => {
      finish();
      resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks, size));
    };
    const onLost = (): void => {
      finish();
      reject(new GatewayError('client_closed'));
    };
    const finish = (): void => {
      request.off('data', onData).off('end', onEnd).off('error', onLost).off('close', onLost);
      // A reset connection reports an error after this one has looked away.
      request.on('error', () => {});
    };
    request.on('data', onData).on('end', onEnd).on('error', onLost).on('close', onLost);
  });

const tooLarge = (limit: number): GatewayError => new GatewayError('body_too_large', { detail: `${limit} bytes` });
