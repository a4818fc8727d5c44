import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import type { ImageFile } from './files.ts';
import { type TarEntry, tar } from './tar.ts';

/** Names of processors, as images have them. */
const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' };

const LAYER = 'application/vnd.oci.image.layer.v1.tar';

export interface ImageOptions {
  readonly files: readonly ImageFile[];
  /** With registry and tag. */
  readonly name: string;
  readonly title: string;
  /** Absolute, in the image. */
  readonly entrypoint: readonly string[];
  /** Numbers of the user and of its group. Default: root. */
  readonly uid?: number;
  readonly version: string;
  /** As `process.arch` names it. */
  readonly arch: string;
  /** Whether it is made small. Default: yes. */
  readonly compressed?: boolean;
}

/** An image of one layer as an OCI archive, the same bytes for the same files. @see https://github.com/opencontainers/image-spec */
export const ociArchive = ({
  files,
  name,
  title,
  entrypoint,
  uid = 0,
  version,
  arch,
  compressed = true,
}: ImageOptions): Buffer => {
  const architecture = ARCHITECTURES[arch];
  if (architecture === undefined) throw new Error(`no image for ${arch}`);
  const platform = { architecture, os: 'linux' };
  const entries = files.map((file): TarEntry => ({ ...file, name: file.path.slice(1) }));
  const plain = tar(entries);
  const layer = compressed ? blob(`${LAYER}+gzip`, gzipSync(plain)) : blob(LAYER, plain);
  const labels = {
    'org.opencontainers.image.title': title,
    'org.opencontainers.image.version': version,
    'org.opencontainers.image.licenses': 'Apache-2.0',
  };
  const config = json('application/vnd.oci.image.config.v1+json', {
    ...platform,
    created: new Date(0).toISOString(),
    config: {
      User: `${uid}:${uid}`,
      Env: ['PATH=/usr/local/bin'],
      Entrypoint: entrypoint,
      WorkingDir: '/',
      Labels: labels,
    },
    rootfs: { type: 'layers', diff_ids: [digest(plain)] },
    history: [{ created: new Date(0).toISOString(), created_by: 'tooltrail' }],
  });
  const manifest = json('application/vnd.oci.image.manifest.v1+json', {
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    config: config.descriptor,
    layers: [layer.descriptor],
    annotations: labels,
  });
  const index = json('application/vnd.oci.image.index.v1+json', {
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.index.v1+json',
    manifests: [
      {
        ...manifest.descriptor,
        platform,
        // containerd takes the first as the name, podman the second.
        annotations: { 'io.containerd.image.name': name, 'org.opencontainers.image.ref.name': name },
      },
    ],
  });
  const blobs = [layer, config, manifest].map(({ descriptor, content }) => ({
    name: `blobs/${descriptor.digest.replace(':', '/')}`,
    mode: 0o644,
    content,
  }));
  return tar([
    { name: 'oci-layout', mode: 0o644, content: Buffer.from('{"imageLayoutVersion":"1.0.0"}') },
    { name: 'index.json', mode: 0o644, content: index.content },
    { name: 'blobs', mode: 0o755 },
    { name: 'blobs/sha256', mode: 0o755 },
    ...blobs,
  ]);
};

const digest = (content: Buffer): string => `sha256:${createHash('sha256').update(content).digest('hex')}`;

const blob = (mediaType: string, content: Buffer) => ({
  content,
  descriptor: { mediaType, digest: digest(content), size: content.length },
});

const json = (mediaType: string, value: object) => blob(mediaType, Buffer.from(JSON.stringify(value)));
