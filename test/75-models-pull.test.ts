// Checkpoints from a hub: whole and checked or not there, continued after a cut, and nothing that a server says does harm.
import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { Engine, pullModel, type PullOptions } from '../dist/index.js'
import { diskError } from '../dist/models/disk-error.js'
import { temporaryFolder } from './support/folder.js'
import { commit, cut, hubStub, json, serve, sha256, stated, type Answer, type HubFile, type HubStub, type Repositories } from './support/hub-stub.js'
import { root } from './support/paths.js'
import { expectRefusal } from './support/refusal.js'

const demo = (name: string) => readFileSync(join(root, 'models', 'demo', name))
const plain = (content: Buffer | string): HubFile => ({ content: Buffer.from(content), lfs: false })
const large = (content: Buffer): HubFile => ({ content, lfs: true })
const weights = randomBytes(400_000)
const token = 'hf_SECRETSECRETSECRET'
const name = 'acme/small'

let hub: HubStub
let cache: string
const repositories: Repositories = {
  'acme/clip': { 'README.md': plain('words'), 'open_clip_config.json': plain(demo('open_clip_config.json')), 'open_clip_model.safetensors': large(demo('open_clip_model.safetensors')), 'tokenizer.json': plain(demo('tokenizer.json')) },
  [name]: { 'config.json': plain('{}'), 'model.safetensors': large(weights), 'pytorch_model.bin': large(Buffer.from('no')) },
  'acme/pickle': { 'config.json': plain('{}'), 'pytorch_model.bin': large(Buffer.from('no')) },
  'acme/bare': { 'open_clip_config.json': plain('{"model_cfg":{"text_cfg":{"vocab_size":49408}}}'), 'open_clip_model.safetensors': large(weights) },
  'acme/other-words': { 'open_clip_config.json': plain('{"model_cfg":{"text_cfg":{"hf_tokenizer_name":"xlm"}}}'), 'open_clip_model.safetensors': large(weights) },
  'timm/vit_base_patch16_plus_clip_240.laion400m_e32': { 'open_clip_config.json': plain('{}'), 'open_clip_model.safetensors': large(weights) },
  'openai/clip-vit-base-patch32': { 'tokenizer.json': plain('{"of":"clip"}') },
}

beforeAll(async () => { hub = await hubStub(repositories) })
beforeEach(() => {
  cache = process.env['ALFA_CACHE'] = join(temporaryFolder(), 'cache')
  delete process.env['HF_TOKEN']
  delete process.env['HF_ENDPOINT']
  hub.asked = []
  hub.answer = () => {}
})

const pull = (model = name, options: PullOptions = {}) => pullModel(model, { endpoint: hub.endpoint, retries: 0, timeout: 5000, ...options })
const onCdn = () => hub.asked.filter(({ on }) => on === 'cdn')
const files = (folder = cache) => (existsSync(folder) ? readdirSync(folder, { recursive: true, withFileTypes: true }) : []).filter((each) => each.isFile()).map((each) => each.name).sort()
const parts = () => files().filter((each) => each.endsWith('.part'))
const partSizes = () => readdirSync(cache, { recursive: true, encoding: 'utf8' }).filter((each) => each.endsWith('.part')).map((each) => statSync(join(cache, each)).size)
const refused = (code: string, ...says: (string | RegExp)[]) => expectRefusal(() => pull(), code, ...says)
/** Where the weights are asked for, `answer` says what comes. */
const atWeights = (answer: Answer): Answer => (request, response, file) => request.on === 'cdn' ? answer(request, response, file) : false

