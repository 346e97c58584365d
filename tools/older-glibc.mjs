// Links against an older glibc than this machine's: stand-ins for its shared libraries, without code, that offer every
// symbol in the newest version up to the one asked for. What links against them asks for no more; the C++ compiler finds
// them by -L before the real ones. And a look at what a finished library asks for.
import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

// The libraries of glibc 2.28 and the names that -l knows them by; 2.34 moved all of them but libm into libc.
const libraries = { 'libc.so.6': 'libc.so.6', 'libm.so.6': 'libm.so', 'libpthread.so.0': 'libpthread.so', 'libdl.so.2': 'libdl.so', 'librt.so.1': 'librt.so' }

const tool = (command, ...args) => execFileSync(command, args, { encoding: 'utf8', maxBuffer: 1 << 26 })
const parts = (version) => version.split('.').map(Number)
export const newer = (a, b) => parts(a).map((part, i) => part - (parts(b)[i] ?? 0)).find((by) => by !== 0) > 0

/** Of a library, each symbol with its newest version up to `oldest`. */
function symbolsOf(file, oldest) {
  const found = new Map()
  for (const line of tool('readelf', '--dyn-syms', '--wide', file).split('\n')) {
    const [, , , type, , , section, name] = line.trim().split(/\s+/)
    const [, symbol, version] = /^(.+?)@@?GLIBC_([\d.]+)$/.exec(name ?? '') ?? []
    if (!symbol || section === 'UND' || newer(version, oldest)) continue
    if (!found.has(symbol) || newer(version, found.get(symbol).version)) found.set(symbol, { symbol, version, type })
  }
  return [...found.values()]
}

/** Fills `folder` with the stand-ins, made by `compiler` from the glibc it links against itself. */
export function makeStubs(folder, compiler, oldest) {
  mkdirSync(folder, { recursive: true })
  const find = (name) => tool(compiler, `-print-file-name=${name}`).trim()
  for (const [library, file] of Object.entries(libraries)) {
    const symbols = symbolsOf(find(library), oldest)
    const versions = [...new Set(symbols.map(({ version }) => version))].sort((a, b) => (newer(a, b) ? 1 : -1))
    const source = join(folder, `${library}.s`), map = join(folder, `${library}.map`)
    writeFileSync(source, symbols.map(({ symbol, type }) => type === 'TLS'
      ? `.section .tbss,"awT",%nobits\n.globl ${symbol}\n.type ${symbol},%tls_object\n${symbol}: .zero 8\n`
      : `.data\n.globl ${symbol}\n.type ${symbol},${type === 'OBJECT' ? '%object' : '%function'}\n${symbol}: .zero 8\n`).join(''))
    writeFileSync(map, versions.map((version, i) =>
      `GLIBC_${version} { global: ${symbols.filter((each) => each.version === version).map(({ symbol }) => `${symbol};`).join(' ')}${i === 0 ? ' local: *;' : ''} }${i > 0 ? ` GLIBC_${versions[i - 1]}` : ''};\n`).join(''))
    tool(compiler, '-shared', '-nostdlib', `-Wl,--version-script=${map}`, `-Wl,-soname,${library}`, '-o', join(folder, file), source)
  }
  // As glibc's own libc.so: the library, the few functions that are linked in, and the loader.
  const loader = ['ld-linux-x86-64.so.2', 'ld-linux-aarch64.so.1'].map(find).find((path) => path.includes('/'))
  writeFileSync(join(folder, 'libc.so'), `GROUP ( ${join(folder, 'libc.so.6')} ${find('libc_nonshared.a')} AS_NEEDED ( ${loader} ) )\n`)
}

/** The newest version of each kind (GLIBC, GLIBCXX, …) that a library asks for, and the libraries it names. */
export function needsOf(file) {
  const versions = {}
  for (const [, kind, version] of tool('readelf', '--version-info', '--wide', file).matchAll(/Name: ([A-Z]+)_([\d.]+)/g)) {
    if (!versions[kind] || newer(version, versions[kind])) versions[kind] = version
  }
  const libraries = [...tool('readelf', '--dynamic', '--wide', file).matchAll(/\(NEEDED\).*\[(.+)\]/g)].map(([, name]) => name)
  return { versions, libraries }
}
