// One file from a hub into the cache: asked for in one go or from where an earlier try ended, counted, hashed, and only then there.
import { join } from 'node:path'
import { AlfaError } from '../errors.js'
import { hashesOf, type Hashes } from './digest.js'
import { onDisk } from './disk-error.js'
import type { Hub, StatedFile } from './hub.js'
import { ask, type Reply } from './hub-fetch.js'
import { Part } from './part.js'
import { fromStatus, patiently, Trouble } from './trouble.js'

export interface Destination {
  /** Where parts lie. */
  folder: string
  /** Where the whole file goes. */
  target: string
  onBytes: (received: number) => void
}

const muchProgress = 2 ** 24  // bytes after which a cut connection counts as the first again

/** Resolves to the file's SHA-256, whether or not it had to be downloaded. */
export async function download(hub: Hub, wanted: StatedFile, { folder, target, onBytes }: Destination): Promise<string> {
  const { signal } = hub.connection
  const file = join(target, wanted.file)
  const there = await onDisk(file, () => hashesOf(file, wanted.size, signal))
  if (there && there[wanted.hash.kind] === wanted.hash.value) {
    onBytes(wanted.size)
    return there.sha256
  }
  const part = await Part.take(folder, wanted.file, wanted.hash.value, wanted.size, signal)
  try {
    onBytes(part.received)
    let before = part.received
    const progressed = () => { const much = part.received - before >= muchProgress; if (much) before = part.received; return much }
    await patiently(() => rest(hub, wanted, part, onBytes), { retries: hub.retries, signal }, progressed)
    const hashes = part.hashes()
    if (hashes[wanted.hash.kind] !== wanted.hash.value) throw corrupt(wanted, hashes)
    await part.become(file)
    return hashes.sha256
  } catch (error) {
    if (error instanceof AlfaError && error.code === 'ERR_ALFA_MODEL_CORRUPT') await part.drop()
    else await part.leave()
    throw error
  }
}

/** Asks for what is missing and takes it; returns once the part is whole. */
async function rest({ connection }: Hub, { repo, commit, file, size, hash }: StatedFile, part: Part, onBytes: (received: number) => void): Promise<void> {
  const from = part.received
  if (from === size) return
  const headers = { 'accept-encoding': 'identity', ...(from > 0 && { range: `bytes=${from}-` }) }
  await ask(connection, `${connection.endpoint}/${repo}/resolve/${commit}/${file}`, { headers }, async (reply) => {
    const what = `${file} of ${repo}`
    if (reply.status === 416 && from > 0) {
      await part.restart()
      throw new Trouble(`${reply.host} does not continue ${what}`, true, { after: 0 })
    }
    if (reply.status !== 200 && reply.status !== 206) throw fromStatus(reply.status, reply.headers, reply.host, what)
    expectSameFile(reply, what, hash.value)
    if (reply.status === 206) expectRange(reply, what, from, size)
    else if (from > 0) await part.restart()  // the server sends all of it again
    const length = Number(reply.headers.get('content-length') ?? NaN)
    if (!reply.headers.has('content-encoding') && length > size - part.received) throw tooLong(reply.host, what, size)
    for await (const piece of reply.chunks()) {
      if (part.received + piece.byteLength > size) throw tooLong(reply.host, what, size)
      await part.append(piece)
      onBytes(part.received)
    }
    if (part.received < size) throw new Trouble(`${reply.host} ended ${what} after ${part.received} of the ${size} bytes that the hub states`, true)
  })
}

function expectSameFile({ host, etag, headers }: Reply, what: string, hash: string): void {
  if (etag !== undefined && etag !== hash && etag.length === hash.length && /^[0-9a-f]+$/.test(etag)) {
    throw new Trouble(`The hub lists ${what} with the hash ${hash} but serves ${etag}; try again later`, false)
  }
  if (headers.get('content-type')?.startsWith('text/html')) {
    throw new Trouble(`${host} sent an HTML page, such as a login page or a proxy sends, in place of ${what}; is the endpoint right?`, false)
  }
}

function expectRange({ host, headers }: Reply, what: string, from: number, size: number): void {
  const range = headers.get('content-range') ?? 'nothing'
  const [, start, , total] = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(range) ?? []
  if (Number(start) === from && (total === '*' || Number(total) === size)) return
  throw new Trouble(`${host} was asked for ${what} from byte ${from} of ${size} but answers with ${JSON.stringify(range.slice(0, 80))}`, false)
}

const tooLong = (host: string, what: string, size: number) =>
  new AlfaError('ERR_ALFA_MODEL_CORRUPT', `${host} sends more of ${what} than the ${size} bytes that the hub states; what came was deleted. Try again, or another endpoint`)

const corrupt = ({ file, repo, hash: { kind, value } }: StatedFile, found: Hashes) =>
  new AlfaError('ERR_ALFA_MODEL_CORRUPT', `${file} of ${repo} came whole but damaged: expected ${kind === 'git' ? 'the git blob' : 'SHA-256'} ${value}, found ${found[kind]}. ` +
    'What came was deleted; try again, or another endpoint')
