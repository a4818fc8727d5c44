import { errors } from 'undici';
import { type ErrorCode, GatewayError } from '../errors.ts';

/** Error codes of undici, node:net and node:dns, as the gateway's own. */
const CODES: Readonly<Record<string, ErrorCode>> = {
  UND_ERR_CONNECT_TIMEOUT: 'upstream_timeout',
  UND_ERR_HEADERS_TIMEOUT: 'upstream_timeout',
  UND_ERR_BODY_TIMEOUT: 'upstream_timeout',
  UND_ERR_SOCKET: 'upstream_closed',
  UND_ERR_HEADERS_OVERFLOW: 'upstream_malformed',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'upstream_closed',
  // What undici's parser says to a status below 100.
  ERR_ASSERTION: 'upstream_malformed',
  UND_ERR_CLOSED: 'upstream_unreachable',
  UND_ERR_DESTROYED: 'upstream_unreachable',
  ECONNREFUSED: 'upstream_unreachable',
  EHOSTUNREACH: 'upstream_unreachable',
  ENETUNREACH: 'upstream_unreachable',
  EADDRNOTAVAIL: 'upstream_unreachable',
  EACCES: 'upstream_unreachable',
  // A Unix socket that is not there.
  ENOENT: 'upstream_unreachable',
  ENOTFOUND: 'upstream_unreachable',
  EAI_AGAIN: 'upstream_unreachable',
  EAI_FAIL: 'upstream_unreachable',
  EAI_NODATA: 'upstream_unreachable',
  EMFILE: 'upstream_unreachable',
  ETIMEDOUT: 'upstream_timeout',
  ECONNRESET: 'upstream_closed',
  ECONNABORTED: 'upstream_closed',
  EPIPE: 'upstream_closed',
  EPROTO: 'upstream_tls_failed',
  // X.509 verification, as node:tls names what OpenSSL reports.
  UNABLE_TO_GET_ISSUER_CERT: 'upstream_tls_failed',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'upstream_tls_failed',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'upstream_tls_failed',
  UNABLE_TO_DECRYPT_CERT_SIGNATURE: 'upstream_tls_failed',
  UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY: 'upstream_tls_failed',
  SELF_SIGNED_CERT_IN_CHAIN: 'upstream_tls_failed',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'upstream_tls_failed',
  HOSTNAME_MISMATCH: 'upstream_tls_failed',
};

/** OpenSSL's and X.509's many other codes. */
const TLS_CODE = /^(?:ERR_SSL_|ERR_TLS_|ERR_OSSL_|CERT_|INVALID_CA$|INVALID_PURPOSE$|PATH_LENGTH_EXCEEDED$)/;

/**
 * What a failed exchange means to the client. The operating system's and the library's words stay in `cause`: they can hold addresses and
 * file names, and are for the log alone.
 */
export const failureOf = (error: unknown): GatewayError =>
  error instanceof GatewayError ? error : new GatewayError(failureCode(error), { cause: error });

const failureCode = (error: unknown): ErrorCode => {
  // Has a code or not, depending on how the parser was compiled.
  if (error instanceof errors.HTTPParserError) {
    return 'upstream_malformed';
  }
  const code = systemCode(error);
  if (TLS_CODE.test(code)) {
    return 'upstream_tls_failed';
  }
  return CODES[code] ?? 'internal_error';
};

const systemCode = (error: unknown): string => {
  if (typeof error !== 'object' || error === null) {
    return '';
  }
  // A host with several addresses fails with one error for each; the last tried speaks for all.
  if ('errors' in error && Array.isArray(error.errors) && error.errors.length > 0) {
    return systemCode(error.errors.at(-1));
  }
  return 'code' in error && typeof error.code === 'string' ? error.code : '';
};
