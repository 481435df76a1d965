import { chmodSync, mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Files by name. */
export type Files = Readonly<Record<string, string | Buffer>>;

/** A folder as the kubelet fills it from a ConfigMap or a Secret: links to a link, and an update swaps that one. */
export class MountedFolder {
  readonly #folder: string;
  readonly #mode: number;
  readonly #made: (path: string) => void;
  readonly #linked = new Set<string>();
  #turn = 0;

  /** `mode` of the files, as in a pod's volumes; `made` is called for each of them. */
  constructor(folder: string, files: Files, mode = 0o600, made: (path: string) => void = () => {}) {
    this.#folder = folder;
    this.#mode = mode;
    this.#made = made;
    this.swap(files);
  }

  swap(files: Files): void {
    const version = `..version${this.#turn++}`;
    mkdirSync(join(this.#folder, version));
    for (const [name, content] of Object.entries(files)) {
      const path = join(this.#folder, version, name);
      writeFileSync(path, content);
      // Whatever the mask of this process is.
      chmodSync(path, this.#mode);
      this.#made(path);
    }
    symlinkSync(version, join(this.#folder, '..data_tmp'));
    renameSync(join(this.#folder, '..data_tmp'), join(this.#folder, '..data'));
    for (const name of Object.keys(files)) {
      if (this.#linked.has(name)) continue;
      symlinkSync(join('..data', name), join(this.#folder, name));
      this.#linked.add(name);
    }
  }
}

/** One such file. */
export class MountedFile {
  readonly path: string;
  readonly #name: string;
  readonly #mounted: MountedFolder;

  constructor(folder: string, name: string, text: string) {
    this.path = join(folder, name);
    this.#name = name;
    this.#mounted = new MountedFolder(folder, { [name]: text });
  }

  swap(text: string): void {
    this.#mounted.swap({ [this.#name]: text });
  }
}
