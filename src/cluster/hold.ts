/** Keeps those who write to the model waiting while somebody reads it over several turns of the event loop. */
export class Hold {
  #holders = 0;
  #over: Promise<void> | undefined;
  #end: () => void = () => {};

  /** What writers have to wait for, and look again after; undefined: they may write, until their next await. */
  get over(): Promise<void> | undefined {
    return this.#over;
  }

  /** Nothing may be written from now on, until what this gives is called. */
  take(): () => void {
    if (this.#holders++ === 0) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#over = promise;
      this.#end = resolve;
    }
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      if (--this.#holders > 0) return;
      this.#over = undefined;
      this.#end();
    };
  }
}
