import type { Log } from '../http/log.ts';
import { type LogFormat, timestamp } from '../telemetry/log/access-log.ts';

/** Text that needs no quotes. */
const BARE = /^[!#-[\]-~]+$/;
/** What a terminal may take for a command, a line break or a change of direction; JSON escapes the rest. */
const INVISIBLE = /[\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g;

/** Scope of the gateway's own lines; the access log's is `request`. */
const SCOPE = 'gateway';

/** Lines about the gateway itself, in the shape of the access log's. */
export const createLog =
  (format: LogFormat, write: (text: string) => void, now: () => number): Log =>
  (level, message, fields = {}) => {
    const time = timestamp(now());
    const safe = quoted(message).slice(1, -1);
    if (format === 'json') {
      const members = Object.entries({ level, time, scope: SCOPE, message, ...fields });
      write(`{${members.map(([name, value]) => `${quoted(name)}:${quoted(value)}`).join(',')}}\n`);
      return;
    }
    const rest = Object.entries(fields).map(([name, value]) => ` ${name}=${BARE.test(value) ? value : quoted(value)}`);
    write(`${time}\t${level}\t${SCOPE} ${safe.replaceAll('\\"', '"').replaceAll('\\\\', '\\')}${rest.join('')}\n`);
  };

const quoted = (text: string): string =>
  JSON.stringify(text).replace(INVISIBLE, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
