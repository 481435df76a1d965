#!/usr/bin/env node
/** The command. Nothing is loaded before the version of Node is known to be able to run it. */
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);

if (major < 22 || (major === 22 && minor < 19)) {
  process.stderr.write(
    `portent needs Node 22.19 or later, and this is ${process.versions.node}; ` +
      'in a checkout, "npm run -s portent --" runs it on the right one\n',
  );
  process.exitCode = 2;
} else {
  const { main } = await import('./program.ts');
  await main(process.argv);
}
