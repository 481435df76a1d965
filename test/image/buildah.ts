import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Buildah with a store of its own, so that nothing is left on the machine but what is in the folder. */
export class Buildah {
  readonly #common: readonly string[];

  constructor(folder: string) {
    const policy = join(folder, 'policy.json');
    mkdirSync(folder, { recursive: true });
    writeFileSync(policy, JSON.stringify({ default: [{ type: 'insecureAcceptAnything' }] }));
    this.#common = [
      `--root=${join(folder, 'storage')}`,
      `--runroot=${join(folder, 'run')}`,
      '--storage-driver=vfs',
    ];
    this.#policy = `--signature-policy=${policy}`;
  }

  readonly #policy: string;

  /** Builds a Dockerfile. Throws with the end of what was printed. */
  async build(context: string, file: string, tag: string, ...more: readonly string[]): Promise<void> {
    const args = ['--isolation=chroot', '--layers=false', '--pull=never', this.#policy, ...more];
    await this.#do('build', ...args, `--file=${file}`, `--tag=${tag}`, context);
  }

  /** The image's description by the OCI. */
  async describe(image: string): Promise<unknown> {
    const { OCIv1 } = JSON.parse(await this.#do('inspect', '--type=image', image)) as {
      readonly OCIv1: unknown;
    };
    return OCIv1;
  }

  /** A container of the image, and the folder in which its files lie. */
  async files(image: string): Promise<string> {
    const container = await this.#do('from', '--pull-never', this.#policy, image);
    return this.#do('mount', container);
  }

  /** Removes every container and image. */
  async clear(): Promise<void> {
    await this.#do('rm', '--all');
    await this.#do('rmi', '--all', '--force');
  }

  async #do(verb: string, ...args: readonly string[]): Promise<string> {
    try {
      const { stdout } = await run('buildah', [...this.#common, verb, ...args], {
        maxBuffer: 1 << 26,
        timeout: 240_000,
        env: { ...process.env, BUILDAH_ISOLATION: 'chroot' },
      });
      return stdout.trim();
    } catch (error) {
      const { stdout = '', stderr = '' } = error as { readonly stdout?: string; readonly stderr?: string };
      throw new Error(`buildah ${verb} failed: ${`${stdout}${stderr}`.slice(-2000) || String(error)}`);
    }
  }
}

/** What stands in the way of building and running images here, with what to do; undefined when nothing does. */
export async function buildahMissing(): Promise<string | undefined> {
  try {
    await run('buildah', ['--version']);
  } catch {
    return 'buildah is missing, so the image was not built: install it (Debian: apt-get install buildah)';
  }
  try {
    await run('unshare', ['--mount', 'true']);
  } catch {
    return 'this user may not mount (unshare --mount), so the image was not built: run the tests as root';
  }
  return undefined;
}
