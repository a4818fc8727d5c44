import { GATEWAY_CLASS_SCHEMA } from '../api/gateway-api.ts';
import { CONTROLLER_NAME } from '../api/kinds.ts';

const { maxLength, pattern } = GATEWAY_CLASS_SCHEMA.properties.spec.properties.controllerName;
const FORM = new RegExp(pattern);
const HASH_DIGITS = 12;

/** Why a text cannot be the name of a controller; undefined: it can. Source: Gateway API, GatewayController. */
export const controllerNameProblem = (name: string): string | undefined =>
  name.length <= maxLength && FORM.test(name)
    ? undefined
    : `is no domain and path of at most ${maxLength} characters, such as ${CONTROLLER_NAME}`;

/**
 * Name of an object or a label's value that controllers of different names must not share: as it is for the usual one, with a hash of the
 * name behind it for others.
 * @param base at most 50 characters, so that labels hold it
 * @param sha256 in hexadecimal digits
 */
export const controllersOwn = (base: string, controllerName: string, sha256: (text: string) => string): string =>
  controllerName === CONTROLLER_NAME ? base : `${base}-${sha256(controllerName).slice(0, HASH_DIGITS)}`;
