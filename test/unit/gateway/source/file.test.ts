import fs from 'node:fs';
import { mkdir, mkdtemp, rename, rm, symlink, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { FileSource } from '../../../../gateway/source/file.ts';
import { LIMITS } from '../../../../gateway/source/limits.ts';
import { Follower } from '../../../support/follower.ts';

const secret = (name: string, value: string): string =>
  `{apiVersion: v1, kind: Secret, metadata: {name: ${name}, namespace: a}, stringData: {key: "${value}"}}\n`;

let folder: string;
let source: FileSource | undefined;
let follower: Follower;

const follow = async (...paths: readonly string[]): Promise<void> => {
  follower = new Follower();
  source = new FileSource(
    { paths: paths.map((path) => join(folder, path)), fs, env: {}, timers: globalThis },
    follower,
  );
  await source.load();
};

const write = (file: string, text: string): Promise<void> => writeFile(join(folder, file), text);

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'file-source-'));
});

afterEach(async () => {
  source?.close();
  source = undefined;
  await rm(folder, { recursive: true });
});

describe('load', () => {
  test('reads the YAML and JSON files of a folder, not those in folders below it or with a dot in front', async () => {
    await write('a.yaml', secret('a', '1'));
    await write('b.yml', secret('b', '2'));
    await write('c.json', '{"apiVersion":"v1","kind":"Secret","metadata":{"name":"c","namespace":"a"}}');
    await write('d.txt', secret('d', '4'));
    await write('.e.yaml', secret('e', '5'));
    await mkdir(join(folder, 'below.yaml'));
    await write('below.yaml/f.yaml', secret('f', '6'));
    await follow('');
    expect(follower.state).toEqual(['a=1', 'b=2', 'c=']);
    expect(follower.problems.map(({ message }) => message)).toEqual(['not a regular file']);
  });

  test('lets a later path replace the objects of an earlier one', async () => {
    await write('base.yaml', `${secret('a', 'base')}---\n${secret('b', 'base')}`);
    await write('local.yaml', secret('a', 'local'));
    await follow('base.yaml', 'local.yaml');
    expect(follower.state).toEqual(['a=local', 'b=base']);
    expect(follower.problems).toEqual([]);
  });

  test('reports the same object twice in one path, and keeps the first', async () => {
    await write('1.yaml', secret('a', 'first'));
    await write('2.yaml', secret('a', 'second'));
    await follow('');
    expect(follower.state).toEqual(['a=first']);
    expect(follower.problems).toMatchObject([
      { file: join(folder, '2.yaml'), line: 1, rule: 'duplicate', object: 'Secret a/a' },
    ]);
  });

  test('names a path that is not there, a file that is too large', async () => {
    await write('large.yaml', '#'.repeat(LIMITS.fileBytes + 1));
    await follow('nowhere.yaml', 'large.yaml');
    expect(follower.problems).toMatchObject([
      { file: join(folder, 'nowhere.yaml'), rule: 'unreadable', message: 'no such file or folder' },
      { file: join(folder, 'large.yaml'), rule: 'too-large' },
    ]);
  });

  test('says nothing when nothing changed', async () => {
    await write('a.yaml', secret('a', '1'));
    await follow('');
    await write('a.yaml', `# only a comment\n${secret('a', '1')}`.replace('# only a comment\n', ''));
    await source?.load();
    expect(follower.calls).toBe(1);
  });
});

