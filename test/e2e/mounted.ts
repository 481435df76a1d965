import { mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A file as the kubelet mounts it from a ConfigMap: a link to a link, and an update swaps the second one. */
export class MountedFile {
  readonly path: string;
  readonly #folder: string;
  readonly #name: string;
  #turn = 0;

  constructor(folder: string, name: string, text: string) {
    this.#folder = folder;
    this.#name = name;
    this.path = join(folder, name);
    this.swap(text);
    symlinkSync(join('..data', name), this.path);
  }

  swap(text: string): void {
    const version = `..version${this.#turn++}`;
    mkdirSync(join(this.#folder, version));
    writeFileSync(join(this.#folder, version, this.#name), text, { mode: 0o600 });
    symlinkSync(version, join(this.#folder, '..data_tmp'));
    renameSync(join(this.#folder, '..data_tmp'), join(this.#folder, '..data'));
  }
}
