// Latency of one detection on this machine, warm: `npm run bench -- [MODEL] [RUNS]`. Prints percentiles of every step, and
// what fraction of the time the transformer takes. MODEL is 'demo' or a checkpoint's folder.
import { cpus } from 'node:os'
import { Engine } from '../dist/index.js'

const [model = 'demo', count = '50'] = process.argv.slice(2)
const runs = Number(count)

const opening = performance.now()
const engine = await Engine.open({ model })
const opened = performance.now() - opening
const { imageSize: size, grid, ortVersion, precision, threads } = engine.info
const category = await engine.category('object')

// Noise: the speed does not depend on what the picture shows.
const data = Uint8Array.from({ length: size * size * 3 }, (_, i) => Math.imul(i, 2654435761) >>> 24)
const image = { data, width: size, height: size, channels: 3 }
for (let i = 0; i < 3; i++) await category.detect(image)

const samples = { resize: [], forward: [], score: [], total: [] }
for (let i = 0; i < runs; i++) {
  const { timings } = await category.detect(image)
  for (const step of Object.keys(samples)) samples[step].push(timings[step])
}

const at = (sorted, q) => sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))].toFixed(2).padStart(10)
console.log(`${cpus()[0].model.trim()}, ${threads} threads; Node ${process.versions.node}, ONNX Runtime ${ortVersion}, ${precision}`)
console.log(`${model}: ${size} px, ${grid} x ${grid} patches, scales ${category.settings.scales}; opened in ${opened.toFixed(0)} ms; ${runs} detections at batch 1`)
console.log('ms'.padEnd(10), 'p50'.padStart(10), 'p90'.padStart(10), 'p99'.padStart(10))
for (const [step, values] of Object.entries(samples)) {
  const sorted = values.sort((a, b) => a - b)
  console.log(step.padEnd(10), at(sorted, 0.5), at(sorted, 0.9), at(sorted, 0.99))
}
console.log(`${Math.round(process.memoryUsage.rss() / 1e6)} MB held`)
await engine.close()