describe('the last good version stays', () => {
  test('of a file that stops being YAML', async () => {
    await write('a.yaml', `${secret('a', '1')}---\n${secret('b', '1')}`);
    await follow('');
    await write('a.yaml', `${secret('a', '2')}---\n{broken`);
    await source?.load();
    expect(follower.state).toEqual(['a=1', 'b=1']);
    expect(follower.problems).toMatchObject([{ rule: 'not-yaml' }]);
    await write('a.yaml', secret('a', '3'));
    await source?.load();
    expect(follower.state).toEqual(['a=3']);
    expect(follower.problems).toEqual([]);
  });

  test('of an object that becomes invalid, while the others of the file change', async () => {
    await write('a.yaml', `${secret('a', '1')}---\n${secret('b', '1')}---\n${secret('c', '1')}`);
    await follow('');
    await write('a.yaml', `${secret('a', '1').replace(`"1"`, '[not, text]')}---\n${secret('b', '2')}`);
    await source?.load();
    expect(follower.state).toEqual(['a=1', 'b=2']);
    expect(follower.problems).toMatchObject([{ rule: 'wrong-type', object: 'Secret a/a', field: 'stringData.key' }]);
  });

  test('of all objects that are gone, when a document no longer says which object it is', async () => {
    await write('a.yaml', `${secret('a', '1')}---\n${secret('b', '1')}`);
    await follow('');
    await write('a.yaml', `${secret('a', '1').replace('name: a,', '')}---\n${secret('b', '2')}`);
    await source?.load();
    expect(follower.state).toEqual(['a=1', 'b=2']);
  });

  test('of everything under a path that cannot be read any more', async () => {
    await mkdir(join(folder, 'config'));
    await write('config/a.yaml', secret('a', '1'));
    await follow('config');
    await rename(join(folder, 'config'), join(folder, 'moved'));
    await source?.load();
    expect(follower.state).toEqual(['a=1']);
    expect(follower.problems).toMatchObject([{ rule: 'unreadable' }]);
  });

  test('but not of objects whose file is deleted', async () => {
    await write('a.yaml', secret('a', '1'));
    await write('b.yaml', secret('b', '1'));
    await follow('');
    await unlink(join(folder, 'b.yaml'));
    await source?.load();
    expect(follower.state).toEqual(['a=1']);
  });
});

describe('watch', () => {
  test('follows files that are written, added and deleted in a folder', async () => {
    await write('a.yaml', secret('a', '1'));
    await follow('');
    source?.watch();
    await write('a.yaml', secret('a', '2'));
    await follower.reaches('a=2');
    await write('b.yaml', secret('b', '1'));
    await follower.reaches('a=2', 'b=1');
    await unlink(join(folder, 'a.yaml'));
    await follower.reaches('b=1');
  });

  test('survives that a file is replaced by an atomic rename, time and again', async () => {
    await write('a.yaml', secret('a', '0'));
    await follow('a.yaml');
    source?.watch();
    for (const value of ['1', '2', '3']) {
      await write('new', secret('a', value));
      await rename(join(folder, 'new'), join(folder, 'a.yaml'));
      await follower.reaches(`a=${value}`);
    }
  });

  test('follows a mounted ConfigMap: files are links through ..data, which is swapped', async () => {
    const version = async (name: string, value: string): Promise<void> => {
      await mkdir(join(folder, name));
      await write(join(name, 'a.yaml'), secret('a', value));
      await symlink(name, join(folder, '..data_tmp'));
      await rename(join(folder, '..data_tmp'), join(folder, '..data'));
    };
    await version('..1', 'old');
    await symlink('..data/a.yaml', join(folder, 'a.yaml'));
    await follow('');
    expect(follower.state).toEqual(['a=old']);
    source?.watch();
    await version('..2', 'new');
    await follower.reaches('a=new');
  });

  test('reports a bad edit and recovers with the next good one', async () => {
    await write('a.yaml', secret('a', '1'));
    await follow('a.yaml');
    source?.watch();
    const reported = follower.nextCall();
    await write('a.yaml', '{');
    await reported;
    expect(follower.state).toEqual(['a=1']);
    expect(follower.problems).toMatchObject([{ rule: 'not-yaml', line: 1 }]);
    await write('a.yaml', secret('a', '2'));
    await follower.reaches('a=2');
    expect(follower.problems).toEqual([]);
  });
});
