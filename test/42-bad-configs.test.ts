// A config, a tower or a tokenizer that does not fit the rest of its checkpoint is refused in words.
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { Engine } from '../dist/index.js'
import { readJson } from './support/expected.js'
import { copyOf } from './support/folder.js'
import { tiny } from './support/paths.js'
import { expectRefusal } from './support/refusal.js'
import { readSafetensors, without, writeSafetensors } from './support/safetensors.js'

const config = 'open_clip_config.json'
const open = (model: string) => Engine.open({ model }).then((engine) => engine.close())
const refused = (folder: string, code: string, ...says: (string | RegExp)[]) => expectRefusal(() => open(folder), code, ...says)
afterEach(() => open(tiny))

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
