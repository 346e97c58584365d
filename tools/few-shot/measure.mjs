// Few-shot figures on folders in MVTec's layout: image AUROC, pixel AUROC and PRO of a recipe with the first K normal images.
//   node tools/few-shot/measure.mjs MODEL ROOT [K=4] [OPTIONS as JSON, over { recipe: 'patchcore' }]
// ROOT holds train/good, test/<kind> and ground_truth/<kind> (NNN_mask.png, or named like the image). Maps and masks meet
// at 256 x 256, masks resized by nearest.
import { existsSync, readdirSync } from 'node:fs'
import { basename, extname, join } from 'node:path'
import sharp from 'sharp'
import { Engine, metrics } from '../../dist/index.js'

const [model, root, shots = '4', json = '{}'] = process.argv.slice(2)
const size = 256
const pictures = (...at) => readdirSync(join(root, ...at)).sort().map((name) => join(root, ...at, name))

async function mask(file, kind) {
  if (kind === 'good') return new Uint8Array(size * size)
  const stem = basename(file, extname(file))
  const found = [`${stem}_mask.png`, `${stem}.png`].map((name) => join(root, 'ground_truth', kind, name)).find(existsSync)
  const { data, info } = await sharp(found).extractChannel(0).raw().toBuffer({ resolveWithObject: true })
  return Uint8Array.from({ length: size * size }, (_, i) => data[Math.floor((Math.floor(i / size) + 0.5) * info.height / size) * info.width + Math.floor((i % size + 0.5) * info.width / size)])
}

/** Bilinear, pixel centres between each other. */
function resized({ map, mapWidth: width, mapHeight: height }) {
  const place = (i, count) => { const x = Math.min(Math.max((i + 0.5) * count / size - 0.5, 0), count - 1), low = Math.floor(x); return [low, Math.min(low + 1, count - 1), x - low] }
  return Float32Array.from({ length: size * size }, (_, i) => {
    const [y0, y1, v] = place(Math.floor(i / size), height), [x0, x1, u] = place(i % size, width)
    const row = (y) => map[y * width + x0] * (1 - u) + map[y * width + x1] * u
    return row(y0) * (1 - v) + row(y1) * v
  })
}

const engine = await Engine.open({ model })
const references = pictures('train', 'good').slice(0, Number(shots))
const options = { recipe: 'patchcore', ...JSON.parse(json) }
const category = await engine.category(basename(root), options.recipe === 'musc' ? options : { ...options, references })
const tests = readdirSync(join(root, 'test')).sort().flatMap((kind) => pictures('test', kind).map((file) => ({ file, kind })))
const labels = [], scores = [], maps = [], masks = []
let index = 0
for await (const result of category.detectMany(tests.map(({ file }) => file))) {
  const { file, kind } = tests[index++]
  labels.push(Number(kind !== 'good'))
  scores.push(result.score)
  maps.push(resized(result))
  masks.push(await mask(file, kind))
}
const image = metrics.image(Uint8Array.from(labels), Float64Array.from(scores))
const pixel = metrics.pixel(maps, masks, { width: size, height: size })
console.log(JSON.stringify({ class: basename(root), shots: references.length, options, entries: category.references?.entries,
  imageAuroc: +image.auroc.toFixed(4), pixelAuroc: +pixel.auroc.toFixed(4), pro: +pixel.pro.toFixed(4) }))
await engine.close()
