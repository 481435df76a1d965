/** An argument for Node: another Date for the whole process, as on a machine whose clock is off by so many ms. */
export const wrongClock = (off: number): string =>
  `--import=data:text/javascript,${encodeURIComponent(`
  const Right = Date;
  globalThis.Date = class extends Right {
    constructor(...given) { if (given.length === 0) super(Right.now() + ${off}); else super(...given); }
    static now() { return Right.now() + ${off}; }
  };
`)}`;
