import { beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { MAX_CLIENT_HELLO, readClientHello } from '../../../../../gateway/http/tls/client-hello.ts';
import { helloOf } from '../../../../support/http/tls.ts';

let named: Buffer;
let nameless: Buffer;

beforeAll(async () => {
  [named, nameless] = await Promise.all([helloOf('A.example'), helloOf('')]);
});

/** The same message in records of so many bytes. */
const inRecords = (hello: Buffer, size: number): Buffer => {
  const message = hello.subarray(5);
  const records: Buffer[] = [];
  for (let at = 0; at < message.length; at += size) {
    const fragment = message.subarray(at, at + size);
    records.push(Buffer.from([22, 3, 1, fragment.length >> 8, fragment.length & 0xff]), fragment);
  }
  return Buffer.concat(records);
};

const vector = (size: 1 | 2 | 3, ...parts: readonly Buffer[]): Buffer => {
  const content = Buffer.concat(parts);
  const length = Buffer.alloc(size);
  length.writeUIntBE(content.length, 0, size);
  return Buffer.concat([length, content]);
};

/** One record with a ClientHello; without extensions if there are none. */
const aHello = (...extensions: readonly Buffer[]): Buffer => {
  const head = [Buffer.alloc(34), vector(1), vector(2, Buffer.from([0x13, 0x01])), vector(1, Buffer.alloc(1))];
  const body = vector(3, ...head, ...(extensions.length === 0 ? [] : [vector(2, ...extensions)]));
  return Buffer.concat([Buffer.from([22, 3, 1]), vector(2, Buffer.from([1]), body)]);
};

const anExtension = (type: number, content: Buffer): Buffer =>
  Buffer.concat([Buffer.from([0, type]), vector(2, content)]);
const aName = (text: string, type = 0): Buffer =>
  Buffer.concat([Buffer.from([type]), vector(2, Buffer.from(text, 'latin1'))]);
const serverName = (...names: readonly Buffer[]): Buffer => anExtension(0, vector(2, ...names));

describe('the server name of a ClientHello', () => {
  test('as a real client sends it', () => {
    expect(readClientHello(named)).toEqual({ serverName: 'a.example' });
    expect(readClientHello(nameless)).toEqual({ serverName: '' });
  });

  test('however it is cut into records', () => {
    for (const size of [1, 2, 3, 4, 5, 7, 64, 16_384]) {
      expect(readClientHello(inRecords(named, size))).toEqual({ serverName: 'a.example' });
    }
  });

  test('more bytes are needed until all are there, and none behind them', () => {
    for (const hello of [named, inRecords(named, 7)]) {
      for (let length = 0; length < hello.length; length++) {
        expect([length, readClientHello(hello.subarray(0, length))]).toEqual([length, 'incomplete']);
      }
    }
    expect(readClientHello(Buffer.concat([named, Buffer.from('x')]))).toEqual({ serverName: 'a.example' });
  });

  test.each<[string, Buffer, string | undefined]>([
    ['no extensions', aHello(), ''],
    ['other extensions before', aHello(anExtension(9, Buffer.alloc(3)), serverName(aName('b.example'))), 'b.example'],
    ['another type of name before', aHello(serverName(aName('x', 7), aName('b.example'))), 'b.example'],
    ['an empty list', aHello(serverName()), ''],
    ['a dot at the end', aHello(serverName(aName('b.example.'))), undefined],
    ['nothing as a name', aHello(serverName(aName(''))), undefined],
    ['NUL', aHello(serverName(aName('b.example\0.c'))), undefined],
    ['a port', aHello(serverName(aName('b.example:443'))), undefined],
    ['not ASCII', aHello(serverName(aName('bä.example'))), undefined],
  ])('%s', (_what, hello, name) => {
    expect(readClientHello(hello)).toEqual({ serverName: name });
  });
});

describe('what is no ClientHello', () => {
  const broken = (change: (hello: Buffer) => void): Buffer => {
    const hello = aHello(serverName(aName('b.example')));
    change(hello);
    return hello;
  };

  test.each<[string, Buffer]>([
    ['HTTP', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
    ['the first letter of it', Buffer.from('G')],
    ['SSL 2', Buffer.from([0x80, 0x2e, 1, 0, 2])],
    ['another type of record', broken((hello) => hello.writeUInt8(21, 0))],
    ['another version', broken((hello) => hello.writeUInt8(2, 1))],
    ['an empty record', Buffer.from([22, 3, 1, 0, 0])],
    ['a record that is too long', Buffer.from([22, 3, 1, 0x40, 1])],
    ['another message', broken((hello) => hello.writeUInt8(2, 5))],
    ['a message that is too long', Buffer.from([22, 3, 1, 0, 4, 1, 1, 0, 0])],
    ['a list that is longer than the message', broken((hello) => hello.writeUInt8(255, 43))],
    ['a message that ends too soon', Buffer.from([22, 3, 1, 0, 4, 1, 0, 0, 0])],
    ['a name that is longer than its list', aHello(anExtension(0, vector(2, Buffer.from([0, 0, 9, 1]))))],
  ])('%s', (_what, bytes) => {
    expect(readClientHello(bytes)).toBe('invalid');
  });

  test('one in more and more small records is given up', () => {
    const records = Buffer.alloc(MAX_CLIENT_HELLO * 7);
    for (let at = 0; at + 6 <= records.length; at += 6) records.set([22, 3, 1, 0, 1, 0], at);
    records.set([22, 3, 1, 0, 4, 1, 0, 0x70, 0, 22, 3, 1, 0, 1, 0], 0);
    expect(readClientHello(records.subarray(0, 2 * MAX_CLIENT_HELLO))).toBe('invalid');
  });

  test('any bytes get an answer', () => {
    fc.assert(
      fc.property(fc.nat(named.length - 1), fc.integer({ min: 0, max: 255 }), fc.nat(named.length), (at, byte, cut) => {
        const bytes = Buffer.from(named);
        bytes[at] = byte;
        expect(['incomplete', 'invalid', 'object']).toContain(
          ((answer) => (typeof answer === 'string' ? answer : typeof answer))(readClientHello(bytes.subarray(0, cut))),
        );
      }),
    );
  });
});
