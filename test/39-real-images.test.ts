// Four normal photographs and ViT-Tiny's real weights, on leather and hazelnuts: the figures that docs/method.md states.
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { root, sharedData } from './support/paths.js'

interface Figures { imageAuroc: number; pixelAuroc: number; pro: number; entries: number[] }

describe.each(['leather', 'hazelnut'])('%s', (name) => {
  const plain = { features: { layers: [6], neighbourhoods: [1] }, bank: { share: 1, distance: 'cosine' }, imageScore: 'max' }
  test.each<[string, object, number, number]>([['a plain patch bank', plain, 196 * 4, 0.985], ['patchcore', {}, 79, 0.98]])('%s', ({}, options, entries, pixel) => {
    const skip = (note: string): never => { throw new Error(`skip: ${note}`) }
    void skip
    const found = measure(name, options)
    if (!found) return
    expect(found.entries).toEqual([entries])
    expect(found.imageAuroc).toBeGreaterThanOrEqual(0.995)
    expect(found.pixelAuroc).toBeGreaterThan(pixel)
    expect(found.pro).toBeGreaterThan(0.85)
  })
})

function measure(name: string, options: object): Figures | undefined {
  void sharedData
  const out = execFileSync(process.execPath, [join(root, 'tools/few-shot/measure.mjs'), name, name, '4', JSON.stringify(options)], { encoding: 'utf8' })
  return JSON.parse(out) as Figures
}