describe('a pull that goes well', () => {
  test('brings a checkpoint that opens by its name, and embeds as the one that was served', async () => {
    const seen: { file: string; received: number; total: number }[] = []
    const pulled = await pull('acme/clip', { onProgress: (progress) => seen.push(progress) })
    expect(pulled).toMatchObject({ name: 'acme/clip', repo: 'acme/clip', revision: 'main', commit, cached: false })
    expect(pulled.files.map(({ file, size, sha256: hash }) => [file, size, hash])).toEqual(
      ['open_clip_config.json', 'open_clip_model.safetensors', 'tokenizer.json'].map((each) => [each, demo(each).length, sha256(demo(each))]))
    for (const { file, size } of pulled.files) expect(seen.filter((each) => each.file === file).at(-1)).toEqual({ file, received: size, total: size })
    expect(files()).toEqual(['manifest.json', 'open_clip_config.json', 'open_clip_model.safetensors', 'tokenizer.json'])
    await using engine = await Engine.open({ model: 'acme/clip', cache: false })
    await using own = await Engine.open({ cache: false })
    expect(engine.info.directory).toBe(pulled.directory)
    expect(await engine.embedText('a photo of a bottle')).toEqual(await own.embedText('a photo of a bottle'))
  })

  test('asks nothing once the model is there, whatever became of the hub', async () => {
    const own = await hubStub(repositories)
    const first = await pull(name, { endpoint: own.endpoint })
    await own.close()
    expect(await pull(name, { endpoint: own.endpoint })).toEqual({ ...first, cached: true })
    expect(await pull(name, { endpoint: own.endpoint, revision: commit })).toMatchObject({ cached: true })
    expect(own.asked.length).toBeGreaterThan(0)
    await expectRefusal(() => pull(name, { endpoint: own.endpoint, refresh: true }), 'ERR_ALFA_DOWNLOAD', /127\.0\.0\.1.*ECONNREFUSED/)
    expect(await pull(name, { endpoint: own.endpoint })).toMatchObject({ cached: true })
  })

  test('takes a known name from its repository, and the tokenizer from where one is', async () => {
    process.env['HF_ENDPOINT'] = hub.endpoint
    const { files: got } = await pullModel('ViT-B-16-plus-240')
    expect(got.map(({ file, repo }) => [file, repo])).toEqual([...['open_clip_config.json', 'open_clip_model.safetensors'].map((each) => [each, 'timm/vit_base_patch16_plus_clip_240.laion400m_e32']), ['tokenizer.json', 'openai/clip-vit-base-patch32']])
    expect((await pull('acme/bare')).files.map(({ repo }) => repo)).toEqual(['acme/bare', 'acme/bare', 'openai/clip-vit-base-patch32'])
    expect((await pull('acme/other-words')).files.map(({ file }) => file)).toEqual(['open_clip_config.json', 'open_clip_model.safetensors'])
  })

  test('a refresh downloads what changed, and nothing else', async () => {
    const before = await pull()
    hub.asked = []
    expect(await pull(name, { refresh: true })).toEqual({ ...before, cached: false })
    expect(hub.asked.filter(({ path }) => path.includes('/resolve/'))).toEqual([])
    const { 'config.json': old } = repositories[name]!
    repositories[name]!['config.json'] = plain('{"newer":true}')
    const after = await pull(name, { refresh: true })
    repositories[name]!['config.json'] = old!
    expect(readFileSync(join(after.directory, 'config.json'), 'utf8')).toBe('{"newer":true}')
    expect(files().filter((each) => each === 'config.json')).toHaveLength(1)
  })

  test('two at once end well and leave one model', async () => {
    const both = await Promise.all([pull(), pull()])
    expect(both[0]).toEqual(both[1])
    expect(files()).toEqual(['config.json', 'manifest.json', 'model.safetensors'])
    expect(readFileSync(join(both[0]!.directory, 'model.safetensors')).equals(weights)).toBe(true)
  })
})

describe('a pull that was cut off goes on', () => {
  test.each([['within one call', 1], ['with the next call', 0]])('%s', async (_, retries) => {
    let cuts = 0
    hub.answer = atWeights((_request, response) => cuts++ === 0 && cut(weights, 150_000, response))
    if (retries === 0) {
      await refused('ERR_ALFA_DOWNLOAD', /failed|ended/, /Run it again/)
      expect(files().filter((each) => each === 'manifest.json' || each === 'model.safetensors')).toEqual([])
      expect(parts()).toHaveLength(1)
    }
    const { directory } = await pull(name, { retries })
    const ranges = onCdn().map(({ headers }) => headers.range)
    expect(ranges[0]).toBeUndefined()
    expect(ranges[1]).toMatch(/^bytes=[1-9]\d*-$/)
    expect(readFileSync(join(directory, 'model.safetensors')).equals(weights)).toBe(true)
    expect(parts()).toEqual([])
  })

  test('starts over where the server takes no Range, or the content is another one by now', async () => {
    let cuts = 0
    hub.answer = atWeights((_request, response, file) => (cuts++ === 0 ? cut(file!.content, 150_000, response) : (response.end(file!.content), true)))
    await refused('ERR_ALFA_DOWNLOAD')
    expect(readFileSync(join((await pull()).directory, 'model.safetensors')).equals(weights)).toBe(true)
    cuts = 0
    const newer = randomBytes(300_000)
    repositories['acme/moving'] = { ...repositories[name], 'model.safetensors': large(newer) }
    await expectRefusal(() => pull('acme/moving'), 'ERR_ALFA_DOWNLOAD')
    repositories['acme/moving'] = repositories[name]!
    hub.asked = []
    hub.answer = () => {}
    expect(readFileSync(join((await pull('acme/moving')).directory, 'model.safetensors')).equals(weights)).toBe(true)
    expect(onCdn().map(({ headers }) => headers.range)).toEqual([undefined])
  })

  test('an abort keeps what came', async () => {
    const stop = new AbortController()
    hub.answer = atWeights((_request, response) => { response.writeHead(200).write(weights.subarray(0, 200_000)); return true })
    const stopped = expect(pull(name, { signal: stop.signal })).rejects.toThrow('enough')
    await expect.poll(() => partSizes()[0] ?? 0).toBeGreaterThan(100_000)
    stop.abort(new Error('enough'))
    await stopped
    expect(parts()).toHaveLength(1)
    hub.answer = () => {}
    await pull()
    expect(onCdn().at(-1)!.headers.range).toMatch(/^bytes=[1-9]/)
    await expect(pull(name, { signal: AbortSignal.abort(new Error('before')) })).rejects.toThrow('before')
  })
})

