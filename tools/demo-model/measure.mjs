// The engine on a folder in MVTec's layout: image and pixel AUROC per class and on the mean, for each setting below.
// `node tools/demo-model/measure.mjs FOLDER [--model MODEL] [--json]`, after a build. Maps and masks meet at the model's size.
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import sharp from 'sharp'
import { Engine, metrics } from '../../dist/index.js'

const [root, ...flags] = process.argv.slice(2)
const model = flags.includes('--model') ? flags[flags.indexOf('--model') + 1] : 'demo'

const settings = {
  'alfa, templates': { prompts: 'templates' },
  'alfa, library': { prompts: 'library' },
  'alfa, templates and library': { prompts: 'merged' },
  'alfa, templates, aligner off': { prompts: 'templates', aligner: 'off' },
  'alfa, templates, context off': { prompts: 'templates', context: 'off' },
  winclip: { recipe: 'winclip' },
  'clip-ac': { recipe: 'clip-ac' },
}

const folders = (path) => readdirSync(path, { withFileTypes: true }).filter((each) => each.isDirectory()).map(({ name }) => name).sort()

function pictures(name) {
  return folders(join(root, name, 'test')).flatMap((kind) => readdirSync(join(root, name, 'test', kind)).sort().map((file) => ({
    file: join(root, name, 'test', kind, file),
    mask: kind === 'good' ? undefined : join(root, name, 'ground_truth', kind, file.replace(/\.\w+$/, '_mask.png')),
  })))
}

const engine = await Engine.open({ model })
const { imageSize: size } = engine.info

async function maskOf({ mask }) {
  if (!mask) return new Uint8Array(size * size)
  return sharp(mask).greyscale().resize(size, size, { fit: 'fill', kernel: 'nearest' }).raw().toBuffer()
}

async function measure(name, options, images, masks) {
  const category = await engine.category(name, options)
  const scores = [], maps = []
  for await (const { score, map } of category.detectMany(images.map(({ file }) => file))) {
    scores.push(score)
    if (map.length > 0) maps.push(map)
  }
  const image = metrics.auroc(Uint8Array.from(images, ({ mask }) => Number(mask !== undefined)), Float64Array.from(scores))
  if (maps.length === 0) return { image, pixel: null }
  const values = new Float32Array(maps.length * size * size)
  maps.forEach((map, i) => values.set(map, i * size * size))
  return { image, pixel: await metrics.async.auroc(masks, values) }
}

const names = folders(root)
const results = Object.fromEntries(Object.keys(settings).map((each) => [each, {}]))
for (const name of names) {
  const images = pictures(name)
  const masks = Buffer.concat(await Promise.all(images.map(maskOf)))
  for (const [title, options] of Object.entries(settings)) results[title][name] = await measure(name, options, images, new Uint8Array(masks))
}
await engine.close()
for (const each of Object.values(results)) {
  const mean = (key) => (Object.values(each).some((r) => r[key] === null) ? null : Object.values(each).reduce((sum, r) => sum + r[key], 0) / names.length)
  each.mean = { image: mean('image'), pixel: mean('pixel') }
}
if (flags.includes('--json')) {
  console.log(JSON.stringify(results, null, 2))
} else {
  const columns = [...names, 'mean']
  console.log(`| image / pixel AUROC | ${columns.join(' | ')} |`)
  console.log(`|---|${columns.map(() => '---').join('|')}|`)
  const cell = ({ image, pixel }) => `${image.toFixed(3)} / ${pixel === null ? '-' : pixel.toFixed(3)}`
  for (const [title, each] of Object.entries(results)) console.log(`| ${title} | ${columns.map((name) => cell(each[name])).join(' | ')} |`)
}
