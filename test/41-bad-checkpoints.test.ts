// A checkpoint that is not what it should be is refused in words, never by a crash.
import { readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { Engine } from '../dist/index.js'
import { readJson } from './support/expected.js'
import { copyOf, temporaryFolder } from './support/folder.js'
import { tiny } from './support/paths.js'
import { expectRefusal } from './support/refusal.js'
import { readSafetensors, without, writeSafetensors, type TensorEntry } from './support/safetensors.js'

const weights = 'open_clip_model.safetensors'
const config = 'open_clip_config.json'
const open = (model: string) => Engine.open({ model }).then((engine) => engine.close())
const refused = (folder: string, code: string, ...says: (string | RegExp)[]) => expectRefusal(() => open(folder), code, ...says)
afterEach(() => open(tiny))

type Header = Record<string, TensorEntry>

/** Opens a copy whose header was changed. */
async function changed(change: (header: Header, name: string) => unknown, code: string, ...says: (string | RegExp)[]): Promise<void> {
  const folder = copyOf('tiny-open-clip-gelu')
  const { header, data } = readSafetensors(join(folder, weights))
  const name = 'visual.proj'
  writeSafetensors(join(folder, weights), change(header, name) ?? header, data)
  await refused(folder, code, weights, ...says)
}

describe('the place', () => {
  test('no such folder', () => refused('/no/such/folder', 'ERR_ALFA_MODEL_NOT_FOUND', '/no/such/folder', /demo|none/))
  test('an empty folder', () => refused(temporaryFolder(), 'ERR_ALFA_MODEL_NOT_FOUND', weights, 'model.safetensors'))
  test('a file', () => refused(join(tiny, config), 'ERR_ALFA_MODEL_UNSUPPORTED', config, /folder/))
  test('a PyTorch pickle', async () => {
    const file = join(temporaryFolder(), 'model.pt')
    writeFileSync(file, 'PK\x03\x04')
    await refused(file, 'ERR_ALFA_MODEL_UNSUPPORTED', 'model.pt', /pickle/, /save_file/)
  })
  test('a folder with a pickle instead of safetensors', async () => {
    const folder = copyOf('tiny-hf-gelu')
    rmSync(join(folder, 'model.safetensors'))
    writeFileSync(join(folder, 'pytorch_model.bin'), 'PK\x03\x04')
    await refused(folder, 'ERR_ALFA_MODEL_UNSUPPORTED', 'pytorch_model.bin', /pickle/, /save_file/)
  })
  test('a pickle by another name', async () => {
    const folder = copyOf('tiny-hf-gelu')
    writeFileSync(join(folder, 'model.safetensors'), Buffer.concat([Buffer.from('PK\x03\x04'), Buffer.alloc(100)]))
    await refused(folder, 'ERR_ALFA_MODEL_UNSUPPORTED', /pickle/)
  })
  test.each([config, weights])('%s is missing', async (name) => {
    const folder = copyOf('tiny-open-clip-gelu')
    rmSync(join(folder, name))
    await refused(folder, 'ERR_ALFA_MODEL_NOT_FOUND', name, /missing/)
  })
})

describe('safetensors', () => {
  test.each([0, 1, 7, 8, 9, 100, 5000, 500_000])('cut to %d bytes', async (length) => {
    const folder = copyOf('tiny-open-clip-gelu')
    truncateSync(join(folder, weights), length)
    await refused(folder, 'ERR_ALFA_MODEL_CORRUPT', weights)
  })
  test.each([2n ** 60n, 2n ** 64n - 1n, 100_000_001n, 0n, 1n])('a header of claimed %d bytes', async (claimed) => {
    const folder = copyOf('tiny-open-clip-gelu')
    const { header, data } = readSafetensors(join(folder, weights))
    writeSafetensors(join(folder, weights), header, data, claimed)
    await refused(folder, 'ERR_ALFA_MODEL_CORRUPT', weights)
  })
  test.each(['{ not json', '[]', '{"a":1}', '{"a":{}}', '{}x', `${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`])('a header of %.12s', (text) =>
    changed(() => text, 'ERR_ALFA_MODEL_CORRUPT'))
  test('offsets outside the file', () => changed((header, name) => { header[name]!.data_offsets[1] += 1e9 }, 'ERR_ALFA_MODEL_CORRUPT', 'visual.proj', /offsets/))
  test('offsets at the edge of 64 bits', () => changed((header, name) => { header[name]!.data_offsets = [2 ** 63, 2 ** 64] }, 'ERR_ALFA_MODEL_CORRUPT', 'visual.proj'))
  test('offsets below zero', () => changed((header, name) => { header[name]!.data_offsets[0] = -8 }, 'ERR_ALFA_MODEL_CORRUPT', 'visual.proj'))
  test('offsets in the wrong order', () => changed((header, name) => { header[name]!.data_offsets.reverse() }, 'ERR_ALFA_MODEL_CORRUPT', 'visual.proj'))
  test('tensors that overlap', () => changed((header, name) => {
    const other = Object.entries(header).find(([key, each]) => key !== name && each.data_offsets[1] - each.data_offsets[0] >= 64 * 40 * 4)![1]
    header[name]!.data_offsets = [other.data_offsets[0], other.data_offsets[0] + 64 * 40 * 4]
  }, 'ERR_ALFA_MODEL_CORRUPT', /overlap|covers/))
  test('a dtype that nobody knows', () => changed((header, name) => { header[name]!.dtype = 'F13' }, 'ERR_ALFA_MODEL_UNSUPPORTED', 'visual.proj', 'F13'))
  test('integers for weights', () => changed((header, name) => { header[name]!.dtype = 'I32' }, 'ERR_ALFA_MODEL_UNSUPPORTED', 'visual.proj', 'I32'))
  test('a shape that does not fill its bytes', () => changed((header, name) => { header[name]!.shape = [64, 41] }, 'ERR_ALFA_MODEL_CORRUPT', 'visual.proj', '64', '41'))
  test('a shape that overflows', () => changed((header, name) => { header[name]!.shape = [2 ** 40, 2 ** 40] }, 'ERR_ALFA_MODEL_CORRUPT', 'visual.proj'))
  test('the right size in the wrong shape', () => changed((header, name) => { header[name]!.shape = [40, 64] }, 'ERR_ALFA_MODEL_MISMATCH', 'visual.proj', '40', '64'))
  test('a tensor by another name', () => changed((header, name) => { header['visual.prog'] = header[name]!; delete header[name] }, 'ERR_ALFA_MODEL_MISMATCH', 'visual.proj'))
  test('a tensor missing from the middle of a tower', async () => {
    const folder = copyOf('tiny-open-clip-gelu')
    const { header, data } = without(readSafetensors(join(folder, weights)), (name) => name === 'visual.transformer.resblocks.1.mlp.c_fc.weight')
    writeSafetensors(join(folder, weights), header, data)
    await refused(folder, 'ERR_ALFA_MODEL_MISMATCH', 'visual.transformer.resblocks.1.mlp.c_fc.weight')
  })
})

describe('the config', () => {
  const configured = async (change: (model: any) => unknown, code: string, ...says: (string | RegExp)[]) => {
    const folder = copyOf('tiny-open-clip-gelu')
    const model = readJson(join(folder, config))
    writeFileSync(join(folder, config), JSON.stringify(change(model.model_cfg) ?? model))
    await refused(folder, code, ...says)
  }
  test.each(['', '{', 'null', '[]', '{"model_cfg":'])('that is %j', async (text) => {
    const folder = copyOf('tiny-open-clip-gelu')
    writeFileSync(join(folder, config), text)
    await refused(folder, 'ERR_ALFA_MODEL_CORRUPT', config)
  })
  test.each([{}, { model_cfg: null }, { model_cfg: {} }])('without its parts: %j', (value) => configured(() => value, 'ERR_ALFA_MODEL_MISMATCH', config))
  test('another width than the weights', () => configured((model) => { model.vision_cfg.width = 128 }, 'ERR_ALFA_MODEL_MISMATCH', '128'))
  test('another image size than the weights', () => configured((model) => { model.vision_cfg.image_size = 96 }, 'ERR_ALFA_MODEL_MISMATCH', 'positional_embedding'))
  test('more layers than the weights', () => configured((model) => { model.vision_cfg.layers = 4 }, 'ERR_ALFA_MODEL_MISMATCH', 'resblocks.3'))
  test('fewer layers than the weights', () => configured((model) => { model.vision_cfg.layers = 2 }, 'ERR_ALFA_MODEL_MISMATCH', /layers|resblocks/))
  test('another embedding width', () => configured((model) => { model.embed_dim = 41 }, 'ERR_ALFA_MODEL_MISMATCH', '41'))
  test('a patch that does not divide the image', () => configured((model) => { model.vision_cfg.patch_size = 7 }, 'ERR_ALFA_MODEL_UNSUPPORTED', '48', '7'))
  test.each([0, -1, 1.5, 1e12, '64', null, 2 ** 53])('a width of %s', async (width) => {
    const error = await open(await spoilt(width)).catch((e) => e)
    expect(error.code, error.message).toMatch(/ERR_ALFA_MODEL_(CORRUPT|MISMATCH|UNSUPPORTED)/)
  })
  const spoilt = async (width: unknown) => {
    const folder = copyOf('tiny-open-clip-gelu')
    const model = readJson(join(folder, config))
    model.model_cfg.vision_cfg.width = width
    writeFileSync(join(folder, config), JSON.stringify(model))
    return folder
  }
  test('a tower of a kind that is not run', () => configured((model) => { model.vision_cfg = { ...model.vision_cfg, timm_model_name: 'resnet50' } }, 'ERR_ALFA_MODEL_UNSUPPORTED', 'timm'))
})

describe('one tower only', () => {
  const halved = (drop: (name: string) => boolean) => {
    const folder = copyOf('tiny-hf-gelu')
    const { header, data } = without(readSafetensors(join(folder, 'model.safetensors')), drop)
    writeSafetensors(join(folder, 'model.safetensors'), header, data)
    return folder
  }
  test('no text tower: images are embedded, categories are refused', async () => {
    await using engine = await Engine.open({ model: halved((name) => /^text|^logit/.test(name)) })
    expect(await engine.embedImage({ data: new Uint8Array(64), width: 8, height: 8, channels: 1 })).toHaveLength(24)
    await expectRefusal(() => engine.category('widget'), 'ERR_ALFA_MODEL_UNSUPPORTED', /text tower/)
    await expectRefusal(() => engine.embedText('widget'), 'ERR_ALFA_MODEL_UNSUPPORTED', /text tower/)
  })
  test('no image tower: texts are embedded, categories are refused', async () => {
    await using engine = await Engine.open({ model: halved((name) => /^visi|^visual/.test(name)) })
    expect(await engine.embedText('widget')).toHaveLength(24)
    await expectRefusal(() => engine.category('widget'), 'ERR_ALFA_MODEL_UNSUPPORTED', /image tower/)
    await expectRefusal(() => engine.embedImage('a.png'), 'ERR_ALFA_MODEL_UNSUPPORTED', /image tower/)
  })
})

describe('the tokenizer', () => {
  const tokenised = async (spoil: (file: string) => void, code: string, ...says: (string | RegExp)[]) => {
    const folder = copyOf('tiny-open-clip-gelu')
    spoil(join(folder, 'tokenizer.json'))
    await using engine = await Engine.open({ model: folder })
    await expectRefusal(() => engine.embedText('a widget'), code, ...says)
    expect(await engine.embedImage({ data: new Uint8Array(64), width: 8, height: 8, channels: 1 })).toHaveLength(40)
  }
  test('missing', () => tokenised((file) => rmSync(file), 'ERR_ALFA_MODEL_NOT_FOUND', 'tokenizer.json'))
  test.each(['', '{', '[]', '{}', '{"model":{"type":"BPE"}}', 'null'])('that is %j', (text) => tokenised((file) => writeFileSync(file, text), 'ERR_ALFA_MODEL_CORRUPT', 'tokenizer.json'))
  test('of another vocabulary', () => tokenised((file) => {
    const json = JSON.parse(readFileSync(file, 'utf8'))
    for (const key of Object.keys(json.model.vocab)) json.model.vocab[key] += 5000
    for (const token of json.added_tokens) token.id += 5000
    writeFileSync(file, JSON.stringify(json).replaceAll(':[638]', ':[5638]').replaceAll(':[639]', ':[5639]'))
  }, 'ERR_ALFA_MODEL_MISMATCH', 'tokenizer.json', '640'))
})