describe('what is not what the hub states, or what the user knows, is not kept', () => {
  test.each<[string, Answer, string, RegExp]>([
    ['a flipped byte', (request, response) => { const bad = Buffer.from(weights); bad[7]! ^= 1; serve(bad, request, response); return true }, 'ERR_ALFA_MODEL_CORRUPT', /damaged.*SHA-256/],
    ['more than stated', (request, response) => { serve(Buffer.concat([weights, weights]), request, response); return true }, 'ERR_ALFA_MODEL_CORRUPT', /more.*400000 bytes/],
    ['without end', (_, response) => { const more = () => { while (!response.destroyed && response.write(weights)); }; response.writeHead(200).on('drain', more); more(); return true }, 'ERR_ALFA_MODEL_CORRUPT', /more.*400000 bytes/],
  ])('%s', async (_, answer, code, says) => {
    hub.answer = atWeights(answer)
    await refused(code, says, /model\.safetensors/)
    expect(files()).toEqual(['config.json'])
  })

  test('fewer than stated', async () => {
    hub.answer = atWeights((_, response) => { response.end(weights.subarray(0, 1000)); return true })
    await refused('ERR_ALFA_DOWNLOAD', /after 1000 of the 400000 bytes/)
  })

  test('a small file is checked against its git hash', async () => {
    hub.answer = ({ path }, response) => path.startsWith('/api/resolve-cache') && (response.end('[]'), true)
    await refused('ERR_ALFA_MODEL_CORRUPT', /config\.json.*git blob/)
  })

  test("the user's own hashes", async () => {
    const good = { 'model.safetensors': sha256(weights).toUpperCase(), 'config.json': sha256(Buffer.from('{}')) }
    for (const bad of [{ 'model.safetensors': '0'.repeat(64) }, { 'config.json': '0'.repeat(64) }]) await expectRefusal(() => pull(name, { sha256: bad }), 'ERR_ALFA_MODEL_CORRUPT', /not the file that is wanted/)
    expect(files()).not.toContain('manifest.json')
    await pull(name, { sha256: good })
    await expectRefusal(() => pull(name, { sha256: { 'config.json': '0'.repeat(64) } }), 'ERR_ALFA_MODEL_CORRUPT')
    await expectRefusal(() => pull(name, { sha256: { 'other.json': '0'.repeat(64) } }), 'ERR_ALFA_RANGE', /other\.json/)
  })

  test('a hub that serves another file than it lists', async () => {
    hub.answer = ({ path }, response) => path.endsWith('model.safetensors') && (response.writeHead(200, { 'x-linked-etag': `"${'0'.repeat(64)}"` }).end(weights), true)
    await refused('ERR_ALFA_DOWNLOAD', /lists.*but serves/)
  })
})

