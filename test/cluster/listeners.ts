import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** The local addresses (`127.0.0.1:8080`, `[::]:80`) at which a process accepts TCP connections. */
export function listeners(pid: number): string[] {
  return process.platform === 'linux' ? fromProc(pid) : fromLsof(pid);
}

function fromLsof(pid: number): string[] {
  const args = ['-nP', '-a', '-p', String(pid), '-iTCP', '-sTCP:LISTEN', '-Fn'];
  const output = execFileSync('lsof', args, { encoding: 'utf8' });
  return output.split('\n').flatMap((line) => (line.startsWith('n') ? [line.slice(1)] : []));
}

/** The state that proc(5) gives a listening socket. */
const listening = '0A';

function fromProc(pid: number): string[] {
  const sockets = new Set(
    readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
      try {
        return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1] ?? [];
      } catch {
        // Closed since the folder was read.
        return [];
      }
    }),
  );
  return ['tcp', 'tcp6'].flatMap((table) =>
    readFileSync(`/proc/${pid}/net/${table}`, 'utf8')
      .split('\n')
      .slice(1)
      .flatMap((line) => {
        const fields = line.trim().split(/\s+/);
        const [local = '', state, inode = ''] = [fields[1], fields[3], fields[9]];
        return state === listening && sockets.has(inode) ? [readable(local)] : [];
      }),
  );
}

/** `0100007F:1F90` → `127.0.0.1:8080`. An address is a row of 32-bit words in little-endian order. */
function readable(local: string): string {
  const [address = '', port = ''] = local.split(':');
  const bytes = (address.match(/.{8}/g) ?? []).flatMap((word) => [...Buffer.from(word, 'hex')].reverse());
  const host =
    bytes.length === 4
      ? bytes.join('.')
      : `[${bytes.map((each) => each.toString(16).padStart(2, '0')).join('')}]`;
  return `${host}:${Number.parseInt(port, 16)}`;
}