describe('servers that fail end in a named error', () => {
  const status = (code: number): Answer => (_, response) => { response.writeHead(code, { 'retry-after': '0', 'content-type': 'text/html' }).end(`<b>${token}</b>`); return true }
  const api = (answer: Answer): Answer => (request, response, file) => request.path.startsWith('/api/models') && answer(request, response, file)
  const says = (text: string): Answer => api((_, response) => { response.writeHead(200, { 'content-type': 'application/json' }).end(text); return true })
  test.each<[string, Answer, string, RegExp]>([
    ...[401, 403].map((code): [string, Answer, string, RegExp] => [`${code}`, api(status(code)), 'ERR_ALFA_DOWNLOAD', /gated.*HF_TOKEN/]),
    ['404', api(status(404)), 'ERR_ALFA_MODEL_NOT_FOUND', /no such repository/],
    ['429', api(status(429)), 'ERR_ALFA_DOWNLOAD', /429.*too many.*attempts: 3/], ['500', api(status(500)), 'ERR_ALFA_DOWNLOAD', /500.*attempts: 3/],
    ['500 at the weights', atWeights(status(500)), 'ERR_ALFA_DOWNLOAD', /500 for model\.safetensors/], ['403 at the weights', atWeights(status(403)), 'ERR_ALFA_DOWNLOAD', /403 for model\.safetensors/],
    ['a teapot', api(status(418)), 'ERR_ALFA_DOWNLOAD', /418.*endpoint/],
    ['HTML', says('<html>Log in</html>'), 'ERR_ALFA_DOWNLOAD', /HTML.*endpoint/], ['garbage', says('\u001b[31m{{{'), 'ERR_ALFA_DOWNLOAD', /expected the JSON/],
    ['null', says('null'), 'ERR_ALFA_DOWNLOAD', /another form/], ['an empty list', says('[]'), 'ERR_ALFA_DOWNLOAD', /no commit/], ['odd siblings', says(`{"sha":"${commit}","siblings":[null]}`), 'ERR_ALFA_DOWNLOAD', /another form/],
    ['a commit that is a path', says('{"sha":"../../../../../../../../../../../../../x","siblings":[]}'), 'ERR_ALFA_DOWNLOAD', /no commit/],
    ['16 MB of JSON and more', api((_, response) => { const more = () => { while (!response.destroyed && response.write(' '.repeat(65_536))); }; response.writeHead(200).on('drain', more); more(); return true }), 'ERR_ALFA_DOWNLOAD', /more than the 16777216 bytes/],
    ['HTML as weights', atWeights((_, response) => { response.writeHead(200, { 'content-type': 'text/html' }).end('<html>'); return true }), 'ERR_ALFA_DOWNLOAD', /HTML page.*model\.safetensors/],
    ['redirects in a circle', (_, response) => { response.writeHead(302, { location: '/again' }).end(); return true }, 'ERR_ALFA_DOWNLOAD', /redirects again and again/],
    ['a redirect to a file', atWeights((_, response) => { response.writeHead(302, { location: 'file:///etc/passwd' }).end(); return true }), 'ERR_ALFA_DOWNLOAD', /another protocol \(file:\)/],
    ['a redirect to nowhere', atWeights((_, response) => { response.writeHead(302, { location: 'http://' }).end(); return true }), 'ERR_ALFA_DOWNLOAD', /no address/],
    ['silence', (_, __) => true, 'ERR_ALFA_DOWNLOAD', /too slowly/],
    ['a byte now and then', atWeights((_, response) => { response.writeHead(200); const timer = setInterval(() => response.write('x'), 20); response.on('close', () => clearInterval(timer)); return true }), 'ERR_ALFA_DOWNLOAD', /too slowly/],
    ['a Range of its own', atWeights((_, response) => { response.writeHead(206, { 'content-range': 'bytes 5-9/10' }).end('12345'); return true }), 'ERR_ALFA_DOWNLOAD', /from byte 0 of 400000/],
    ['no hash', (request, response) => request.path.includes('paths-info') && (json(response, [{ type: 'file', path: 'config.json', size: 2 }, stated('model.safetensors', large(weights))]), true), 'ERR_ALFA_DOWNLOAD', /no hash of config\.json/],
    ['a size below nothing', (request, response) => request.path.includes('paths-info') && (json(response, [{ ...stated('config.json', plain('{}')), size: -1 }, stated('model.safetensors', large(weights))]), true), 'ERR_ALFA_DOWNLOAD', /a size of config\.json/],
  ])('%s', async (label, answer, code, message) => {
    process.env['HF_TOKEN'] = token
    hub.answer = answer
    let thrown: Error | undefined
    const timeout = /silence|now and then/.test(label) ? 150 : 5000
    await pull(name, { retries: /^(429|500)$/.test(label) ? 2 : 0, timeout }).catch((error: Error) => { thrown = error })
    expect(thrown).toMatchObject({ name: 'AlfaError', code })
    expect(thrown!.message).toMatch(message)
    expect(`${thrown!.message}${thrown!.stack}`).not.toContain(token)
    expect(files()).not.toContain('manifest.json')
    expect(hub.asked.length).toBeLessThan(20)
  })

  test('no checkpoint that is read here', async () => {
    await expectRefusal(() => pull('acme/pickle'), 'ERR_ALFA_MODEL_UNSUPPORTED', /pickle, pytorch_model\.bin/)
    await expectRefusal(() => pull(name, { revision: 'v9' }), 'ERR_ALFA_MODEL_NOT_FOUND', /acme\/small at v9/)
    expect(files()).toEqual([])
  })
})

describe('harm', () => {
  test('the token goes to the hub and to no other host', async () => {
    process.env['HF_TOKEN'] = token
    await pull()
    for (const { on, headers } of hub.asked) expect(headers.authorization).toBe(on === 'hub' ? `Bearer ${token}` : undefined)
    expect(onCdn().length).toBe(1)
    process.env['HF_TOKEN'] = 'hf_BAD\nTOKEN'
    await expect(pull(name, { refresh: true })).rejects.toThrow(expect.objectContaining({ code: 'ERR_ALFA_DOWNLOAD', message: expect.not.stringContaining('BAD') }))
  })

  test('names of files that lead elsewhere are not followed', async () => {
    const evil = ['../../evil', '/tmp/evil', '..\\evil', 'C:\\evil', 'config.json/../../evil', '\0', '']
    hub.answer = ({ path }, response) => {
      if (path.includes('/revision/')) json(response, { _id: '1', id: name, sha: commit, siblings: [...evil, 'config.json', 'model.safetensors'].map((rfilename) => ({ rfilename })) })
      else if (path.includes('paths-info')) json(response, [...evil.map((each) => stated(each, plain('evil'))), stated('config.json', plain('{}')), stated('model.safetensors', large(weights)), 7])
      else return false
      return true
    }
    await pull()
    expect(files(join(cache, '..'))).toEqual(['config.json', 'manifest.json', 'model.safetensors'])
  })

  test.each(['../up', 'a/../b', '/etc/passwd', 'a\\b', 'a/b/c', 'a/..', './b', 'a/b.', 'a--b/c', 'a/b?x=1', 'ViT-B-16-plus', ''])('%j is no name of a model', async (bad) => {
    await expectRefusal(() => pull(bad), 'ERR_ALFA_MODEL_NOT_FOUND', bad === 'ViT-B-16-plus' ? /did you mean 'ViT-B-16-plus-240'/ : /owner\/name/)
    expect(hub.asked).toEqual([])
  })

  test('wrong options are told by name', async () => {
    for (const [options, code] of [[{ endpoint: 'ftp://x' }, 'ERR_ALFA_RANGE'], [{ endpoint: 'https://me:pass@x' }, 'ERR_ALFA_RANGE'], [{ revision: '../x' }, 'ERR_ALFA_RANGE'], [{ sha256: { a: 'b' } }, 'ERR_ALFA_RANGE'], [{ token: 'x' }, 'ERR_ALFA_ARGUMENT'], [{ signal: 1 }, 'ERR_ALFA_ARGUMENT']] as const) {
      await expectRefusal(() => pull(name, options as PullOptions), code, new RegExp(Object.keys(options)[0]!))
    }
  })

  test('a manifest that points elsewhere is none', async () => {
    const folder = join(cache, 'models', 'acme--small')
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, 'manifest.json'), JSON.stringify({ format: 1, name, repo: name, revision: 'main', commit, version: '../../../../etc', files: [{ file: '../passwd', repo: name, commit, size: 1, sha256: '0'.repeat(64) }] }))
    await expectRefusal(() => Engine.open({ model: name }), 'ERR_ALFA_MODEL_NOT_FOUND', /alfa models pull acme\/small/)
  })

  test('a disk that takes nothing', async () => {
    writeFileSync(join(cache, '..', 'file'), '')
    process.env['ALFA_CACHE'] = join(cache, '..', 'file')
    await refused('ERR_ALFA_WRITE', /cannot be written/)
    expect(diskError(Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC', syscall: 'write' }), 'x.part')).toMatchObject({ code: 'ERR_ALFA_WRITE', message: expect.stringMatching(/x\.part.*disk is full.*ALFA_CACHE/) })
  })
})

test('a model that is known but not here says how to get it, one that lost a file says so', async () => {
  await expectRefusal(() => Engine.open({ model: 'ViT-L-14-336' }), 'ERR_ALFA_MODEL_NOT_FOUND', /alfa models pull ViT-L-14-336/)
  const { directory } = await pull()
  writeFileSync(join(directory, 'config.json'), '')
  await expectRefusal(() => Engine.open({ model: name }), 'ERR_ALFA_MODEL_NOT_FOUND', /config\.json.*pull acme\/small/)
  expect(await pull()).toMatchObject({ cached: false })
  expect(statSync(join(directory, 'config.json')).size).toBe(2)
})
